/* What a client knows of a network: parameters and encodings, no weights. */
#ifndef TNN_NN_SPEC_H
#define TNN_NN_SPEC_H

#include "model.h"
#include "params.h"

/* Of specs that this library makes: the later one, which earlier clients refuse, only where parameters split tables. */
#define TNN_SPEC_VERSION 2u
#define TNN_SPLIT_SPEC_VERSION 3u

struct tnn_spec {
    tnn_params params;
    uint32_t version; /* of the file form that its fingerprint is of: spec_file.c */
    uint32_t height, width, channels, input_levels;
    uint8_t input_map[256]; /* the level of each value of a pixel */
    uint32_t input_unit;    /* torus weight of one level, in units of 2^-input_bits */
    uint32_t output_unit;   /* torus weight of one integer logit, in units of 2^-32 */
    uint32_t output_bits;   /* results cross the wire on Z/2^output_bits */
    bool exact;             /* logits are rounded to integers */
    tnn_readout readout;
    uint8_t fingerprint[TNN_FINGERPRINT_BYTES]; /* of model and spec */
};
typedef struct tnn_spec tnn_spec;

#endif
