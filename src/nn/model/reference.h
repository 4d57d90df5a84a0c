/* The integer reference: what a model says of an image in the clear, written for reading. */
#ifndef TNN_NN_REFERENCE_H
#define TNN_NN_REFERENCE_H

#include "model.h"

/* accumulators [neurons] = biases + weights inputs. Sums stay below 2^16 2^15 2^15 + 2^31 < 2^47. */
void tnn_layer_accumulate(const tnn_layer *layer, int64_t *accumulators, const int32_t *inputs);

/* Accumulators of layer `index` for an image [pixels]; those of the last layer are the integer logits. accumulators and
 * the scratch `values` hold [tnn_model_widest] each. */
void tnn_reference_accumulators(const tnn_model *model, int64_t *accumulators, uint32_t index, const uint8_t *image,
                                int32_t *values);

#endif
