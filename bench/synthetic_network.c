#include "bench/synthetic_network.h"

#include <math.h>
#include <string.h>

#include "circuit.h"
#include "lower.h"
#include "memory.h"

#include "common/report.h"

enum {
    INPUT_LEVELS = 16,
    TABLE_CELLS = 128,
    TABLE_MAGNITUDE = 64, /* entries run from -64 to 64 */
    RANGE_DEVIATIONS = 3, /* from the middle of a table to either end */
};

static const char PROVENANCE[] = "{\"made\": \"by the benchmark\"}";

/* xorshift32 (Marsaglia 2003). */
static uint32_t next_word(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void draw_weights(tnn_layer *layer, uint32_t *state) {
    for (size_t i = 0; i < (size_t)layer->neurons * layer->inputs; i++) {
        layer->weights[i] = (int16_t)((int)(next_word(state) % 3) - 1);
    }
    for (size_t j = 0; j < layer->neurons; j++) {
        layer->weights[j * layer->inputs] = 1; /* no neuron is without weights */
    }
    for (size_t i = 0, reader = 0; i < layer->inputs; i++, reader = reader + 1 < layer->neurons ? reader + 1 : 0) {
        int16_t *weight = &layer->weights[reader * layer->inputs + i];
        *weight = *weight == 0 ? 1 : *weight; /* no input is without a reader: its rotation would be saved */
    }
}

/* Half the width of a table: some deviations of a sum of ternary weights times inputs of the magnitude given, each
 * taken as uniform from -magnitude to magnitude. */
static int32_t half_range(const tnn_layer *layer, int32_t magnitude) {
    double deviation = magnitude / sqrt(3.0) * sqrt(2.0 / 3.0 * layer->inputs);
    return (int32_t)ceil(fmax(RANGE_DEVIATIONS * deviation, TABLE_CELLS / 2.0));
}

static void set_ranges(tnn_layer *layer, int32_t magnitude, int32_t middle_input) {
    int32_t half = half_range(layer, magnitude);
    for (size_t j = 0; j < layer->neurons; j++) {
        int32_t sum = 0;
        for (size_t i = 0; i < layer->inputs; i++) {
            sum += layer->weights[j * layer->inputs + i];
        }
        layer->ranges[2 * j] = sum * middle_input - half;
        layer->ranges[2 * j + 1] = sum * middle_input + half;
    }
}

static void set_tables(tnn_layer *layer) {
    for (size_t j = 0; j < layer->neurons; j++) {
        for (int32_t c = 0; c < TABLE_CELLS; c++) {
            int32_t entry = 2 * TABLE_MAGNITUDE * c / (TABLE_CELLS - 1) - TABLE_MAGNITUDE;
            layer->tables[j * TABLE_CELLS + (size_t)c] = (int16_t)(j % 2 == 0 ? entry : -entry);
        }
    }
}

static bool fill_layer(tnn_model *model, uint32_t index, const synthetic_shape *shape, uint32_t *state) {
    bool last = index == shape->table_layers;
    tnn_layer *layer = &model->layers[index];
    layer->inputs = index == 0 ? shape->inputs : shape->neurons;
    layer->neurons = last ? shape->outputs : shape->neurons;
    layer->tables_per_neuron = last ? 0 : 1;
    layer->table_cells = last ? 0 : TABLE_CELLS;
    if (!status_ok(tnn_layer_allocate(layer), "layer")) {
        return false;
    }
    draw_weights(layer, state);
    if (!last) {
        set_ranges(layer, index == 0 ? INPUT_LEVELS / 2 : TABLE_MAGNITUDE, index == 0 ? INPUT_LEVELS / 2 : 0);
        set_tables(layer);
    }
    return true;
}

static bool fill_model(tnn_model *model, const synthetic_shape *shape) {
    uint32_t state = 0x9e3779b9u;
    model->height = 1;
    model->width = shape->inputs;
    model->channels = 1;
    model->input_levels = INPUT_LEVELS;
    tnn_fill_even_map(model->input_map, INPUT_LEVELS);
    if (!status_ok(tnn_readout_allocate(&model->readout, shape->outputs, 0), "synthetic network")) {
        return false;
    }
    for (uint32_t i = 0; i < shape->outputs; i++) {
        model->readout.scales[i] = 1.0 / (TABLE_MAGNITUDE * sqrt(shape->neurons)); /* logits of size about 1 */
    }
    model->provenance = tnn_alloc(sizeof PROVENANCE, 1);
    if (model->provenance == NULL) {
        return report_out_of_memory();
    }
    memcpy(model->provenance, PROVENANCE, sizeof PROVENANCE);
    for (uint32_t i = 0; i < model->layer_count; i++) {
        if (!fill_layer(model, i, shape, &state)) {
            return false;
        }
    }
    tnn_contradiction found;
    return status_ok(tnn_model_check(model, &found), "synthetic network");
}

bool synthetic_network(tnn_model **model, const synthetic_shape *shape) {
    if (!status_ok(tnn_model_new(model, shape->table_layers + 1), "synthetic network")) {
        return false;
    }
    if (!fill_model(*model, shape)) {
        tnn_model_free(*model);
        *model = NULL;
        return false;
    }
    return true;
}

bool synthetic_circuit(tnn_circuit **circuit, const synthetic_shape *shape, const tnn_params_literal *parameters) {
    tnn_model *model = NULL;
    tnn_params *params = NULL;
    bool done = synthetic_network(&model, shape) &&
                status_ok(tnn_params_create(&params, parameters, TNN_SECURITY_128_MARGIN), "parameters") &&
                status_ok(tnn_circuit_compile_with(circuit, model, params, false), "synthetic network");
    tnn_params_free(params);
    tnn_model_free(model);
    return done;
}
