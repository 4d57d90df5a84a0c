/*
 * What precision a circuit must have: a contract, with its bounds. Tolerant: the standard deviation of a table's
 * position, as a fraction of the table's range, and of a logit, as a fraction of its spread, each for the worst neuron.
 * Exact: log2 of the probability that a lookup, or the rounding of a logit, is not the integer reference's.
 */
#ifndef TNN_NN_REQUIREMENT_H
#define TNN_NN_REQUIREMENT_H

#include <torusnn/tfhe.h>

#include "watch.h"

typedef struct tnn_requirement {
    tnn_security security;
    bool exact;
    bool whole_torus;         /* tables spread over the whole torus instead of half of it */
    double position_noise;    /* tolerant: most worst_position_noise of any layer */
    double logit_noise;       /* tolerant: most logit_noise_share */
    double log2_lookup_error; /* exact: most worst_lookup_log2 of any layer */
    const uint8_t *images;    /* exact: [image_count][pixels] whose word on how far accumulators reach is taken where
                                 what the weights allow cannot be had; NULL: no one's word */
    size_t image_count;
    uint64_t most_bytes; /* of a circuit and of what it takes to compile it; 0: no limit */
    tnn_watch *watch;    /* may be NULL */
} tnn_requirement;

#endif
