/*
 * What a model asks of parameters, gathered once. The budget of a parameter set then costs a few operations a neuron
 * and looks at no weight. With w a neuron's weights over inputs of variance V, noise reaches its accumulator as
 *
 *     sum over i of w_i^2 V                           inputs with errors of their own: pixels, neurons of one table
 *     sum over neurons of (sum over m of |w_m| g_m)^2 V       tables m of one neuron, which share a rotation
 *
 * and "power" is the factor of V. Widths say how many accumulators must have a place on the torus: those of the table's
 * range in a tolerant circuit; in an exact one also those that the weights reach beyond it, as far as the table goes on
 * flat (range.h). The spread of a logit is its standard deviation where every entry of every table is read as often:
 * tolerant noise is stated as a fraction of it.
 */
#include "shape.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "range.h"

/* Positions of a table that takes half of its half torus in the smallest ring. */
#define NARROWEST_TABLE 128.0

/* Steps of twice the table, as tnn_bootstrap_many takes them. */
static tnn_gain table_gain(const tnn_layer *layer, size_t output) {
    if (layer->tables_per_neuron == 1) {
        return (tnn_gain){1, 1};
    }
    const int16_t *entries = layer->tables + output * layer->table_cells;
    tnn_gain gain = {0};
    for (size_t i = 1; i < layer->table_cells; i++) {
        double step = 2.0 * ((double)entries[i] - entries[i - 1]);
        gain.own += step * step;
        gain.common += fabs(step);
    }
    /* Where cells are narrower than positions, steps merge: (a + b)^2 is at most 2 (a^2 + b^2). */
    gain.own = fmin(gain.common, sqrt(gain.own * ceil(layer->table_cells / NARROWEST_TABLE)));
    return gain;
}

/* Tables of one neuron add up before they are squared: they share a rotation. gains is NULL for pixels. */
static void add_power(tnn_neuron_shape *shape, const int16_t *weights, const tnn_gain *gains, size_t per_neuron) {
    double own = 0;
    double common = 0;
    for (size_t m = 0; m < per_neuron; m++) {
        own += abs(weights[m]) * (gains ? gains[m].own : 1);
        common += abs(weights[m]) * (gains ? gains[m].common : 1);
    }
    shape->power += own * own;
    shape->common_power += fmax(common * common - own * own, 0);
}

/* Variance of layer `index`'s inputs where every entry of a table, or every level of a pixel, is as likely. */
static double entry_variance(const tnn_model *model, uint32_t index, size_t input) {
    if (index == 0) {
        const double levels = model->input_levels;
        return (levels * levels - 1) / 12;
    }
    const tnn_layer *before = &model->layers[index - 1];
    const int16_t *entries = before->tables + input * before->table_cells;
    double sum = 0;
    double squares = 0;
    for (size_t c = 0; c < before->table_cells; c++) {
        sum += entries[c];
        squares += (double)entries[c] * entries[c];
    }
    return (squares - sum * sum / before->table_cells) / before->table_cells;
}

uint32_t tnn_weight_twos(const int16_t *weights, size_t count) {
    uint32_t bits = 1u << TNN_MOST_TWOS;
    for (size_t i = 0; i < count; i++) {
        bits |= (uint32_t)weights[i];
    }
    return (uint32_t)__builtin_ctz(bits);
}

static tnn_neuron_shape neuron_shape(const tnn_model *model, uint32_t index, size_t neuron, const tnn_gain *gains) {
    const tnn_layer *layer = &model->layers[index];
    const int16_t *weights = layer->weights + neuron * layer->inputs;
    const size_t per_neuron = index > 0 ? model->layers[index - 1].tables_per_neuron : 1;
    tnn_neuron_shape shape = {.spread = 1, .largest_weight = 1};
    shape.twos = tnn_weight_twos(weights, layer->inputs);
    for (size_t i = 0; i < layer->inputs; i++) {
        shape.largest_weight = abs(weights[i]) > shape.largest_weight ? abs(weights[i]) : shape.largest_weight;
    }
    for (size_t i = 0; i < layer->inputs; i += per_neuron) {
        add_power(&shape, weights + i, gains ? gains + i : NULL, per_neuron);
    }
    return shape;
}

