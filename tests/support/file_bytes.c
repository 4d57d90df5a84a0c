#include "file_bytes.h"

#include <stdlib.h>
#include <string.h>

#include <torusnn/torusnn.h>

#include "bytes.h"
#include "random.h"
#include "testing.h"

file_bytes new_file(size_t length) {
    file_bytes file = {calloc(length ? length : 1, 1), length};
    assert_non_null(file.bytes);
    return file;
}

file_bytes copy_file(const file_bytes *file, size_t length) {
    file_bytes copy = new_file(length);
    memcpy(copy.bytes, file->bytes, length < file->length ? length : file->length);
    return copy;
}

void free_file(file_bytes *file) {
    free(file->bytes);
}

void set_field(const file_bytes *file, size_t offset, uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; i++) {
        file->bytes[offset + i] = (uint8_t)(value >> 8 * i);
    }
}

void seal_file(const file_bytes *file, char kind) {
    const tnn_bytes_view payload = {file->bytes + FILE_HEADER_BYTES, file->length - FILE_HEADER_BYTES};
    const uint8_t version = file->bytes[4] ? file->bytes[4] : 1;
    const uint8_t start[8] = {'T', 'N', 'N', (uint8_t)kind, version, 0, 0, 0};
    assert_ok(tnn_random_start());
    memcpy(file->bytes, start, sizeof start);
    set_field(file, 8, payload.length, 8);
    tnn_digest(file->bytes + 16, &payload, 1);
}

static size_t layer_bytes(const tnn_layer *layer) {
    const size_t weights = (size_t)layer->neurons * layer->inputs;
    const size_t cells = (size_t)layer->neurons * layer->tables_per_neuron * layer->table_cells;
    return 16 + weights + 4 * (size_t)layer->neurons + (layer->tables_per_neuron ? 8 * (size_t)layer->neurons : 0) +
           2 * cells;
}

static void write_layer(tnn_writer *writer, const tnn_layer *layer) {
    const uint32_t sizes[4] = {layer->inputs, layer->neurons, layer->tables_per_neuron, layer->table_cells};
    for (size_t i = 0; i < 4; i++) {
        tnn_write_u32(writer, sizes[i]);
    }
    for (size_t i = 0; i < (size_t)layer->neurons * layer->inputs; i++) {
        tnn_write_le(writer, (uint8_t)layer->weights[i], 1);
    }
    for (size_t j = 0; j < layer->neurons; j++) {
        tnn_write_u32(writer, (uint32_t)layer->biases[j]);
    }
    for (size_t j = 0; layer->tables_per_neuron && j < 2 * (size_t)layer->neurons; j++) {
        tnn_write_u32(writer, (uint32_t)layer->ranges[j]);
    }
    for (size_t c = 0; layer->tables_per_neuron && c < tnn_layer_outputs(layer) * layer->table_cells; c++) {
        tnn_write_le(writer, (uint16_t)layer->tables[c], 2);
    }
}

static size_t model_bytes(const tnn_model *model) {
    size_t bytes = FILE_HEADER_BYTES + 6 * 4 + 8 + strlen(model->provenance);
    for (uint32_t i = 0; i < model->layer_count; i++) {
        bytes += layer_bytes(&model->layers[i]);
    }
    return bytes;
}

file_bytes model_file(const tnn_model *model) {
    const uint32_t provenance_bytes = (uint32_t)strlen(model->provenance);
    const uint32_t head[6] = {model->height,       model->width,       model->channels,
                              model->input_levels, model->layer_count, provenance_bytes};
    file_bytes file = new_file(model_bytes(model));
    tnn_writer writer = {file.bytes + FILE_HEADER_BYTES};
    for (size_t i = 0; i < 6; i++) {
        tnn_write_u32(&writer, head[i]);
    }
    tnn_write_f64(&writer, model->readout.scales[0]);
    tnn_write_copy(&writer, model->provenance, provenance_bytes);
    for (uint32_t i = 0; i < model->layer_count; i++) {
        write_layer(&writer, &model->layers[i]);
    }
    seal_file(&file, 'M');
    return file;
}

tnn_model *through_file(tnn_model *model) {
    file_bytes file = model_file(model);
    tnn_model_free(model);
    assert_ok(tnn_model_load(&model, NULL, file.bytes, file.length));
    free_file(&file);
    return model;
}
