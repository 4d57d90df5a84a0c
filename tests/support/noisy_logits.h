/* Where the logits of an encrypted evaluation must lie, given the noise that its circuit states. */
#ifndef SUPPORT_NOISY_LOGITS_H
#define SUPPORT_NOISY_LOGITS_H

#include "circuit.h"

typedef struct logit_bounds {
    double low;
    double high;
} logit_bounds;

/*
 * bounds [outputs], in units of integer logits: interval arithmetic through the network. A table is read at most
 * NOISE_DEVIATIONS of its stated position noise (and the rounding to an accumulator) beside the reachable accumulators,
 * a logit lies at most as many deviations of its own noise off.
 */
void bound_noisy_logits(const tnn_circuit *circuit, const tnn_model *model, logit_bounds *bounds, const uint8_t *image);

#endif
