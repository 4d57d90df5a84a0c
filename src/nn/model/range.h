/* What the weights alone prove about accumulators. */
#ifndef TNN_NN_RANGE_H
#define TNN_NN_RANGE_H

#include "model.h"
#include "watch.h"

/* Both ends belong to it. */
typedef struct tnn_interval {
    int64_t low;
    int64_t high;
} tnn_interval;

/* Accumulators that each neuron of layer `index` can reach, whatever the image: *reach [neurons], to be freed with
 * tnn_free. Returns TNN_ERR_MEMORY, or TNN_ERR_CANCELLED where watch, which may be NULL, stops it. */
TNN_MUST_USE tnn_status tnn_layer_reach(tnn_interval **reach, const tnn_model *model, uint32_t index, tnn_watch *watch);

/* The same of what images [count][pixels] reach; count is at least 1. */
TNN_MUST_USE tnn_status tnn_images_reach(tnn_interval **reach, const tnn_model *model, uint32_t index,
                                         const uint8_t *images, size_t count, tnn_watch *watch);

/* Accumulators next to either end of a neuron's range for which every table says what it says at that end. */
typedef struct tnn_flat_ends {
    int64_t low;
    int64_t high;
    bool constant; /* every table says one thing throughout */
} tnn_flat_ends;

tnn_flat_ends tnn_neuron_flat_ends(const tnn_layer *layer, size_t neuron);

/*
 * How many accumulators must take half the torus, so that a table laid out on it is right for all of `reach`.
 *
 * Where W accumulators fill the N positions of a half, the half behind it reads, negated, what stands W accumulators
 * below, and the half before it what stands W above. Tables are centred: g(low) = -g(high). An accumulator above the
 * range is therefore right as long as the one W below it is among those next to `low` that read as `low` does, and the
 * same holds below the range: W is at least the width of the range, reach.high - (low + ends.low - 1), and
 * (high - ends.high + 1) - reach.low.
 */
int64_t tnn_covering_width(const tnn_layer *layer, size_t neuron, tnn_interval reach);

/* Is a table right for all of `reach`? On half the torus the range alone fills the half, and flat ends count; on the
 * whole torus nothing goes on behind the range. */
bool tnn_range_proven(const tnn_layer *layer, size_t neuron, tnn_interval reach, bool whole_torus);

/* Neurons of layer `index` for which that is not so. Returns TNN_ERR_MEMORY, TNN_ERR_CANCELLED. */
TNN_MUST_USE tnn_status tnn_unproven_neurons(uint64_t *unproven, const tnn_model *model, uint32_t index,
                                             bool whole_torus, tnn_watch *watch);

/* entry = slope accumulator + offset. */
typedef struct tnn_line {
    int64_t slope;
    int64_t offset; /* below 2^48 in size */
} tnn_line;

/* Is a table a straight line over all accumulators of `reach`, constant ones included? */
bool tnn_table_line(tnn_line *line, const tnn_layer *layer, size_t neuron, size_t table, tnn_interval reach);

#endif
