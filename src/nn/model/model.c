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
    tnn_free(layer->thresholds);
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
    tnn_readout_release(&model->readout);
    tnn_free(model->provenance);
    tnn_free(model);
}

tnn_status tnn_layer_allocate(tnn_layer *layer) {
    layer->weights = tnn_alloc(layer->neurons, layer->inputs * sizeof *layer->weights);
    layer->biases = tnn_alloc(layer->neurons, sizeof *layer->biases);
    if (!layer->weights || !layer->biases) {
        return TNN_ERR_MEMORY;
    }
    if (layer->tables_per_neuron == 0) {
        return TNN_OK;
    }
    layer->ranges = tnn_alloc(layer->neurons, 2 * sizeof *layer->ranges);
    layer->tables = tnn_alloc(tnn_layer_outputs(layer), layer->table_cells * sizeof *layer->tables);
    if (layer->has_thresholds) { /* room for one more, so that tables of one cell have an array too */
        layer->thresholds = tnn_alloc(layer->neurons, layer->table_cells * sizeof *layer->thresholds);
    }
    const bool complete = layer->ranges && layer->tables && (layer->thresholds || !layer->has_thresholds);
    return complete ? TNN_OK : TNN_ERR_MEMORY;
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

uint32_t tnn_model_most_tables(const tnn_model *model) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < model->layer_count; i++) {
        const uint32_t tables = model->layers[i].tables_per_neuron;
        most = tables > most ? tables : most;
    }
    return most;
}

/* Thresholds of one neuron. */
static const int32_t *thresholds_of(const tnn_layer *layer, size_t neuron) {
    return layer->thresholds + neuron * (layer->table_cells - 1);
}

static bool thresholds_rise(const tnn_layer *layer, size_t neuron) {
    const int32_t *thresholds = thresholds_of(layer, neuron);
    for (size_t c = 1; c + 1 < layer->table_cells; c++) {
        if (thresholds[c] < thresholds[c - 1]) {
            return false;
        }
    }
    return true;
}

static const char *wrong_ranges(const tnn_layer *layer, const char **field) {
    for (size_t j = 0; j < layer->neurons; j++) {
        const int64_t width = tnn_layer_range_width(layer, j);
        if (width < 1 || (!layer->has_thresholds && width < layer->table_cells)) {
            *field = "ranges";
            return width < 1 ? "a range ends before it begins" : "a range has fewer accumulators than its table cells";
        }
        if (layer->has_thresholds && !thresholds_rise(layer, j)) {
            *field = "thresholds";
            return "a threshold lies below the one before it";
        }
    }
    return NULL;
}

static const char *wrong_weights(const tnn_layer *layer) {
    for (size_t i = 0; i < (size_t)layer->neurons * layer->inputs; i++) {
        if (layer->weights[i] == INT16_MIN) {
            return "a weight is -32768";
        }
    }
    return NULL;
}

/* NULL where a layer contradicts neither itself nor the `inputs` that the layer before it hands on. */
static const char *wrong_layer(const tnn_layer *layer, bool last, size_t inputs, const char **field) {
    *field = "inputs";
    if (layer->inputs != inputs) {
        return "it does not take what the layer before it, or the image, hands on";
    }
    *field = "neurons";
    if (layer->neurons == 0) {
        return "there are none";
    }
    *field = "tables";
    if (last ? layer->tables_per_neuron != 0 || layer->table_cells != 0
             : layer->tables_per_neuron == 0 || layer->table_cells == 0) {
        return last ? "the last layer has some" : "there are none before the last layer";
    }
    *field = "weights";
    const char *what = wrong_weights(layer);
    return what || last ? what : wrong_ranges(layer, field);
}

static const char *wrong_inputs(const tnn_model *model) {
    if (model->input_levels < 2 || model->input_levels > 256) {
        return "there must be 2 to 256";
    }
    for (uint32_t pixel = 0; pixel < 256; pixel++) {
        if (model->input_map[pixel] >= model->input_levels) {
            return "a pixel is mapped beyond the last";
        }
    }
    return NULL;
}

