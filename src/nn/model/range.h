/* What the weights alone prove about accumulators. */
#ifndef TNN_NN_RANGE_H
#define TNN_NN_RANGE_H

#include "model.h"

/* Both ends belong to it. */
typedef struct tnn_interval {
    int64_t low;
    int64_t high;
} tnn_interval;

/* Values that input `input` of layer `index` can take: levels of a pixel, or entries of a table. */
tnn_interval tnn_input_interval(const tnn_model *model, uint32_t index, size_t input);

/* Accumulators that a neuron of layer `index` can reach, whatever the image. */
tnn_interval tnn_accumulator_interval(const tnn_model *model, uint32_t index, size_t neuron);

/* Does every accumulator that the neuron can reach lie in the range of its tables? */
bool tnn_range_proven(const tnn_model *model, uint32_t index, size_t neuron);

/* Neurons of layer `index` for which it does not. */
uint64_t tnn_unproven_neurons(const tnn_model *model, uint32_t index);

/* entry = slope accumulator + offset. */
typedef struct tnn_line {
    int64_t slope;
    int64_t offset; /* below 2^48 in size */
} tnn_line;

/* Is a table a straight line over all accumulators of `reach`, constant ones included? */
bool tnn_table_line(tnn_line *line, const tnn_layer *layer, size_t neuron, size_t table, tnn_interval reach);

#endif
