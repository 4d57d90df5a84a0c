/*
 * Predicted time of a circuit under a parameter set, from this library's own measured kernels:
 *
 *     image = rotations (n external products each) + key switches ((k N - n) t (n + 1) multiply-adds each).
 *
 * Dot products are left out beside rotations. Where there are none,
 *
 *     image = expansion of the inputs' masks + logits x inputs x n multiply-adds.
 */
#ifndef TNN_NN_COST_H
#define TNN_NN_COST_H

#include "params.h"
#include "shape.h"

/* Milliseconds on one thread, batched as tnn_evaluation batches. The calibration is of one machine: times scale with
 * the processor, ratios between parameter sets much less. */
double tnn_cost_blind_rotation(const tnn_params *params);
double tnn_cost_key_switch(const tnn_params *params);
double tnn_cost_image(const tnn_shape *shape, const tnn_params *params);

#endif
