/* Reading model files. docs/FORMATS.md has the layout. Every size is held against its limit, and against the bytes that
 * are there, before memory is asked for. */
#include <torusnn/torusnn.h>

#include "header.h"
#include "memory.h"
#include "model.h"

typedef struct model_head {
    uint32_t height, width, channels, input_levels, layer_count, provenance_bytes;
    double output_scale;
} model_head;

static model_head read_head(tnn_reader *reader) {
    model_head head = {.height = tnn_read_u32(reader)};
    head.width = tnn_read_u32(reader);
    head.channels = tnn_read_u32(reader);
    head.input_levels = tnn_read_u32(reader);
    head.layer_count = tnn_read_u32(reader);
    head.provenance_bytes = tnn_read_u32(reader);
    head.output_scale = tnn_read_f64(reader);
    return head;
}

static bool at_most(uint64_t value, uint64_t limit) {
    return value <= limit;
}

static tnn_status check_head(const tnn_reader *reader, const model_head *head) {
    if (reader->failed) {
        return TNN_ERR_TRUNCATED;
    }
    if (!at_most(head->height, TNN_MAX_WIDTH) || !at_most(head->width, TNN_MAX_WIDTH) ||
        !at_most(head->channels, TNN_MAX_WIDTH) || !at_most((uint64_t)head->height * head->width, TNN_MAX_WIDTH) ||
        !at_most((uint64_t)head->height * head->width * head->channels, TNN_MAX_WIDTH) ||
        !at_most(head->layer_count, TNN_MAX_LAYERS) || !at_most(head->provenance_bytes, TNN_MAX_PROVENANCE)) {
        return TNN_ERR_LIMIT;
    }
    return head->layer_count == 0 ? TNN_ERR_MALFORMED : TNN_OK;
}

static tnn_status read_provenance(tnn_reader *reader, tnn_model *model, size_t length) {
    model->provenance = tnn_alloc(length + 1, 1);
    if (!model->provenance) {
        return TNN_ERR_MEMORY;
    }
    tnn_read_copy(reader, model->provenance, length);
    if (reader->failed) {
        return TNN_ERR_TRUNCATED;
    }
    return memchr(model->provenance, 0, length) ? TNN_ERR_MALFORMED : TNN_OK;
}

static uint64_t table_bytes(const tnn_layer *layer) {
    uint64_t cells = (uint64_t)layer->neurons * layer->tables_per_neuron * layer->table_cells;
    return layer->tables_per_neuron ? 8 * (uint64_t)layer->neurons + 2 * cells : 0;
}

static tnn_status read_layer_sizes(tnn_reader *reader, tnn_layer *layer, uint64_t *weights_so_far) {
    tnn_layer sizes = {.inputs = tnn_read_u32(reader)};
    sizes.neurons = tnn_read_u32(reader);
    sizes.tables_per_neuron = tnn_read_u32(reader);
    sizes.table_cells = tnn_read_u32(reader);
    if (reader->failed) {
        return TNN_ERR_TRUNCATED;
    }
    if (!at_most(sizes.inputs, TNN_MAX_WIDTH) || !at_most(sizes.neurons, TNN_MAX_WIDTH) ||
        !at_most((uint64_t)sizes.neurons * sizes.tables_per_neuron, TNN_MAX_WIDTH) ||
        !at_most(sizes.table_cells, TNN_MAX_TABLE_CELLS)) {
        return TNN_ERR_LIMIT;
    }
    uint64_t weights = (uint64_t)sizes.inputs * sizes.neurons;
    *weights_so_far += weights;
    if (!at_most(*weights_so_far, TNN_MAX_WEIGHTS)) {
        return TNN_ERR_LIMIT;
    }
    if (weights == 0 || (sizes.tables_per_neuron != 0 && sizes.table_cells == 0)) {
        return TNN_ERR_MALFORMED;
    }
    if (weights + 4 * (uint64_t)sizes.neurons + table_bytes(&sizes) > tnn_reader_left(reader)) {
        return TNN_ERR_TRUNCATED;
    }
    *layer = sizes;
    return TNN_OK;
}

static void read_layer_data(tnn_reader *reader, tnn_layer *layer) {
    tnn_read_copy(reader, layer->weights, (size_t)layer->neurons * layer->inputs);
    for (size_t i = 0; i < layer->neurons; i++) {
        layer->biases[i] = (int32_t)tnn_read_u32(reader);
    }
    if (layer->tables_per_neuron == 0) {
        return;
    }
    for (size_t i = 0; i < 2 * (size_t)layer->neurons; i++) {
        layer->ranges[i] = (int32_t)tnn_read_u32(reader);
    }
    for (size_t i = 0; i < tnn_layer_outputs(layer) * layer->table_cells; i++) {
        layer->tables[i] = (int16_t)tnn_read_le(reader, 2);
    }
}

static tnn_status read_layers(tnn_reader *reader, tnn_model *model) {
    uint64_t weights = 0;
    for (uint32_t i = 0; i < model->layer_count; i++) {
        tnn_layer *layer = &model->layers[i];
        tnn_status status = read_layer_sizes(reader, layer, &weights);
        status = status == TNN_OK ? tnn_layer_allocate(layer) : status;
        if (status != TNN_OK) {
            return status;
        }
        read_layer_data(reader, layer);
    }
    return tnn_close(reader);
}

static tnn_status read_model(tnn_reader *reader, tnn_model *model, const model_head *head) {
    model->height = head->height;
    model->width = head->width;
    model->channels = head->channels;
    model->input_levels = head->input_levels;
    model->output_scale = head->output_scale;
    tnn_status status = read_provenance(reader, model, head->provenance_bytes);
    status = status == TNN_OK ? read_layers(reader, model) : status;
    return status == TNN_OK ? tnn_model_check(model) : status;
}

tnn_status tnn_model_load(tnn_model **out, const uint8_t *bytes, size_t length) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    tnn_reader reader;
    tnn_status status = tnn_open(&reader, TNN_KIND_MODEL, bytes, length);
    if (status != TNN_OK) {
        return status;
    }
    model_head head = read_head(&reader);
    status = check_head(&reader, &head);
    tnn_model *model = NULL;
    status = status == TNN_OK ? tnn_model_new(&model, head.layer_count) : status;
    status = status == TNN_OK ? read_model(&reader, model, &head) : status;
    if (status != TNN_OK) {
        tnn_model_free(model);
        return status;
    }
    memcpy(model->fingerprint, bytes + 16, sizeof model->fingerprint); /* the header's digest */
    *out = model;
    return TNN_OK;
}
