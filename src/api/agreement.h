/* The cheapest circuit that names the same class as the clear network on given images often enough. */
#ifndef TNN_API_AGREEMENT_H
#define TNN_API_AGREEMENT_H

#include <torusnn/torusnn.h>

#include "compiler.h"

/*
 * Compiles under a grid of noise limits, then simulates the circuits from the cheapest on, until one reaches
 * options->agreement with 95 % confidence; its curve holds what was simulated. Noise limits of the requirement do not
 * count. TNN_ERR_UNSATISFIABLE where none reaches it, and *best is the most agreement that was seen, with the same
 * confidence; TNN_ERR_CANCELLED, TNN_ERR_MEMORY, TNN_ERR_RANDOM.
 */
TNN_MUST_USE tnn_status tnn_compile_agreeing(tnn_circuit **circuit, double *best, tnn_shortfall *shortfall,
                                             const tnn_model *model, const tnn_requirement *requirement,
                                             const tnn_options *options);

/* Lower end of the one-sided 95 % Wilson interval of a share seen in `count` independent images. */
double tnn_wilson_low(double share, size_t count);

#endif
