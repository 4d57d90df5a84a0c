/* Ciphertexts as objects hold them. */
#ifndef TNN_WIRE_OBJECTS_H
#define TNN_WIRE_OBJECTS_H

#include <torusnn/torusnn.h>

#include "packed.h"
#include "spec.h"

struct tnn_input {
    uint8_t fingerprint[TNN_FINGERPRINT_BYTES]; /* of the circuit it was encrypted for */
    tnn_packed *packed;
};

struct tnn_output {
    uint8_t fingerprint[TNN_FINGERPRINT_BYTES];
    tnn_key_id id;
    uint32_t output_bits;
    uint32_t outputs;
    uint32_t dimension; /* k N, or n where nothing is bootstrapped */
    uint32_t words[];   /* [outputs][dimension + 1] on Z/2^output_bits */
};

/* An empty output. TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_output_new(tnn_output **output, uint32_t output_bits, uint32_t outputs, uint32_t dimension);

#endif
