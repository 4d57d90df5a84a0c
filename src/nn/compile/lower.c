/*
 * Scales, offsets and tables of a model under one parameter set. With the unit u of a layer's inputs and a neuron's
 * strength g from the budget, the compiled row and the constant added to its body are
 *
 *     weights   g w_i                                      int16
 *     offset    u g (bias - middle) + (N - 1) / (4N) + centres of the inputs, modulo 1
 *
 * so that the phase is the position circuit.h describes. Tables are sampled: test polynomial entry p is the table's
 * value at the accumulator that position p stands for, centred, times the output unit. Neurons of several tables get
 * the steps between entries instead (tnn_bootstrap_many). Everything is a function of integers and of the units:
 * rounding to 2^-32 happens once, here.
 */
#include "lower.h"

#include <math.h>
#include <string.h>

#include "cost.h"
#include "memory.h"
#include "reports.h"
#include "tables.h"

/* Sums of big ciphertexts have to come back under s in front of the next tables. */
bool tnn_params_serve(const tnn_params *params, const tnn_model *model) {
    const tnn_params_literal *p = &params->literal;
    const bool has_tables = model->layer_count > 1;
    return tnn_params_bootstrap(params) == has_tables && (model->layer_count <= 2 || p->ks_levels > 0) &&
           (p->log2_split == 0 || tnn_model_most_tables(model) <= 1);
}

static bool allocate_tables(tnn_layer_circuit *layer, uint32_t N) {
    const size_t tables = (size_t)layer->neurons * layer->tables_per_neuron;
    const size_t most_steps = tnn_most_steps(layer->table_cells, N);
    if (layer->tables_per_neuron == 1) {
        layer->tests = tnn_alloc(tables, N * sizeof *layer->tests);
        return layer->tests != NULL;
    }
    layer->steps = tnn_alloc(tables, sizeof *layer->steps);
    layer->step_positions = tnn_alloc(tables, most_steps * sizeof *layer->step_positions);
    layer->step_sizes = tnn_alloc(tables, most_steps * sizeof *layer->step_sizes);
    return layer->steps && layer->step_positions && layer->step_sizes;
}

static tnn_status allocate_layer(tnn_layer_circuit *layer, const tnn_layer *model_layer, uint32_t N) {
    layer->inputs = model_layer->inputs;
    layer->neurons = model_layer->neurons;
    layer->tables_per_neuron = model_layer->tables_per_neuron;
    layer->table_cells = model_layer->table_cells;
    layer->weights = tnn_alloc(layer->neurons, layer->inputs * sizeof *layer->weights);
    layer->offsets = tnn_alloc(layer->neurons, sizeof *layer->offsets);
    if (!layer->weights || !layer->offsets || (layer->tables_per_neuron && !allocate_tables(layer, N))) {
        return TNN_ERR_MEMORY;
    }
    return TNN_OK;
}

/* Modulo 1, to the nearest multiple of 2^-32; 1 itself wraps to 0. */
static uint32_t to_torus(double fraction) {
    return (uint32_t)(int64_t)llround((fraction - floor(fraction)) * 0x1p32);
}

/* bias + weights . centres of the inputs: the part of an accumulator that the encrypted inputs leave out. */
static double hidden_part(const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    double sum = layer->biases[neuron];
    for (size_t i = 0; index > 0 && i < layer->inputs; i++) {
        const tnn_layer *before = &model->layers[index - 1];
        const size_t per_neuron = before->tables_per_neuron;
        sum += layer->weights[neuron * layer->inputs + i] * 0.5 *
               tnn_table_doubled_centre(before, i / per_neuron, i % per_neuron);
    }
    return sum;
}

/* Fits int16: tnn_strength stops there. */
static void set_weights(tnn_layer_circuit *out, const tnn_layer *layer, size_t neuron, int32_t strength) {
    for (size_t i = 0; i < layer->inputs; i++) {
        size_t at = neuron * layer->inputs + i;
        out->weights[at] = (int16_t)(layer->weights[at] * strength);
    }
}

