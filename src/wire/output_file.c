/*
 * Payload of an output: circuit fingerprint (16 bytes); key id (16); u32 output_bits, outputs, dimension; u32 reserved
 * 0; LWE ciphertexts under the key of tnn_params_output_part, [outputs][dimension + 1] of output_bits / 8 bytes.
 */
#include "header.h"
#include "memory.h"
#include "objects.h"
#include "sizes.h"

#define OUTPUT_FIXED_BYTES (TNN_FINGERPRINT_BYTES + TNN_KEY_ID_BYTES + 16)

size_t tnn_output_file_bytes(uint32_t output_bits, size_t outputs, size_t dimension) {
    return TNN_HEADER_BYTES + OUTPUT_FIXED_BYTES + outputs * (dimension + 1) * (output_bits / 8);
}

size_t tnn_output_size(const tnn_output *output) {
    return output ? tnn_output_file_bytes(output->output_bits, output->outputs, output->dimension) : 0;
}

static size_t word_count(const tnn_output *output) {
    return (size_t)output->outputs * (output->dimension + 1);
}

tnn_status tnn_output_new(tnn_output **out, uint32_t output_bits, uint32_t outputs, uint32_t dimension) {
    const size_t words = (size_t)outputs * (dimension + 1);
    tnn_output *output = tnn_alloc(1, sizeof *output + words * sizeof *output->words);
    *out = output;
    if (!output) {
        return TNN_ERR_MEMORY;
    }
    output->output_bits = output_bits;
    output->outputs = outputs;
    output->dimension = dimension;
    return TNN_OK;
}

void tnn_output_free(tnn_output *output) {
    tnn_free(output);
}

tnn_status tnn_output_save(const tnn_output *output, uint8_t *out, size_t capacity) {
    tnn_writer writer;
    tnn_status status = output ? tnn_begin(&writer, out, capacity, tnn_output_size(output)) : TNN_ERR_MISUSE;
    if (status != TNN_OK) {
        return status;
    }
    tnn_write_copy(&writer, output->fingerprint, sizeof output->fingerprint);
    tnn_write_copy(&writer, output->id.bytes, sizeof output->id.bytes);
    tnn_write_u32(&writer, output->output_bits);
    tnn_write_u32(&writer, output->outputs);
    tnn_write_u32(&writer, output->dimension);
    tnn_write_u32(&writer, 0);
    for (size_t i = 0; i < word_count(output); i++) {
        tnn_write_le(&writer, output->words[i], output->output_bits / 8);
    }
    tnn_finish(out, TNN_KIND_OUTPUT, 1, tnn_output_size(output));
    return TNN_OK;
}

/* The sizes of a payload whose length they must explain. */
static tnn_status check_shape(const uint32_t sizes[4], size_t payload) {
    const uint32_t output_bits = sizes[0];
    if (payload < OUTPUT_FIXED_BYTES) {
        return TNN_ERR_TRUNCATED;
    }
    if (sizes[1] > TNN_MAX_WIDTH || sizes[2] > TNN_MAX_RANK * TNN_MAX_RING_DEGREE) {
        return TNN_ERR_LIMIT;
    }
    uint64_t words = (uint64_t)sizes[1] * (sizes[2] + 1);
    if (sizes[1] == 0 || sizes[2] == 0 || sizes[3] != 0 || (output_bits != 16 && output_bits != 32) ||
        payload != OUTPUT_FIXED_BYTES + words * (output_bits / 8)) {
        return TNN_ERR_MALFORMED;
    }
    return TNN_OK;
}

tnn_status tnn_output_load(tnn_output **out, const uint8_t *bytes, size_t length) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    tnn_reader reader;
    tnn_status status = tnn_open(&reader, NULL, TNN_KIND_OUTPUT, bytes, length);
    if (status != TNN_OK) {
        return status;
    }
    uint8_t fingerprint[TNN_FINGERPRINT_BYTES];
    tnn_key_id id;
    uint32_t sizes[4];
    tnn_read_copy(&reader, fingerprint, sizeof fingerprint);
    tnn_read_copy(&reader, id.bytes, sizeof id.bytes);
    for (size_t i = 0; i < 4; i++) {
        sizes[i] = tnn_read_u32(&reader);
    }
    status = check_shape(sizes, reader.length);
    tnn_output *output = NULL;
    status = status == TNN_OK ? tnn_output_new(&output, sizes[0], sizes[1], sizes[2]) : status;
    if (status != TNN_OK) {
        return status;
    }
    memcpy(output->fingerprint, fingerprint, sizeof fingerprint);
    output->id = id;
    for (size_t i = 0; i < word_count(output); i++) {
        output->words[i] = (uint32_t)tnn_read_le(&reader, output->output_bits / 8);
    }
    *out = output;
    return TNN_OK;
}
