#include "model.h"

#include <math.h>

#include "memory.h"

tnn_status tnn_model_new(tnn_model **out, uint32_t layer_count) {
    *out = NULL;
    tnn_model *model = tnn_alloc(1, sizeof *model);
    if (!model) {
        return TNN_ERR_MEMORY;
    }
    model->layer_count = layer_count;
    model->layers = tnn_alloc(layer_count, sizeof *model->layers);
    if (!model->layers) {
        tnn_model_free(model);
        return TNN_ERR_MEMORY;
    }
    *out = model;
    return TNN_OK;
}

void tnn_layer_release(tnn_layer *layer) {
    tnn_free(layer->weights);
    tnn_free(layer->biases);
    tnn_free(layer->ranges);
    tnn_free(layer->tables);
}

void tnn_model_free(tnn_model *model) {
    if (!model) {
        return;
    }
    for (uint32_t i = 0; model->layers && i < model->layer_count; i++) {
        tnn_layer_release(&model->layers[i]);
    }
    tnn_free(model->layers);
    tnn_free(model->provenance);
    tnn_free(model);
}

tnn_status tnn_layer_allocate(tnn_layer *layer) {
    layer->weights = tnn_alloc(layer->neurons, layer->inputs);
    layer->biases = tnn_alloc(layer->neurons, sizeof *layer->biases);
    if (!layer->weights || !layer->biases) {
        return TNN_ERR_MEMORY;
    }
    if (layer->tables_per_neuron == 0) {
        return TNN_OK;
    }
    layer->ranges = tnn_alloc(layer->neurons, 2 * sizeof *layer->ranges);
    layer->tables = tnn_alloc(tnn_layer_outputs(layer), layer->table_cells * sizeof *layer->tables);
    return layer->ranges && layer->tables ? TNN_OK : TNN_ERR_MEMORY;
}

size_t tnn_layer_outputs(const tnn_layer *layer) {
    return layer->tables_per_neuron ? (size_t)layer->neurons * layer->tables_per_neuron : layer->neurons;
}

size_t tnn_model_pixels(const tnn_model *model) {
    return (size_t)model->height * model->width * model->channels;
}

size_t tnn_model_outputs(const tnn_model *model) {
    return model->layers[model->layer_count - 1].neurons;
}

size_t tnn_model_widest(const tnn_model *model) {
    size_t widest = tnn_model_pixels(model);
    for (uint32_t i = 0; i < model->layer_count; i++) {
        size_t outputs = tnn_layer_outputs(&model->layers[i]);
        widest = outputs > widest ? outputs : widest;
    }
    return widest;
}

static bool ranges_ok(const tnn_layer *layer) {
    for (size_t j = 0; j < layer->neurons; j++) {
        if (tnn_layer_range_width(layer, j) < layer->table_cells) {
            return false;
        }
    }
    return true;
}

static bool layer_ok(const tnn_layer *layer, bool last, size_t inputs) {
    if (layer->inputs != inputs || layer->neurons == 0) {
        return false;
    }
    if (last) {
        return layer->tables_per_neuron == 0 && layer->table_cells == 0;
    }
    return layer->tables_per_neuron > 0 && layer->table_cells > 0 && ranges_ok(layer);
}

tnn_status tnn_model_check(const tnn_model *model) {
    if (model->input_levels < 2 || model->input_levels > 256 || !isfinite(model->output_scale) ||
        model->output_scale <= 0 || model->layer_count < 2) {
        return TNN_ERR_MALFORMED;
    }
    size_t inputs = tnn_model_pixels(model);
    for (uint32_t i = 0; i < model->layer_count; i++) {
        if (!layer_ok(&model->layers[i], i + 1 == model->layer_count, inputs)) {
            return TNN_ERR_MALFORMED;
        }
        inputs = tnn_layer_outputs(&model->layers[i]);
    }
    return TNN_OK;
}

int64_t tnn_layer_range_width(const tnn_layer *layer, size_t neuron) {
    return (int64_t)layer->ranges[2 * neuron + 1] - layer->ranges[2 * neuron] + 1;
}

size_t tnn_layer_cell(const tnn_layer *layer, size_t neuron, int64_t accumulator) {
    const int64_t low = layer->ranges[2 * neuron];
    const int64_t high = layer->ranges[2 * neuron + 1];
    int64_t inside = accumulator < low ? low : accumulator > high ? high : accumulator;
    return (size_t)((inside - low) * layer->table_cells / (high - low + 1));
}

int16_t *tnn_layer_table(const tnn_layer *layer, size_t neuron, size_t table) {
    return layer->tables + (neuron * layer->tables_per_neuron + table) * layer->table_cells;
}

int32_t tnn_layer_lookup(const tnn_layer *layer, size_t neuron, size_t table, int64_t accumulator) {
    return tnn_layer_table(layer, neuron, table)[tnn_layer_cell(layer, neuron, accumulator)];
}
