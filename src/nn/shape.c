#include "shape.h"

#include <math.h>

#include "memory.h"
#include "range.h"

/* A multi-value bootstrap multiplies its noise by the steps of twice the table (tnn_bootstrap_many). */
static double table_gain(const tnn_layer *layer, size_t output) {
    if (layer->tables_per_neuron == 1) {
        return 1;
    }
    const int16_t *entries = layer->tables + output * layer->table_cells;
    double gain = 0;
    for (size_t i = 1; i < layer->table_cells; i++) {
        double step = 2.0 * ((double)entries[i] - entries[i - 1]);
        gain += step * step;
    }
    return gain;
}

static double neuron_width(const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    if (layer->tables_per_neuron > 0) {
        return (double)tnn_layer_range_width(layer, neuron);
    }
    tnn_interval reach = tnn_accumulator_interval(model, index, neuron);
    return fmax(1, fmax(fabs((double)reach.low), fabs((double)reach.high)));
}

static tnn_neuron_shape neuron_shape(const tnn_model *model, uint32_t index, size_t neuron, const double *gains) {
    const tnn_layer *layer = &model->layers[index];
    tnn_neuron_shape shape = {.width = neuron_width(model, index, neuron), .largest_weight = 1};
    for (size_t i = 0; i < layer->inputs; i++) {
        int32_t weight = layer->weights[neuron * layer->inputs + i];
        int32_t size = weight < 0 ? -weight : weight;
        shape.largest_weight = size > shape.largest_weight ? size : shape.largest_weight;
        shape.power += (double)weight * weight * (gains ? gains[i] : 1);
    }
    return shape;
}

static tnn_status fill_layer(tnn_shape *shape, const tnn_model *model, uint32_t index, bool whole_torus) {
    const tnn_layer *layer = &model->layers[index];
    const double *gains = index > 0 ? shape->layers[index - 1].gain : NULL;
    tnn_layer_shape *out = &shape->layers[index];
    *out = (tnn_layer_shape){
        .neurons = layer->neurons, .tables_per_neuron = layer->tables_per_neuron, .table_cells = layer->table_cells};
    out->neuron = tnn_alloc(layer->neurons, sizeof *out->neuron);
    out->gain = tnn_alloc(tnn_layer_outputs(layer), sizeof *out->gain);
    if (!out->neuron || !out->gain) {
        return TNN_ERR_MEMORY;
    }
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