/* variances [inputs] of the layer of the logits. A logit that never changes spreads by 1, so that its noise has
 * something to be held against. */
static double spread_of(const tnn_layer *layer, size_t neuron, const double *variances) {
    double variance = 0;
    for (size_t i = 0; i < layer->inputs; i++) {
        const double weight = layer->weights[neuron * layer->inputs + i];
        variance += weight * weight * variances[i];
    }
    return variance > 0 ? sqrt(variance) : 1;
}

static tnn_status set_spreads(tnn_layer_shape *out, const tnn_model *model, uint32_t index, tnn_watch *watch) {
    const tnn_layer *layer = &model->layers[index];
    const uint32_t cells = index > 0 ? model->layers[index - 1].table_cells : 1;
    double *variances = tnn_alloc(layer->inputs, sizeof *variances);
    if (!variances) {
        return TNN_ERR_MEMORY;
    }
    bool on = true;
    for (size_t i = 0; i < layer->inputs && on; i++) {
        variances[i] = entry_variance(model, index, i);
        on = tnn_watch_work(watch, 0, cells);
    }
    for (size_t j = 0; j < out->neurons && on; j++) {
        out->neuron[j].spread = spread_of(layer, j, variances);
        on = tnn_watch_work(watch, 0, layer->inputs);
    }
    tnn_free(variances);
    return on ? TNN_OK : TNN_ERR_CANCELLED;
}

/* For a logit, the largest size it can have. */
static void set_logit_widths(tnn_layer_shape *out, const tnn_interval *reach) {
    for (size_t j = 0; j < out->neurons; j++) {
        tnn_neuron_shape *neuron = &out->neuron[j];
        neuron->width = fmax(1, fmax(fabs((double)reach[j].low), fabs((double)reach[j].high)));
        neuron->half_width = neuron->width;
    }
}

static void set_tolerant_widths(tnn_layer_shape *out, const tnn_layer *layer, bool whole_torus) {
    for (size_t j = 0; j < out->neurons; j++) {
        out->neuron[j].width = (double)tnn_layer_range_width(layer, j);
        out->neuron[j].half_width = out->neuron[j].width / (whole_torus ? 2 : 1);
    }
}

/* reach: what the weights allow; taken: what the circuit is to be right for, or NULL for the tables alone. */
static void set_exact_widths(tnn_layer_shape *out, const tnn_layer *layer, const tnn_interval *reach,
                             const tnn_interval *taken) {
    for (size_t j = 0; j < out->neurons; j++) {
        tnn_neuron_shape *neuron = &out->neuron[j];
        neuron->width = (double)tnn_layer_range_width(layer, j);
        neuron->cover_width = (double)tnn_covering_width(layer, j, reach[j]);
        neuron->half_width = taken ? (double)tnn_covering_width(layer, j, taken[j]) : neuron->width;
    }
}

/* The widths of a layer for which the weights' reach counts: logits, and tables of exact circuits. */
static tnn_status set_widths_by_reach(tnn_layer_shape *out, const tnn_model *model, uint32_t index,
                                      const tnn_requirement *requirement, tnn_reach_source source) {
    const tnn_layer *layer = &model->layers[index];
    tnn_interval *reach;
    tnn_interval *shown = NULL;
    tnn_status status = tnn_layer_reach(&reach, model, index, requirement->watch);
    if (status == TNN_OK && layer->tables_per_neuron > 0 && source == TNN_REACH_OF_IMAGES) {
        status =
            tnn_images_reach(&shown, model, index, requirement->images, requirement->image_count, requirement->watch);
    }
    if (status == TNN_OK && layer->tables_per_neuron == 0) {
        set_logit_widths(out, reach);
        status = set_spreads(out, model, index, requirement->watch);
    } else if (status == TNN_OK) {
        set_exact_widths(out, layer, reach, source == TNN_REACH_OF_WEIGHTS ? reach : shown);
    }
    tnn_free(shown);
    tnn_free(reach);
    return status;
}

