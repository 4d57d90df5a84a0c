/*
 * From a model's integers to what its noise depends on.
 *
 * If each input of a neuron has an independent error of variance V, its accumulator has the variance sum of w_i^2 V:
 * that sum is `power`. Tables of one neuron are not independent: they come from one rotation. Such a table is a sum of
 * steps times the rotation's coefficients, whose errors have a part of their own and a part in common,
 * V = V_own + V_common. Its variance is at most
 *
 *     V_own |steps|_2^2 + V_common |steps|_1^2  =  V own^2 + V_common (common^2 - own^2)
 *
 * with own = |steps|_2 and common = |steps|_1: errors of the common part are correlated by at most 1 in size
 * (tnn_variance_common). Weighted tables of one neuron add up before they are squared, again as sums
 * of absolute values.
 */
#include "shape.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "range.h"

/* Positions of a table that takes half of its half torus in the smallest ring. */
#define NARROWEST_TABLE 128.0

/* |steps|_2 and |steps|_1 of twice the table, as tnn_bootstrap_many takes them: entries less the half-integer centre
 * are integers only when doubled, and the rotated polynomial has half the unit. */
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
    /* Where cells are narrower than positions, m of them share one, and their steps merge: (a_1 + ... + a_m)^2 is at
     * most m (a_1^2 + ... + a_m^2), and |steps|_2 never more than |steps|_1. */
    gain.own = fmin(gain.common, sqrt(gain.own * ceil(layer->table_cells / NARROWEST_TABLE)));
    return gain;
}

/* Logits have no range: the largest size that the weights let them have, at least 1, takes its place. */
static double neuron_width(const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    if (layer->tables_per_neuron > 0) {
        return (double)tnn_layer_range_width(layer, neuron);
    }
    tnn_interval reach = tnn_accumulator_interval(model, index, neuron);
    return fmax(1, fmax(fabs((double)reach.low), fabs((double)reach.high)));
}

/* Inputs that one neuron before made, 1 or per_neuron tables of it: they share a rotation, so they add up before they
 * are squared. gains is NULL for pixels. */
static void add_power(tnn_neuron_shape *shape, const int8_t *weights, const tnn_gain *gains, size_t per_neuron) {
    double own = 0;
    double common = 0;
    for (size_t m = 0; m < per_neuron; m++) {
        own += abs(weights[m]) * (gains ? gains[m].own : 1);
        common += abs(weights[m]) * (gains ? gains[m].common : 1);
    }
    shape->power += own * own;
    shape->common_power += fmax(common * common - own * own, 0);
}

/* Inputs of one rotation stand side by side: `per_neuron` tables of a neuron of the layer before. */
static tnn_neuron_shape neuron_shape(const tnn_model *model, uint32_t index, size_t neuron, const tnn_gain *gains) {
    const tnn_layer *layer = &model->layers[index];
    const int8_t *weights = layer->weights + neuron * layer->inputs;
    const size_t per_neuron = index > 0 ? model->layers[index - 1].tables_per_neuron : 1;
    tnn_neuron_shape shape = {.width = neuron_width(model, index, neuron), .largest_weight = 1};
    for (size_t i = 0; i < layer->inputs; i++) {
        shape.largest_weight = abs(weights[i]) > shape.largest_weight ? abs(weights[i]) : shape.largest_weight;
    }
    for (size_t i = 0; i < layer->inputs; i += per_neuron) {
        add_power(&shape, weights + i, gains ? gains + i : NULL, per_neuron);
    }
    return shape;
}

static tnn_status fill_layer(tnn_shape *shape, const tnn_model *model, uint32_t index, bool whole_torus) {
    const tnn_layer *layer = &model->layers[index];
    const tnn_gain *gains = index > 0 ? shape->layers[index - 1].gain : NULL;
    tnn_layer_shape *out = &shape->layers[index];
    *out = (tnn_layer_shape){
        .neurons = layer->neurons, .tables_per_neuron = layer->tables_per_neuron, .table_cells = layer->table_cells};
    out->neuron = tnn_alloc(layer->neurons, sizeof *out->neuron);
    out->gain = tnn_alloc(tnn_layer_outputs(layer), sizeof *out->gain);
    if (!out->neuron || !out->gain) {
        return TNN_ERR_MEMORY;
    }
    /* A table of the whole torus has twice the room: each of its halves must fit half the torus. */
    const double folds = whole_torus && layer->tables_per_neuron > 0 ? 2 : 1;
    for (size_t j = 0; j < layer->neurons; j++) {
        out->neuron[j] = neuron_shape(model, index, j, gains);
        out->neuron[j].half_width = out->neuron[j].width / folds;
        out->widest = fmax(out->widest, out->neuron[j].half_width);
    }
    for (size_t i = 0; layer->tables_per_neuron > 0 && i < tnn_layer_outputs(layer); i++) {
        out->gain[i] = table_gain(layer, i);
    }
    shape->bootstraps += layer->tables_per_neuron ? layer->neurons : 0;
    return TNN_OK;
}

tnn_status tnn_shape_create(tnn_shape **out, const tnn_model *model, bool whole_torus) {
    *out = NULL;
    tnn_shape *shape = tnn_alloc(1, sizeof *shape);
    if (!shape) {
        return TNN_ERR_MEMORY;
    }
    shape->layer_count = model->layer_count;
    shape->input_levels = model->input_levels;
    shape->layers = tnn_alloc(model->layer_count, sizeof *shape->layers);
    tnn_status status = shape->layers ? TNN_OK : TNN_ERR_MEMORY;
    for (uint32_t i = 0; status == TNN_OK && i < model->layer_count; i++) {
        status = fill_layer(shape, model, i, whole_torus);
    }
    if (status != TNN_OK) {
        tnn_shape_free(shape);
        return status;
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
