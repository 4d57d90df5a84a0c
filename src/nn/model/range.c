#include "range.h"

static tnn_interval table_interval(const int16_t *table, size_t cells) {
    tnn_interval interval = {table[0], table[0]};
    for (size_t i = 1; i < cells; i++) {
        interval.low = table[i] < interval.low ? table[i] : interval.low;
        interval.high = table[i] > interval.high ? table[i] : interval.high;
    }
    return interval;
}

tnn_interval tnn_input_interval(const tnn_model *model, uint32_t index, size_t input) {
    if (index == 0) {
        return (tnn_interval){0, (int64_t)model->input_levels - 1};
    }
    const tnn_layer *before = &model->layers[index - 1];
    return table_interval(before->tables + input * before->table_cells, before->table_cells);
}

/* Each weight takes the end of its input's interval that pushes the sum outwards. */
tnn_interval tnn_accumulator_interval(const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    tnn_interval sum = {layer->biases[neuron], layer->biases[neuron]};
    for (size_t i = 0; i < layer->inputs; i++) {
        int64_t weight = layer->weights[neuron * layer->inputs + i];
        if (weight != 0) {
            tnn_interval input = tnn_input_interval(model, index, i);
            sum.low += weight * (weight > 0 ? input.low : input.high);
            sum.high += weight * (weight > 0 ? input.high : input.low);
        }
    }
    return sum;
}

bool tnn_range_proven(const tnn_model *model, uint32_t index, size_t neuron) {
    const int32_t *range = model->layers[index].ranges + 2 * neuron;
    tnn_interval reach = tnn_accumulator_interval(model, index, neuron);
    return reach.low >= range[0] && reach.high <= range[1];
}

uint64_t tnn_unproven_neurons(const tnn_model *model, uint32_t index) {
    uint64_t unproven = 0;
    for (size_t j = 0; j < model->layers[index].neurons; j++) {
        unproven += !tnn_range_proven(model, index, j);
    }
    return unproven;
}

static bool constant_cells(const int16_t *entries, size_t first, size_t last) {
    for (size_t i = first; i < last; i++) {
        if (entries[i + 1] != entries[i]) {
            return false;
        }
    }
    return true;
}

/* A slope takes a cell for each accumulator, and none beyond the ends. */
static bool can_slope(const tnn_layer *layer, size_t neuron, tnn_interval reach) {
    const int32_t *range = layer->ranges + 2 * neuron;
    return !layer->has_thresholds && reach.low >= range[0] && reach.high <= range[1] &&
           reach.high - reach.low < layer->table_cells;
}

bool tnn_table_line(tnn_line *line, const tnn_layer *layer, size_t neuron, size_t table, tnn_interval reach) {
    const int16_t *entries = tnn_layer_table(layer, neuron, table);
    const size_t low = tnn_layer_cell(layer, neuron, reach.low);
    if (constant_cells(entries, low, tnn_layer_cell(layer, neuron, reach.high))) {
        *line = (tnn_line){0, entries[low]};
        return true;
    }
    if (!can_slope(layer, neuron, reach)) {
        return false;
    }
    const int64_t slope = tnn_layer_lookup(layer, neuron, table, reach.low + 1) - (int64_t)entries[low];
    for (int64_t a = reach.low; a <= reach.high; a++) {
        if (tnn_layer_lookup(layer, neuron, table, a) != entries[low] + slope * (a - reach.low)) {
            return false;
        }
    }
    *line = (tnn_line){slope, entries[low] - slope * reach.low};
    return true;
}