/* False where a table cannot take the whole torus. */
static bool fill_tables(const tnn_circuit *circuit, tnn_layer_circuit *out, const tnn_layer *layer, size_t neuron,
                        double slope) {
    const uint32_t N = tnn_params_positions(&circuit->spec.params);
    if (circuit->whole_torus) {
        return layer->tables_per_neuron == 1 &&
               tnn_fill_whole_test(out->tests + neuron * N, N, layer, neuron, slope, out->output_unit);
    }
    if (layer->tables_per_neuron == 1) {
        tnn_fill_test(out->tests + neuron * N, N, layer, neuron, slope, out->output_unit);
        return true;
    }
    for (size_t m = 0; m < layer->tables_per_neuron; m++) {
        const size_t at = neuron * layer->tables_per_neuron + m;
        const size_t first = at * tnn_most_steps(layer->table_cells, N);
        out->steps[at] =
            tnn_fill_steps(out->step_positions + first, out->step_sizes + first, N, layer, neuron, m, slope);
    }
    return true;
}

static bool compile_neuron(tnn_circuit *circuit, const tnn_model *model, const tnn_shape *shape, uint32_t index,
                           size_t neuron) {
    const uint32_t N = tnn_params_positions(&circuit->spec.params);
    const tnn_layer *layer = &model->layers[index];
    tnn_layer_circuit *out = &circuit->layers[index];
    const double unit = circuit->budget.layers[index].unit_fraction;
    const int32_t strength = tnn_strength(&shape->layers[index].neuron[neuron], unit);
    const double middle = 0.5 * ((double)layer->ranges[2 * neuron] + layer->ranges[2 * neuron + 1]);
    /* (P - 1) / 2 is the middle of positions 0 to P - 1. */
    const double middle_position = (circuit->whole_torus ? 2.0 * N - 1 : N - 1.0) / 2;
    set_weights(out, layer, neuron, strength);
    out->offsets[neuron] =
        to_torus(strength * unit * (hidden_part(model, index, neuron) - middle) + middle_position / (2.0 * N));
    return fill_tables(circuit, out, layer, neuron, 2.0 * N * strength * unit);
}

/* Logits: weights as they are, and an offset for the bias and the centres. */
static void compile_logit(tnn_circuit *circuit, const tnn_model *model, uint32_t index, size_t neuron) {
    tnn_layer_circuit *out = &circuit->layers[index];
    set_weights(out, &model->layers[index], neuron, 1);
    out->offsets[neuron] = to_torus(circuit->budget.layers[index].unit_fraction * hidden_part(model, index, neuron));
}

static tnn_status compile_neurons(tnn_circuit *circuit, tnn_shortfall *shortfall, const tnn_model *model,
                                  const tnn_shape *shape, uint32_t index, tnn_watch *watch) {
    const tnn_layer *layer = &model->layers[index];
    const uint64_t positions = (uint64_t)tnn_params_positions(&circuit->spec.params) * layer->tables_per_neuron;
    for (uint32_t j = 0; j < layer->neurons; j++) {
        if (!compile_neuron(circuit, model, shape, index, j)) {
            *shortfall = (tnn_shortfall){.kind = TNN_SHORTFALL_NOT_NEGACYCLIC, .layer = index, .neuron = j};
            return TNN_ERR_UNSATISFIABLE;
        }
        if (!tnn_watch_work(watch, 1, 20 * positions + 4 * (uint64_t)layer->inputs)) {
            return TNN_ERR_CANCELLED;
        }
    }
    return TNN_OK;
}

/* A layer's tables speak in the next layer's unit: that is what its inputs are encrypted in. */
static tnn_status compile_layer(tnn_circuit *circuit, tnn_shortfall *shortfall, const tnn_model *model,
                                const tnn_shape *shape, uint32_t index, tnn_watch *watch) {
    const tnn_layer *layer = &model->layers[index];
    tnn_layer_circuit *out = &circuit->layers[index];
    tnn_status status = allocate_layer(out, layer, tnn_params_positions(&circuit->spec.params));
    if (status != TNN_OK) {
        return status;
    }
    if (layer->tables_per_neuron > 0) {
        out->output_unit = circuit->budget.layers[index + 1].unit;
        return compile_neurons(circuit, shortfall, model, shape, index, watch);
    }
    bool on = true;
    for (size_t j = 0; j < layer->neurons && on; j++) {
        compile_logit(circuit, model, index, j);
        on = tnn_watch_work(watch, 1, 4 * (uint64_t)layer->inputs);
    }
    return on ? TNN_OK : TNN_ERR_CANCELLED;
}

