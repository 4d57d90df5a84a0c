/*
 * What of a model decides its scales and its noise, gathered once before many parameter sets are tried: widths, powers,
 * gains (shape.c has their equations). Nothing in it depends on parameters.
 */
#ifndef TNN_NN_SHAPE_H
#define TNN_NN_SHAPE_H

#include "model.h"
#include "requirement.h"

/*
 * How a table passes on the noise of its blind rotation: as it is where the neuron has one table. With several, a
 * table's noise is the sum of its steps times errors of the rotation, of which neighbouring coefficients, and so all
 * steps and all tables of the neuron, have a part in common (tnn_variance_common). Where they stand, and with which
 * signs they meet, depends on the parameters: sums of absolute values bound it, and stated noise is then an upper
 * bound.
 */
typedef struct tnn_gain {
    double own;    /* deviation over that of the rotation: |steps|_2, or 1 */
    double common; /* the same of the common part: |steps|_1, or 1 */
} tnn_gain;

/* Most zero bits below the weights of a compiled row, which fit int16. */
#define TNN_MOST_TWOS 14u

typedef struct tnn_neuron_shape {
    double width;        /* accumulators in its table range; for a logit the largest size it can have */
    double half_width;   /* accumulators that must fit half the torus: the range, half of it where tables take the whole
                            torus, and in exact circuits what it takes to be right for all that the neuron reaches */
    double cover_width;  /* exact: the same for all that its weights let it reach; else 0 */
    double power;        /* what the variance of a blind rotation, or of a pixel, is multiplied by */
    double common_power; /* what the common part of it is multiplied by on top: 0 where neurons have one table each */
    double spread;       /* of a logit: its deviation where inputs are independent and each entry is as likely */
    int32_t largest_weight; /* at least 1 */
    uint32_t twos;          /* zero bits below all weights: they are multiples of 2^twos */
} tnn_neuron_shape;

typedef struct tnn_layer_shape {
    uint32_t inputs;
    uint32_t neurons;
    uint32_t tables_per_neuron;
    uint32_t table_cells;
    uint64_t products;        /* weights other than 0: evaluation skips the others */
    double widest;            /* of its neurons' half widths */
    tnn_neuron_shape *neuron; /* [neurons] */
    tnn_gain *gain;           /* [outputs] */
} tnn_layer_shape;

/* Units that a spec asks for, as tnn_spec has them; 0: the best ones. */
typedef struct tnn_pinned {
    uint32_t input_unit, output_unit, output_bits;
} tnn_pinned;

typedef struct tnn_shape {
    uint32_t layer_count;
    uint32_t input_levels;
    uint32_t most_tables; /* of a neuron */
    uint64_t bootstraps;  /* an image */
    bool widened;         /* the half width of some neuron is more than its range, for its reach */
    tnn_pinned pinned;
    tnn_layer_shape *layers;
} tnn_shape;

/* Zero bits below all weights [count], TNN_MOST_TWOS where there are only zeros. */
uint32_t tnn_weight_twos(const int16_t *weights, size_t count);

/* How far an exact circuit's neurons are taken to reach. */
typedef enum tnn_reach_source {
    TNN_REACH_OF_WEIGHTS, /* as far as the weights let them */
    TNN_REACH_OF_IMAGES,  /* as far as the requirement's images do */
    TNN_REACH_OF_TABLES,  /* as far as their tables are proven without room of their own */
} tnn_reach_source;

/* Of the requirement the contract, whole_torus, the images and the watch count. Returns TNN_ERR_MEMORY,
 * TNN_ERR_CANCELLED. */
TNN_MUST_USE tnn_status tnn_shape_create(tnn_shape **shape, const tnn_model *model, const tnn_requirement *requirement,
                                         tnn_reach_source source);
void tnn_shape_free(tnn_shape *shape);

#endif
