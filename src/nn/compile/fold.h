/*
 * Folding neurons into the layer behind them: the steps of tnn_simplify. Each either leaves every accumulator behind
 * it, and so every logit, as it was for every image, or returns false and changes nothing. None moves a neuron: the
 * caller drops those that were folded.
 */
#ifndef TNN_NN_FOLD_H
#define TNN_NN_FOLD_H

#include "range.h"

/* The greatest common divisor of two numbers that are not negative; of 0 and b it is b. */
int32_t tnn_gcd(int32_t a, int32_t b);

/* What happens to one table: scratch of the steps below. */
typedef struct tnn_fold_step {
    int32_t shift;         /* goes into the biases of the next layer, times the weights that read the table */
    int32_t weight_sign;   /* the weights that read table b go to those of table a, times this; or 0, and */
    int32_t first, second; /* table a becomes first a + second b, and its weights become smaller */
} tnn_fold_step;

/* read [neurons]: does any neuron of the next layer read a table of this one? False where watch, which may be NULL,
 * stops it. */
bool tnn_fold_find_read(bool *read, const tnn_layer *layer, const tnn_layer *next, tnn_watch *watch);

/* Constant tables go into the biases of the next layer. False where a table is not constant over `reach`, or a bias
 * would leave int32. steps [tables_per_neuron]. */
bool tnn_fold_constant(const tnn_layer *layer, tnn_layer *next, size_t neuron, tnn_interval reach,
                       tnn_fold_step *steps);

/*
 * Neuron b into neuron a of the same layer, where their accumulators always stand at the same place of equally wide
 * ranges, or at mirrored places. Table by table, either both are always read in one proportion, and the tables are
 * added in it, or they are the same up to sign and a constant, and the weights are added. False where neither holds, or
 * a sum leaves its integer type. steps [tables_per_neuron].
 */
bool tnn_fold_twin(tnn_layer *layer, tnn_layer *next, size_t a, size_t b, tnn_fold_step *steps);

/* The common factor of all weights that read a table goes into the table: weights multiply the noise of a rotation,
 * entries do not. output: of the layer, an input of the next. False where it is 1 or an entry would leave int16. */
bool tnn_fold_factor(tnn_layer *layer, tnn_layer *next, size_t output);

/*
 * A layer whose tables are all straight lines becomes part of the weights and biases of the next one, which then reads
 * this one's inputs; the layer itself is to be dropped. *folded says whether: not where a table is no line, or a weight
 * or a bias would leave its integer type, or the product would take more than 2^33 multiplications. Returns
 * TNN_ERR_MEMORY, or TNN_ERR_CANCELLED where watch, which may be NULL, stops it.
 */
TNN_MUST_USE tnn_status tnn_fold_layer(bool *folded, tnn_model *model, uint32_t index, tnn_watch *watch);

#endif
