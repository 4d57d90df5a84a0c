/* Compiling: scales, offsets, tables and noise of a model under one parameter set, and the choice of that set. */
#include "circuit.h"

#include <math.h>

#include "memory.h"
#include "noise.h"
#include "range.h"
#include "tables.h"

/* Share of the torus that logits may fill: the rest is room for their noise. */
#define LOGIT_SHARE 0.9

/* Deviations of logit noise that the room beside the logits must hold: beyond it they wrap, once in 10^10. */
#define ROOM_DEVIATIONS 6.5

/* What compiling one layer reads of the layer before it. */
typedef struct layer_inputs {
    uint32_t index;
    double unit;       /* torus weight of one unit of an input value */
    double variance;   /* noise of an input value, fraction of the torus squared */
    double key_switch; /* variance of what brings a sum to the small key: 0 for pixels */
} layer_inputs;

static double square(double x) {
    return x * x;
}

static void free_layer_circuit(tnn_layer_circuit *layer) {
    tnn_free(layer->weights);
    tnn_free(layer->offsets);
    tnn_free(layer->tests);
    tnn_free(layer->steps);
    tnn_free(layer->step_positions);
    tnn_free(layer->step_sizes);
}

void tnn_circuit_free(tnn_circuit *circuit) {
    if (!circuit) {
        return;
    }
    for (uint32_t i = 0; circuit->layers && i < circuit->layer_count; i++) {
        free_layer_circuit(&circuit->layers[i]);
    }
    tnn_free(circuit->layers);
    tnn_free(circuit);
}

static bool allocate_tables(tnn_layer_circuit *layer, uint32_t N) {
    const size_t tables = (size_t)layer->neurons * layer->tables_per_neuron;
    if (layer->tables_per_neuron == 1) {
        layer->tests = tnn_alloc(tables, N * sizeof *layer->tests);
        return layer->tests != NULL;
    }
    layer->steps = tnn_alloc(tables, sizeof *layer->steps);
    layer->step_positions = tnn_alloc(tables, N * sizeof *layer->step_positions);
    layer->step_sizes = tnn_alloc(tables, N * sizeof *layer->step_sizes);
    return layer->steps && layer->step_positions && layer->step_sizes;
}

static tnn_status allocate_layer(tnn_layer_circuit *layer, const tnn_layer *model_layer, uint32_t N) {
    layer->inputs = model_layer->inputs;
    layer->neurons = model_layer->neurons;
    layer->tables_per_neuron = model_layer->tables_per_neuron;
    layer->weights = tnn_alloc(layer->neurons, layer->inputs * sizeof *layer->weights);
    layer->offsets = tnn_alloc(layer->neurons, sizeof *layer->offsets);
    if (!layer->weights || !layer->offsets || (layer->tables_per_neuron && !allocate_tables(layer, N))) {
        return TNN_ERR_MEMORY;
    }
    return TNN_OK;
}

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

static double weights_power(const tnn_layer *layer, size_t neuron) {
    double sum = 0;
    for (size_t i = 0; i < layer->inputs; i++) {
        sum += square(layer->weights[neuron * layer->inputs + i]);
    }
    return sum;
}

static int32_t largest_weight(const tnn_layer *layer, size_t neuron) {
    int32_t largest = 1;
    for (size_t i = 0; i < layer->inputs; i++) {
        int32_t weight = layer->weights[neuron * layer->inputs + i];
        int32_t size = weight < 0 ? -weight : weight;
        largest = size > largest ? size : largest;
    }
    return largest;
}

/* The largest integer by which a neuron's weights can grow with its range still in the half torus and in int16. */
static int32_t strength_of(const tnn_layer *layer, size_t neuron, double unit) {
    double room = floor(0.5 / (unit * (double)tnn_layer_range_width(layer, neuron)));
    int32_t most = INT16_MAX / largest_weight(layer, neuron);
    return room < 1 ? 1 : room > most ? most : (int32_t)room;
}

static void set_weights(tnn_layer_circuit *out, const tnn_layer *layer, size_t neuron, int32_t strength) {
    for (size_t i = 0; i < layer->inputs; i++) {
        size_t at = neuron * layer->inputs + i;
        out->weights[at] = (int16_t)(layer->weights[at] * strength);
    }
}

/* Position noise of a neuron, kept where it is the worst of the layer. */
static void note_position_noise(tnn_layer_circuit *out, double slope, double deviation, double range_width) {
    double noise = deviation / (slope * range_width);
    double lookup = tnn_log2_gaussian_tail(fmax(slope / 2 - 0.5, 0), deviation);
    out->worst_position_noise = fmax(out->worst_position_noise, noise);
    out->worst_lookup_log2 = fmax(out->worst_lookup_log2, lookup);
}

