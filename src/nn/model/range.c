#include "range.h"

#include "memory.h"
#include "reference.h"

static tnn_interval table_interval(const int16_t *table, size_t cells) {
    tnn_interval interval = {table[0], table[0]};
    for (size_t i = 1; i < cells; i++) {
        interval.low = table[i] < interval.low ? table[i] : interval.low;
        interval.high = table[i] > interval.high ? table[i] : interval.high;
    }
    return interval;
}

/* Values that each input of a layer can take: levels of a pixel, or entries of a table. intervals [inputs]. */
static bool fill_input_intervals(tnn_interval *intervals, const tnn_model *model, uint32_t index, tnn_watch *watch) {
    bool on = true;
    for (size_t i = 0; i < model->layers[index].inputs && on; i++) {
        if (index == 0) {
            intervals[i] = (tnn_interval){0, (int64_t)model->input_levels - 1};
        } else {
            const tnn_layer *before = &model->layers[index - 1];
            intervals[i] = table_interval(before->tables + i * before->table_cells, before->table_cells);
            on = tnn_watch_work(watch, 0, before->table_cells);
        }
    }
    return on;
}

/* Each weight takes the end of its input's interval that pushes the sum outwards. */
static tnn_interval reach_of(const tnn_layer *layer, size_t neuron, const tnn_interval *inputs) {
    const int16_t *weights = layer->weights + neuron * layer->inputs;
    tnn_interval sum = {layer->biases[neuron], layer->biases[neuron]};
    for (size_t i = 0; i < layer->inputs; i++) {
        const int64_t weight = weights[i];
        sum.low += weight * (weight > 0 ? inputs[i].low : inputs[i].high);
        sum.high += weight * (weight > 0 ? inputs[i].high : inputs[i].low);
    }
    return sum;
}

/* reach [neurons], inputs [inputs] is scratch. */
static tnn_status fill_reach(tnn_interval *reach, tnn_interval *inputs, const tnn_model *model, uint32_t index,
                             tnn_watch *watch) {
    const tnn_layer *layer = &model->layers[index];
    bool on = fill_input_intervals(inputs, model, index, watch);
    for (size_t j = 0; j < layer->neurons && on; j++) {
        reach[j] = reach_of(layer, j, inputs);
        on = tnn_watch_work(watch, 0, layer->inputs);
    }
    return on ? TNN_OK : TNN_ERR_CANCELLED;
}

tnn_status tnn_layer_reach(tnn_interval **out, const tnn_model *model, uint32_t index, tnn_watch *watch) {
    tnn_interval *reach = tnn_alloc(model->layers[index].neurons, sizeof *reach);
    tnn_interval *inputs = tnn_alloc(model->layers[index].inputs, sizeof *inputs);
    tnn_status status = reach && inputs ? fill_reach(reach, inputs, model, index, watch) : TNN_ERR_MEMORY;
    tnn_free(inputs);
    if (status != TNN_OK) {
        tnn_free(reach);
    }
    *out = status == TNN_OK ? reach : NULL;
    return status;
}

static void include(tnn_interval *reach, const int64_t *accumulators, size_t neurons) {
    for (size_t j = 0; j < neurons; j++) {
        reach[j].low = accumulators[j] < reach[j].low ? accumulators[j] : reach[j].low;
        reach[j].high = accumulators[j] > reach[j].high ? accumulators[j] : reach[j].high;
    }
}

/* Weights that an image meets on its way to a layer, and cells of no account beside them. */
static uint64_t weights_up_to(const tnn_model *model, uint32_t index) {
    uint64_t weights = 0;
    for (uint32_t i = 0; i <= index; i++) {
        weights += (uint64_t)model->layers[i].neurons * model->layers[i].inputs;
    }
    return weights;
}

/* reach [neurons]; values and accumulators [widest] are scratch. */
static tnn_status fill_images_reach(tnn_interval *reach, const tnn_model *model, uint32_t index, const uint8_t *images,
                                    size_t count, tnn_watch *watch, int32_t *values, int64_t *accumulators) {
    const size_t neurons = model->layers[index].neurons;
    bool on = true;
    for (size_t j = 0; j < neurons; j++) {
        reach[j] = (tnn_interval){INT64_MAX, INT64_MIN};
    }
    for (size_t i = 0; i < count && on; i++) {
        tnn_reference_accumulators(model, accumulators, index, images + i * tnn_model_pixels(model), values);
        include(reach, accumulators, neurons);
        on = tnn_watch_work(watch, 0, weights_up_to(model, index));
    }
    return on ? TNN_OK : TNN_ERR_CANCELLED;
}