static const char *wrong_readout(const tnn_readout *readout, size_t outputs, const char **field) {
    *field = "outputs";
    if (readout->outputs != outputs) {
        return "there must be as many as neurons of the last layer";
    }
    *field = "class names";
    if (readout->named != 0 && readout->named != tnn_class_count(readout->outputs)) {
        return "there must be one for each class, or none";
    }
    for (uint32_t i = 0; i < readout->outputs; i++) {
        *field = "output scale";
        if (!isfinite(readout->scales[i]) || readout->scales[i] <= 0) {
            return "it must lie above 0";
        }
        *field = "output offset";
        if (!isfinite(readout->offsets[i])) {
            return "it must be finite";
        }
    }
    return NULL;
}

/* Written so that a NaN is wrong. */
static const char *wrong_contract(const tnn_contract *contract) {
    if (!contract->stated) {
        return NULL;
    }
    if (!(contract->position_noise > 0 && contract->position_noise < 0.25) || !(contract->logit_noise > 0) ||
        !(contract->log2_lookup_error <= -1 && contract->log2_lookup_error >= -256)) {
        return "a noise or an error lies outside its range";
    }
    return contract->exact && contract->whole_torus ? "the exact contract does not take the whole torus" : NULL;
}

/* NULL where nothing contradicts anything else. */
static const char *wrong_model(const tnn_model *model, tnn_contradiction *found) {
    const char *what = wrong_inputs(model);
    found->layer = TNN_WHOLE_MODEL;
    found->field = "input levels";
    if (what) {
        return what;
    }
    found->field = "layers";
    if (model->layer_count == 0) {
        return "there are none";
    }
    found->field = "contract";
    what = wrong_contract(&model->contract);
    size_t inputs = tnn_model_pixels(model);
    for (uint32_t i = 0; !what && i < model->layer_count; i++) {
        found->layer = i;
        what = wrong_layer(&model->layers[i], i + 1 == model->layer_count, inputs, &found->field);
        inputs = tnn_layer_outputs(&model->layers[i]);
    }
    if (!what) {
        found->layer = TNN_WHOLE_MODEL;
        what = wrong_readout(&model->readout, tnn_model_outputs(model), &found->field);
    }
    return what;
}

tnn_status tnn_model_check(const tnn_model *model, tnn_contradiction *found) {
    found->what = wrong_model(model, found);
    return found->what ? TNN_ERR_MALFORMED : TNN_OK;
}

int64_t tnn_layer_range_width(const tnn_layer *layer, size_t neuron) {
    return (int64_t)layer->ranges[2 * neuron + 1] - layer->ranges[2 * neuron] + 1;
}

/* How many of rising thresholds [count] lie at or below an accumulator. */
static size_t thresholds_below(const int32_t *thresholds, size_t count, int64_t accumulator) {
    size_t low = 0;
    while (low < count) {
        const size_t middle = low + (count - low) / 2;
        if (thresholds[middle] <= accumulator) {
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return low;
}

size_t tnn_layer_cell(const tnn_layer *layer, size_t neuron, int64_t accumulator) {
    const int64_t low = layer->ranges[2 * neuron];
    const int64_t high = layer->ranges[2 * neuron + 1];
    int64_t inside = accumulator < low ? low : accumulator > high ? high : accumulator;
    return layer->has_thresholds ? thresholds_below(thresholds_of(layer, neuron), layer->table_cells - 1, inside)
                                 : (size_t)((inside - low) * layer->table_cells / (high - low + 1));
}

int16_t *tnn_layer_table(const tnn_layer *layer, size_t neuron, size_t table) {
    return layer->tables + (neuron * layer->tables_per_neuron + table) * layer->table_cells;
}

int32_t tnn_layer_lookup(const tnn_layer *layer, size_t neuron, size_t table, int64_t accumulator) {
    return tnn_layer_table(layer, neuron, table)[tnn_layer_cell(layer, neuron, accumulator)];
}