static tnn_status set_widths(tnn_layer_shape *out, const tnn_model *model, uint32_t index,
                             const tnn_requirement *requirement, tnn_reach_source source) {
    const tnn_layer *layer = &model->layers[index];
    tnn_status status = TNN_OK;
    if (layer->tables_per_neuron > 0 && !requirement->exact) {
        set_tolerant_widths(out, layer, requirement->whole_torus);
    } else {
        status = set_widths_by_reach(out, model, index, requirement, source);
    }
    for (size_t j = 0; j < out->neurons; j++) {
        out->widest = fmax(out->widest, out->neuron[j].half_width);
    }
    return status;
}

static uint64_t products_of(const tnn_layer *layer) {
    const size_t weights = (size_t)layer->neurons * layer->inputs;
    uint64_t products = 0;
    for (size_t i = 0; i < weights; i++) {
        products += layer->weights[i] != 0;
    }
    return products;
}

static tnn_status fill_layer(tnn_layer_shape *out, const tnn_model *model, uint32_t index, const tnn_gain *gains,
                             const tnn_requirement *requirement, tnn_reach_source source) {
    const tnn_layer *layer = &model->layers[index];
    *out = (tnn_layer_shape){.inputs = layer->inputs,
                             .neurons = layer->neurons,
                             .tables_per_neuron = layer->tables_per_neuron,
                             .table_cells = layer->table_cells,
                             .products = products_of(layer)};
    out->neuron = tnn_alloc(layer->neurons, sizeof *out->neuron);
    out->gain = tnn_alloc(tnn_layer_outputs(layer), sizeof *out->gain);
    if (!out->neuron || !out->gain) {
        return TNN_ERR_MEMORY;
    }
    bool on = true;
    for (size_t j = 0; j < layer->neurons && on; j++) {
        out->neuron[j] = neuron_shape(model, index, j, gains);
        on = tnn_watch_work(requirement->watch, 1, 3 * (uint64_t)layer->inputs);
    }
    for (size_t i = 0; layer->tables_per_neuron > 0 && i < tnn_layer_outputs(layer) && on; i++) {
        out->gain[i] = table_gain(layer, i);
        on = tnn_watch_work(requirement->watch, 0, 3 * (uint64_t)layer->table_cells);
    }
    return on ? set_widths(out, model, index, requirement, source) : TNN_ERR_CANCELLED;
}

static void count(tnn_shape *shape, const tnn_layer_shape *layer) {
    shape->bootstraps += layer->tables_per_neuron ? layer->neurons : 0;
    for (size_t j = 0; j < layer->neurons; j++) {
        shape->widened = shape->widened || layer->neuron[j].half_width > layer->neuron[j].width;
    }
}

static uint64_t neuron_count(const tnn_model *model) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < model->layer_count; i++) {
        count += model->layers[i].neurons;
    }
    return count;
}

tnn_status tnn_shape_create(tnn_shape **out, const tnn_model *model, const tnn_requirement *requirement,
                            tnn_reach_source source) {
    *out = NULL;
    tnn_shape *shape = tnn_alloc(1, sizeof *shape);
    if (!shape) {
        return TNN_ERR_MEMORY;
    }
    shape->layer_count = model->layer_count;
    shape->input_levels = model->input_levels;
    shape->most_tables = tnn_model_most_tables(model);
    shape->layers = tnn_alloc(model->layer_count, sizeof *shape->layers);
    tnn_status status = shape->layers ? TNN_OK : TNN_ERR_MEMORY;
    tnn_watch_stage(requirement->watch, neuron_count(model));
    for (uint32_t i = 0; status == TNN_OK && i < model->layer_count; i++) {
        const tnn_gain *gains = i > 0 ? shape->layers[i - 1].gain : NULL;
        status = fill_layer(&shape->layers[i], model, i, gains, requirement, source);
    }
    if (status != TNN_OK) {
        tnn_shape_free(shape);
        return status;
    }
    for (uint32_t i = 0; i < model->layer_count; i++) {
        count(shape, &shape->layers[i]);
    }
    *out = shape;
    return TNN_OK;
}

void tnn_shape_free(tnn_shape *shape) {
    if (!shape) {
        return;
    }
    for (uint32_t i = 0; shape->layers && i < shape->layer_count; i++) {
        tnn_free(shape->layers[i].neuron);
        tnn_free(shape->layers[i].gain);
    }
    tnn_free(shape->layers);
    tnn_free(shape);
}