/* Returns the variance of the neuron's noisiest output. */
static double fill_tables(tnn_layer_circuit *out, const tnn_layer *layer, size_t neuron, double slope,
                          const tnn_params *params) {
    const uint32_t N = params->literal.N;
    const double rotation = tnn_variance_blind_rotation(params);
    if (layer->tables_per_neuron == 1) {
        tnn_fill_test(out->tests + neuron * N, N, layer, neuron, slope, out->output_unit);
        return rotation;
    }
    double worst = 0;
    for (size_t m = 0; m < layer->tables_per_neuron; m++) {
        size_t at = neuron * layer->tables_per_neuron + m;
        out->steps[at] =
            tnn_fill_steps(out->step_positions + at * N, out->step_sizes + at * N, N, layer, neuron, m, slope);
        worst = fmax(worst, rotation * tnn_steps_power(&out->steps[at]));
    }
    return worst;
}

static void compile_neuron(tnn_circuit *circuit, const tnn_model *model, const layer_inputs *in, size_t neuron) {
    const tnn_params *params = &circuit->spec.params;
    const tnn_layer *layer = &model->layers[in->index];
    tnn_layer_circuit *out = &circuit->layers[in->index];
    const double two_N = 2.0 * params->literal.N;
    const int32_t strength = strength_of(layer, neuron, in->unit);
    const double slope = two_N * strength * in->unit;
    const double middle = 0.5 * ((double)layer->ranges[2 * neuron] + layer->ranges[2 * neuron + 1]);
    const double quarter = (params->literal.N - 1) / 2.0 / two_N;

    set_weights(out, layer, neuron, strength);
    out->offsets[neuron] = to_torus(strength * in->unit * (hidden_part(model, in->index, neuron) - middle) + quarter);
    double variance = weights_power(layer, neuron) * square(strength) * in->variance + in->key_switch +
                      tnn_variance_modulus_switch(params);
    note_position_noise(out, slope, two_N * sqrt(variance), (double)tnn_layer_range_width(layer, neuron));
    out->output_variance = fmax(out->output_variance, fill_tables(out, layer, neuron, slope, params));
}

