/*
 * Encrypted evaluation one operation at a time, with the secret key at hand: what src/nn/evaluation.c does, and beside
 * each table input and output what its noise is and what the circuit says of it.
 */
#ifndef SUPPORT_STEPWISE_H
#define SUPPORT_STEPWISE_H

#include "circuit.h"
#include "key_fixture.h"
#include "pool.h"
#include "statistics.h"

/* Errors of one kind. */
typedef struct step_noise {
    size_t count;
    double squares;   /* sum of squared errors */
    double predicted; /* sum of predicted variances */
    double ratios;    /* sum of their ratios */
    tally images;     /* mean of the ratios, image by image: neurons of one image share the noise of their inputs */
} step_noise;

typedef struct layer_noise {
    step_noise positions;        /* table inputs, in positions */
    step_noise values;           /* table outputs, fractions of the torus */
    size_t off_by_one;           /* lookups that read another cell than that of their own inputs */
    double predicted_off_by_one; /* sum of their probabilities */
    double off_by_one_variance;  /* of their number */
    double largest_cell_failure; /* the largest of those probabilities */
} layer_noise;

/*
 * Evaluates random images under one key and adds what it sees to noise [table layers]. An input's own deviation counts
 * from the entries that the layer before really read: a lookup beside its cell is an error of that layer alone.
 */
void measure_stepwise(layer_noise *noise, const tnn_circuit *circuit, const tnn_model *model, const key_set *keys,
                      tnn_pool *pool, size_t images);

#endif