static tnn_status set_spec(tnn_circuit *circuit, const tnn_model *model, const tnn_params *params, bool exact) {
    circuit->spec = (tnn_spec){
        .params = *params,
        .height = model->height,
        .width = model->width,
        .channels = model->channels,
        .input_levels = model->input_levels,
        .input_unit = circuit->budget.layers[0].unit,
        .output_unit = tnn_output_unit(&circuit->budget, model->layer_count, params),
        .output_bits = circuit->budget.output_bits,
        .exact = exact,
        .version = params->literal.log2_split ? TNN_SPLIT_SPEC_VERSION : TNN_SPEC_VERSION,
    };
    memcpy(circuit->spec.input_map, model->input_map, sizeof model->input_map);
    return tnn_readout_copy(&circuit->spec.readout, &model->readout);
}

/* All units first: each layer needs its own and the next one's. */
static tnn_status compile_layers(tnn_circuit *circuit, tnn_shortfall *shortfall, const tnn_model *model,
                                 const tnn_shape *shape, const tnn_params *params, const tnn_requirement *requirement) {
    tnn_watch *watch = requirement->watch;
    tnn_status status = tnn_budget_fill(&circuit->budget, &shortfall->layer, shape, params, requirement->exact, watch);
    if (status != TNN_OK) {
        return status;
    }
    status = set_spec(circuit, model, params, requirement->exact);
    tnn_watch_stage(watch, shape->bootstraps + tnn_model_outputs(model));
    for (uint32_t i = 0; status == TNN_OK && i < model->layer_count; i++) {
        status = compile_layer(circuit, shortfall, model, shape, i, watch);
    }
    circuit->bootstraps = shape->bootstraps;
    circuit->milliseconds = tnn_cost_image(shape, params);
    return status;
}

static uint64_t layer_bytes(const tnn_layer *layer, uint32_t N) {
    const uint64_t row = layer->inputs * sizeof(int16_t) + sizeof(uint32_t);
    const uint64_t steps = sizeof(tnn_step_table) + 2 * sizeof(uint32_t) * tnn_most_steps(layer->table_cells, N);
    const uint64_t table = layer->tables_per_neuron == 1 ? (uint64_t)N * sizeof(uint32_t) : steps;
    const uint64_t report = layer->tables_per_neuron > 0 ? sizeof(tnn_fill) : 0;
    return layer->neurons * (row + report + layer->tables_per_neuron * table);
}

uint64_t tnn_lowered_bytes(const tnn_model *model, uint32_t positions) {
    uint64_t bytes = sizeof(tnn_circuit);
    for (uint32_t i = 0; i < model->layer_count; i++) {
        bytes += layer_bytes(&model->layers[i], positions);
    }
    return bytes;
}

tnn_status tnn_lower(tnn_circuit **out, tnn_shortfall *shortfall, const tnn_model *model, const tnn_shape *shape,
                     const tnn_params *params, const tnn_requirement *requirement) {
    *out = NULL;
    tnn_circuit *circuit = tnn_alloc(1, sizeof *circuit);
    if (!circuit) {
        return TNN_ERR_MEMORY;
    }
    circuit->layer_count = model->layer_count;
    circuit->whole_torus = requirement->whole_torus;
    circuit->layers = tnn_alloc(model->layer_count, sizeof *circuit->layers);
    circuit->budget.layers = tnn_alloc(model->layer_count, sizeof *circuit->budget.layers);
    tnn_status status = circuit->layers && circuit->budget.layers
                            ? compile_layers(circuit, shortfall, model, shape, params, requirement)
                            : TNN_ERR_MEMORY;
    status = status == TNN_OK ? tnn_circuit_write_reports(circuit, model, shape, NULL, requirement->watch) : status;
    if (status != TNN_OK) {
        tnn_circuit_free(circuit);
        return status;
    }
    *out = circuit;
    return TNN_OK;
}

tnn_status tnn_circuit_compile_with(tnn_circuit **out, const tnn_model *model, const tnn_params *params, bool exact) {
    *out = NULL;
    if (!tnn_params_serve(params, model)) {
        return TNN_ERR_UNSATISFIABLE;
    }
    const tnn_requirement requirement = {.exact = exact};
    tnn_shape *shape;
    tnn_shortfall shortfall;
    tnn_status status = tnn_shape_create(&shape, model, &requirement, TNN_REACH_OF_WEIGHTS);
    status = status == TNN_OK ? tnn_lower(out, &shortfall, model, shape, params, &requirement) : status;
    tnn_shape_free(shape);
    return status;
}
