#include "noisy_logits.h"

#include <math.h>

#include "draw.h"
#include "memory.h"
#include "testing.h"

static void bound_pixels(const tnn_model *model, logit_bounds *values, const uint8_t *image) {
    for (size_t i = 0; i < tnn_model_pixels(model); i++) {
        double level = model->input_map[image[i]];
        values[i] = (logit_bounds){level, level};
    }
}

static logit_bounds bound_sum(const tnn_layer *layer, size_t neuron, const logit_bounds *values) {
    logit_bounds sum = {layer->biases[neuron], layer->biases[neuron]};
    for (size_t i = 0; i < layer->inputs; i++) {
        double weight = layer->weights[neuron * layer->inputs + i];
        sum.low += weight * (weight > 0 ? values[i].low : values[i].high);
        sum.high += weight * (weight > 0 ? values[i].high : values[i].low);
    }
    return sum;
}

/* Extremes of a table over accumulators; beyond its range the end cells hold. */
static logit_bounds bound_lookup(const tnn_layer *layer, size_t neuron, size_t table, logit_bounds accumulators) {
    const int64_t low = (int64_t)fmax(ceil(accumulators.low), layer->ranges[2 * neuron]);
    const int64_t high = (int64_t)fmin(floor(accumulators.high), layer->ranges[2 * neuron + 1]);
    double first = tnn_layer_lookup(layer, neuron, table, low);
    logit_bounds values = {first, first};
    for (int64_t a = low + 1; a <= high; a++) {
        double value = tnn_layer_lookup(layer, neuron, table, a);
        values.low = fmin(values.low, value);
        values.high = fmax(values.high, value);
    }
    return values;
}

static void bound_layer(const tnn_layer *layer, double position_noise, logit_bounds *outputs,
                        const logit_bounds *inputs) {
    for (size_t j = 0; j < layer->neurons; j++) {
        logit_bounds sum = bound_sum(layer, j, inputs);
        double margin = NOISE_DEVIATIONS * position_noise * (double)tnn_layer_range_width(layer, j) + 0.5;
        sum = (logit_bounds){sum.low - margin, sum.high + margin};
        for (size_t m = 0; m < layer->tables_per_neuron; m++) {
            outputs[j * layer->tables_per_neuron + m] = bound_lookup(layer, j, m, sum);
        }
    }
}

static void bound_logits(const tnn_circuit *circuit, const tnn_layer *layer, logit_bounds *bounds,
                         const logit_bounds *values) {
    const double margin = NOISE_DEVIATIONS * circuit->budget.logit_noise;
    for (size_t j = 0; j < layer->neurons; j++) {
        logit_bounds sum = bound_sum(layer, j, values);
        bounds[j] = (logit_bounds){sum.low - margin, sum.high + margin};
    }
}

void bound_noisy_logits(const tnn_circuit *circuit, const tnn_model *model, logit_bounds *bounds,
                        const uint8_t *image) {
    const uint32_t last = model->layer_count - 1;
    logit_bounds *inputs = new_array(tnn_model_widest(model), sizeof *inputs);
    logit_bounds *outputs = new_array(tnn_model_widest(model), sizeof *outputs);
    bound_pixels(model, inputs, image);
    for (uint32_t i = 0; i < last; i++) {
        bound_layer(&model->layers[i], circuit->budget.layers[i].worst_position_noise, outputs, inputs);
        logit_bounds *swap = inputs;
        inputs = outputs;
        outputs = swap;
    }
    bound_logits(circuit, &model->layers[last], bounds, inputs);
    tnn_free(inputs);
    tnn_free(outputs);
}