tnn_status tnn_images_reach(tnn_interval **out, const tnn_model *model, uint32_t index, const uint8_t *images,
                            size_t count, tnn_watch *watch) {
    const size_t widest = tnn_model_widest(model);
    tnn_interval *reach = tnn_alloc(model->layers[index].neurons, sizeof *reach);
    int32_t *values = tnn_alloc(widest, sizeof *values);
    int64_t *accumulators = tnn_alloc(widest, sizeof *accumulators);
    tnn_status status = reach && values && accumulators
                            ? fill_images_reach(reach, model, index, images, count, watch, values, accumulators)
                            : TNN_ERR_MEMORY;
    tnn_free(values);
    tnn_free(accumulators);
    if (status != TNN_OK) {
        tnn_free(reach);
    }
    *out = status == TNN_OK ? reach : NULL;
    return status;
}

/* Does every table of a neuron say the same in both cells? */
static bool cells_agree(const tnn_layer *layer, size_t neuron, size_t a, size_t b) {
    for (size_t m = 0; m < layer->tables_per_neuron; m++) {
        const int16_t *entries = tnn_layer_table(layer, neuron, m);
        if (entries[a] != entries[b]) {
            return false;
        }
    }
    return true;
}

/* The lowest accumulator of a neuron's range that lies in `cell` or above. */
static int64_t start_of_cell(const tnn_layer *layer, size_t neuron, size_t cell) {
    int64_t low = layer->ranges[2 * neuron];
    int64_t high = layer->ranges[2 * neuron + 1];
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (tnn_layer_cell(layer, neuron, middle) >= cell) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

tnn_flat_ends tnn_neuron_flat_ends(const tnn_layer *layer, size_t neuron) {
    const int32_t *range = layer->ranges + 2 * neuron;
    const size_t first = tnn_layer_cell(layer, neuron, range[0]);
    const size_t last = tnn_layer_cell(layer, neuron, range[1]);
    size_t rise = first;
    size_t fall = last;
    while (rise <= last && cells_agree(layer, neuron, first, rise)) {
        rise++;
    }
    if (rise > last) {
        const int64_t width = tnn_layer_range_width(layer, neuron);
        return (tnn_flat_ends){width, width, true};
    }
    while (cells_agree(layer, neuron, last, fall)) {
        fall--;
    }
    return (tnn_flat_ends){.low = start_of_cell(layer, neuron, rise) - range[0],
                           .high = (int64_t)range[1] + 1 - start_of_cell(layer, neuron, fall + 1)};
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

int64_t tnn_covering_width(const tnn_layer *layer, size_t neuron, tnn_interval reach) {
    const int32_t *range = layer->ranges + 2 * neuron;
    const int64_t width = tnn_layer_range_width(layer, neuron);
    if (reach.low >= range[0] && reach.high <= range[1]) {
        return width;
    }
    const tnn_flat_ends ends = tnn_neuron_flat_ends(layer, neuron);
    const int64_t above = reach.high - (range[0] + ends.low - 1);
    const int64_t below = range[1] - ends.high + 1 - reach.low;
    return ends.constant ? width : larger(width, larger(above, below));
}

bool tnn_range_proven(const tnn_layer *layer, size_t neuron, tnn_interval reach, bool whole_torus) {
    const int32_t *range = layer->ranges + 2 * neuron;
    if (whole_torus) {
        return reach.low >= range[0] && reach.high <= range[1];
    }
    return tnn_covering_width(layer, neuron, reach) == tnn_layer_range_width(layer, neuron);
}

tnn_status tnn_unproven_neurons(uint64_t *unproven, const tnn_model *model, uint32_t index, bool whole_torus,
                                tnn_watch *watch) {
    const tnn_layer *layer = &model->layers[index];
    tnn_interval *reach;
    tnn_status status = tnn_layer_reach(&reach, model, index, watch);
    if (status != TNN_OK) {
        return status;
    }
    *unproven = 0;
    for (size_t j = 0; j < layer->neurons; j++) {
        *unproven += !tnn_range_proven(layer, j, reach[j], whole_torus);
    }
    tnn_free(reach);
    return TNN_OK;
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
