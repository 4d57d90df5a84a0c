/*
 * Test polynomials and step tables of a layer: what stands at each of the N positions that a blind rotation can read.
 * circuit.h says what accumulator a position stands for, and why tables are centred.
 */
#ifndef TNN_NN_TABLES_H
#define TNN_NN_TABLES_H

#include <torusnn/tfhe.h>

#include "model.h"

/* Twice the centre of a table: f(low) + f(high). */
int32_t tnn_table_doubled_centre(const tnn_layer *layer, size_t neuron, size_t table);

/* test [N]: output_unit (f - centre) at each position; slope in positions an accumulator. */
void tnn_fill_test(uint32_t *test, uint32_t N, const tnn_layer *layer, size_t neuron, double slope,
                   uint32_t output_unit);

/* The same for a table that takes the whole torus: its lower half of the range is read as it is, its upper half as the
 * negative of what stands N positions below. False where the table has two minds about a position. */
bool tnn_fill_whole_test(uint32_t *test, uint32_t N, const tnn_layer *layer, size_t neuron, double slope,
                         uint32_t output_unit);

/* Steps that a table of so many cells has at most: one where a cell begins, and one to the negated other end. */
static inline size_t tnn_most_steps(uint32_t cells, uint32_t N) {
    return cells < N ? cells : N;
}

/* The steps of 2 (f - centre) from position to position; positions and sizes [tnn_most_steps] are filled as far as
 * needed. */
tnn_step_table tnn_fill_steps(uint32_t *positions, int32_t *sizes, uint32_t N, const tnn_layer *layer, size_t neuron,
                              size_t table, double slope);

#endif
