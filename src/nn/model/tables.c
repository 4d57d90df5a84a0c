/*
 * A table f of a neuron, as the torus sees it. With slope positions an accumulator, position p stands for
 *
 *     accumulator(p) = middle + (p - (N - 1) / 2) / slope            half the torus:  p = 0 to N - 1
 *     accumulator(p) = middle + (p - (2N - 1) / 2) / slope           whole torus:     p = 0 to 2N - 1
 *
 * and the nearest integer accumulator is looked up; beyond the range its end cells hold. An entry is unit (f - centre)
 * with centre = (f(low) + f(high)) / 2. Twice that is an integer, so half the unit times an integer is what is stored.
 *
 * A rotation reads -test[p] at position p + N. On half the torus that is beyond the table's ends: f - centre is there
 * -(f(low) - centre) = f(high) - centre, what the table would go on with. On the whole torus it is the upper half of
 * the table, which therefore must be the negative of the lower: sign is such a table.
 */
#include "tables.h"

#include <math.h>

int32_t tnn_table_doubled_centre(const tnn_layer *layer, size_t neuron, size_t table) {
    const int32_t *range = layer->ranges + 2 * neuron;
    return tnn_layer_lookup(layer, neuron, table, range[0]) + tnn_layer_lookup(layer, neuron, table, range[1]);
}

static double middle_of(const tnn_layer *layer, size_t neuron) {
    return 0.5 * ((double)layer->ranges[2 * neuron] + layer->ranges[2 * neuron + 1]);
}

/* 2 (f - centre) at the accumulator nearest to `accumulator`. */
static int32_t doubled_at(const tnn_layer *layer, size_t neuron, size_t table, double accumulator) {
    int32_t value = tnn_layer_lookup(layer, neuron, table, (int64_t)llround(accumulator));
    return 2 * value - tnn_table_doubled_centre(layer, neuron, table);
}

/* The same at what a position stands for, where the range takes half the torus. */
static int32_t doubled_value(const tnn_layer *layer, size_t neuron, size_t table, double position, double slope,
                             uint32_t N) {
    return doubled_at(layer, neuron, table, middle_of(layer, neuron) + (position - (N - 1) / 2.0) / slope);
}

void tnn_fill_test(uint32_t *test, uint32_t N, const tnn_layer *layer, size_t neuron, double slope,
                   uint32_t output_unit) {
    for (uint32_t p = 0; p < N; p++) {
        test[p] = (output_unit / 2) * (uint32_t)doubled_value(layer, neuron, 0, p, slope, N);
    }
}

bool tnn_fill_whole_test(uint32_t *test, uint32_t N, const tnn_layer *layer, size_t neuron, double slope,
                         uint32_t output_unit) {
    /* Positions p and p + N: accumulators half a range, N / slope, apart. */
    const double middle = middle_of(layer, neuron);
    for (uint32_t p = 0; p < N; p++) {
        double below = middle + (p + 0.5 - N) / slope;
        double above = middle + (p + 0.5) / slope;
        /* Only accumulators inside the range have a say; a position with one such reader is free for it. */
        bool below_counts = below >= layer->ranges[2 * neuron] - 0.5;
        bool above_counts = above <= layer->ranges[2 * neuron + 1] + 0.5;
        int32_t from_below = doubled_at(layer, neuron, 0, below);
        int32_t from_above = -doubled_at(layer, neuron, 0, above);
        if (below_counts && above_counts && from_below != from_above) {
            return false;
        }
        test[p] = (output_unit / 2) * (uint32_t)(above_counts ? from_above : from_below);
    }
    return true;
}

tnn_step_table tnn_fill_steps(uint32_t *positions, int32_t *sizes, uint32_t N, const tnn_layer *layer, size_t neuron,
                              size_t table, double slope) {
    size_t count = 0;
    /* g[-1] is -g[N-1]. As g is centred, the step at 0 is 0 where positions 0 and N - 1 read the two end cells. */
    int32_t before = -doubled_value(layer, neuron, table, N - 1, slope, N);
    for (uint32_t p = 0; p < N; p++) {
        int32_t here = doubled_value(layer, neuron, table, p, slope, N);
        if (here != before) {
            positions[count] = p;
            sizes[count] = here - before;
            count++;
        }
        before = here;
    }
    return (tnn_step_table){positions, sizes, count};
}
