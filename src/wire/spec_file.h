/* Client specs as bytes, and the fingerprint that binds ciphertexts to one circuit. */
#ifndef TNN_WIRE_SPEC_FILE_H
#define TNN_WIRE_SPEC_FILE_H

#include "header.h"
#include "spec.h"

/* BLAKE2b-128 of the model's fingerprint and of all of the spec but the fingerprint. TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_spec_set_fingerprint(tnn_spec *spec, const uint8_t model[TNN_FINGERPRINT_BYTES]);

TNN_MUST_USE tnn_status tnn_spec_copy(tnn_spec **copy, const tnn_spec *spec);

#endif