static int64_t widest_range(const tnn_layer *layer) {
    int64_t widest = 1;
    for (size_t j = 0; j < layer->neurons; j++) {
        int64_t width = tnn_layer_range_width(layer, j);
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* The largest size that an integer logit can have, by the tables before it; at least 1. */
static double largest_logit(const tnn_model *model) {
    const uint32_t last = model->layer_count - 1;
    double largest = 1;
    for (size_t j = 0; j < model->layers[last].neurons; j++) {
        tnn_interval reach = tnn_accumulator_interval(model, last, j);
        largest = fmax(largest, fmax(fabs((double)reach.low), fabs((double)reach.high)));
    }
    return largest;
}

/* The unit of a layer's output values, in 2^-32: as large as the next layer's widest table range, or the logits, allow.
 * A multiple of 4, which centring and multi-value bootstraps halve twice; 0 where nothing fits. */
static uint32_t output_unit_of(const tnn_model *model, uint32_t index) {
    const bool before_logits = index + 2 == model->layer_count;
    double span =
        before_logits ? 2 * largest_logit(model) / LOGIT_SHARE : 2.0 * (double)widest_range(&model->layers[index + 1]);
    return (uint32_t)fmin(floor(0x1p32 / span / 4), 1u << 28) * 4;
}

/* The unit of a pixel level, in 2^-input_bits; 0 where nothing fits. */
static uint32_t input_unit_of(const tnn_model *model, const tnn_params *params) {
    double half_torus = exp2(params->literal.input_bits - 1.0);
    double most = half_torus / (double)model->input_levels;
    return (uint32_t)fmin(floor(half_torus / (double)widest_range(&model->layers[0])), most);
}

/* Logits: weights as they are, and an offset for the bias and the centres. */
static void compile_logits(tnn_circuit *circuit, const tnn_model *model, const layer_inputs *in) {
    const tnn_layer *layer = &model->layers[in->index];
    tnn_layer_circuit *out = &circuit->layers[in->index];
    double worst = 0;
    for (size_t j = 0; j < layer->neurons; j++) {
        set_weights(out, layer, j, 1);
        out->offsets[j] = to_torus(in->unit * hidden_part(model, in->index, j));
        worst = fmax(worst, weights_power(layer, j) * in->variance);
    }
    const tnn_spec *spec = &circuit->spec;
    circuit->logit_variance = worst + tnn_variance_output_rounding(&spec->params, spec->output_bits);
    out->worst_lookup_log2 =
        spec->exact ? tnn_log2_gaussian_tail(fmin(in->unit, 1 - LOGIT_SHARE) / 2, sqrt(circuit->logit_variance))
                    : -INFINITY;
}

static tnn_status compile_layer(tnn_circuit *circuit, const tnn_model *model, layer_inputs *in) {
    const tnn_params *params = &circuit->spec.params;
    const tnn_layer *layer = &model->layers[in->index];
    tnn_layer_circuit *out = &circuit->layers[in->index];
    tnn_status status = allocate_layer(out, layer, params->literal.N);
    if (status != TNN_OK) {
        return status;
    }
    out->worst_lookup_log2 = -INFINITY;
    if (layer->tables_per_neuron == 0) {
        compile_logits(circuit, model, in);
        return TNN_OK;
    }
    out->output_unit = output_unit_of(model, in->index);
    if (out->output_unit == 0) {
        return TNN_ERR_UNSATISFIABLE;
    }
    for (size_t j = 0; j < layer->neurons; j++) {
        compile_neuron(circuit, model, in, j);
    }
    circuit->bootstraps += layer->neurons;
    *in = (layer_inputs){in->index + 1, out->output_unit * 0x1p-32, out->output_variance,
                         tnn_variance_key_switch(params)};
    return TNN_OK;
}

static void set_spec(tnn_circuit *circuit, const tnn_model *model, const tnn_params *params, bool exact) {
    circuit->spec = (tnn_spec){
        .params = *params,
        .height = model->height,
        .width = model->width,
        .channels = model->channels,
        .input_levels = model->input_levels,
        .outputs = (uint32_t)tnn_model_outputs(model),
        .input_unit = input_unit_of(model, params),
        .output_unit = output_unit_of(model, model->layer_count - 2),
        .output_bits = exact ? 32 : 16,
        .exact = exact,
        .output_scale = model->output_scale,
    };
}

static tnn_status compile_layers(tnn_circuit *circuit, const tnn_model *model) {
    const tnn_params *params = &circuit->spec.params;
    const double input_unit = circuit->spec.input_unit * exp2(-(double)params->literal.input_bits);
    if (circuit->spec.input_unit == 0) {
        return TNN_ERR_UNSATISFIABLE;
    }
    layer_inputs in = {0, input_unit, tnn_variance_small(params), 0};
    for (uint32_t i = 0; i < model->layer_count; i++) {
        tnn_status status = compile_layer(circuit, model, &in);
        if (status != TNN_OK) {
            return status;
        }
    }
    circuit->unproven_neurons = tnn_unproven_neurons(model);
    return TNN_OK;
}

/* A circuit under given parameters, whatever its precision. */
static tnn_status compile_with(tnn_circuit **out, const tnn_model *model, const tnn_params *params, bool exact) {
    *out = NULL;
    tnn_circuit *circuit = tnn_alloc(1, sizeof *circuit);
    if (!circuit) {
        return TNN_ERR_MEMORY;
    }
    circuit->layer_count = model->layer_count;
    circuit->layers = tnn_alloc(model->layer_count, sizeof *circuit->layers);
    set_spec(circuit, model, params, exact);
    tnn_status status = circuit->layers ? compile_layers(circuit, model) : TNN_ERR_MEMORY;
    if (status != TNN_OK) {
        tnn_circuit_free(circuit);
        return status;
    }
    *out = circuit;
    return TNN_OK;
}

double tnn_circuit_logit_noise(const tnn_circuit *circuit) {
    const tnn_spec *spec = &circuit->spec;
    return sqrt(circuit->logit_variance) * 0x1p32 / spec->output_unit * spec->output_scale;
}

static bool meets(const tnn_circuit *circuit, const tnn_requirement *requirement) {
    if (ROOM_DEVIATIONS * sqrt(circuit->logit_variance) > (1 - LOGIT_SHARE) / 2) {
        return false;
    }
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        const tnn_layer_circuit *layer = &circuit->layers[i];
        if (requirement->exact ? layer->worst_lookup_log2 > requirement->log2_lookup_error
                               : layer->worst_position_noise > requirement->position_noise) {
            return false;
        }
    }
    return requirement->exact || tnn_circuit_logit_noise(circuit) <= requirement->logit_noise;
}

/* One candidate: TNN_ERR_UNSATISFIABLE where it cannot run the model or is not precise enough. */
static tnn_status try_params(tnn_circuit **out, const tnn_model *model, const tnn_requirement *requirement,
                             const tnn_shipped_params *shipped) {
    const bool switches = shipped->literal.ks_levels > 0;
    tnn_params params;
    tnn_status status = tnn_params_check(&params, &shipped->literal, requirement->security);
    if (status != TNN_OK) {
        return status;
    }
    if (model->layer_count > 2 && !switches) {
        return TNN_ERR_UNSATISFIABLE;
    }
    status = compile_with(out, model, &params, requirement->exact);
    if (status == TNN_OK && !meets(*out, requirement)) {
        tnn_circuit_free(*out);
        *out = NULL;
        return TNN_ERR_UNSATISFIABLE;
    }
    if (status == TNN_OK) {
        (*out)->params_name = shipped->name;
    }
    return status;
}

tnn_status tnn_circuit_compile(tnn_circuit **out, const tnn_model *model, const tnn_requirement *requirement) {
    size_t count;
    const tnn_shipped_params *candidates = tnn_shipped_params_list(&count);
    tnn_status status = TNN_ERR_UNSATISFIABLE;
    *out = NULL;
    for (size_t i = 0; status == TNN_ERR_UNSATISFIABLE && i < count; i++) {
        status = try_params(out, model, requirement, &candidates[i]);
    }
    return status;
}
