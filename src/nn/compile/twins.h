/*
 * Neurons of a layer that may be twins (fold.h): their rows are equal, or one is the other negated, and table by table
 * either the columns of weights that read them are multiples of one column, or the tables are the same up to sign, a
 * constant and direction. Digests stand for rows, columns and tables: twins always pass, strangers once in 2^64.
 */
#ifndef TNN_NN_TWINS_H
#define TNN_NN_TWINS_H

#include "model.h"
#include "watch.h"

typedef struct tnn_twins tnn_twins;

/* Groups by rows, without members. Returns TNN_ERR_MEMORY, or TNN_ERR_CANCELLED where watch, which may be NULL, stops
 * it. */
TNN_MUST_USE tnn_status tnn_twins_create(tnn_twins **twins, const tnn_layer *layer, const tnn_layer *next,
                                         tnn_watch *watch);
void tnn_twins_free(tnn_twins *twins);

/* Makes a neuron a member of its group. */
void tnn_twins_add(tnn_twins *twins, uint32_t neuron);

/* Members [count] of a neuron's group in the order in which they were added. */
const uint32_t *tnn_twins_of(const tnn_twins *twins, uint32_t neuron, size_t *count);

/* May two neurons of a group be twins, by columns and tables? */
bool tnn_twins_alike(const tnn_twins *twins, uint32_t a, uint32_t b);

/* Looks again at the tables and columns of a neuron, which have changed. */
void tnn_twins_renew(tnn_twins *twins, const tnn_layer *layer, const tnn_layer *next, uint32_t neuron);

#endif
