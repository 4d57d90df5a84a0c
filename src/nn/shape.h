/* What of a model decides its scales and its noise, gathered once before many parameter sets are tried. */
#ifndef TNN_NN_SHAPE_H
#define TNN_NN_SHAPE_H

#include "model.h"

typedef struct tnn_neuron_shape {
    double width;      /* accumulators in its table range; for a logit the largest size it can have */
    double half_width; /* what of it must fit half the torus: all, or half of it where tables take the whole torus */
    double power;      /* sum of weights^2 times the gain of each input */
    int32_t largest_weight; /* at least 1 */
} tnn_neuron_shape;

typedef struct tnn_layer_shape {
    uint32_t neurons;
    uint32_t tables_per_neuron;
    uint32_t table_cells;
    double widest;            /* of its neurons' half widths */
    tnn_neuron_shape *neuron; /* [neurons] */
    double *gain; /* [outputs] variance of a table's value over that of its blind rotation: 1 for a table alone */
} tnn_layer_shape;

typedef struct tnn_shape {
    uint32_t layer_count;
    uint32_t input_levels;
    uint64_t bootstraps; /* an image */
    tnn_layer_shape *layers;
} tnn_shape;

TNN_MUST_USE tnn_status tnn_shape_create(tnn_shape **shape, const tnn_model *model, bool whole_torus);
void tnn_shape_free(tnn_shape *shape);

#endif
