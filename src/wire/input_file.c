/*
 * Payload of an input: circuit fingerprint (16 bytes); key id (16); u32 count; u32 input_bits; seed (32); bodies,
 * [count] of input_bits / 8 bytes.
 */
#include "header.h"
#include "memory.h"
#include "objects.h"
#include "sizes.h"

#define INPUT_FIXED_BYTES (TNN_FINGERPRINT_BYTES + TNN_KEY_ID_BYTES + 8 + TNN_SEED_BYTES)

size_t tnn_input_file_bytes(uint32_t input_bits, size_t count) {
    return TNN_HEADER_BYTES + INPUT_FIXED_BYTES + count * (input_bits / 8);
}

size_t tnn_input_size(const tnn_input *input) {
    return input ? tnn_input_file_bytes(input->packed->input_bits, input->packed->count) : 0;
}

tnn_status tnn_input_save(const tnn_input *input, uint8_t *out, size_t capacity) {
    tnn_writer writer;
    tnn_status status = input ? tnn_begin(&writer, out, capacity, tnn_input_size(input)) : TNN_ERR_MISUSE;
    if (status != TNN_OK) {
        return status;
    }
    const tnn_packed *packed = input->packed;
    tnn_write_copy(&writer, input->fingerprint, sizeof input->fingerprint);
    tnn_write_copy(&writer, packed->id.bytes, sizeof packed->id.bytes);
    tnn_write_u32(&writer, (uint32_t)packed->count);
    tnn_write_u32(&writer, packed->input_bits);
    tnn_write_copy(&writer, packed->seed.bytes, sizeof packed->seed.bytes);
    for (size_t i = 0; i < packed->count; i++) {
        tnn_write_le(&writer, packed->body[i], packed->input_bits / 8);
    }
    tnn_finish(out, TNN_KIND_INPUT, 1, tnn_input_size(input));
    return TNN_OK;
}

void tnn_input_free(tnn_input *input) {
    if (!input) {
        return;
    }
    tnn_packed_free(input->packed);
    tnn_free(input);
}

/* count and input_bits of a payload whose length they must explain. */
static tnn_status check_shape(uint32_t count, uint32_t input_bits, size_t payload) {
    if (payload < INPUT_FIXED_BYTES) {
        return TNN_ERR_TRUNCATED;
    }
    if (count > TNN_MAX_WIDTH) {
        return TNN_ERR_LIMIT;
    }
    if (count == 0 || (input_bits != 16 && input_bits != 32) ||
        payload != INPUT_FIXED_BYTES + (size_t)count * (input_bits / 8)) {
        return TNN_ERR_MALFORMED;
    }
    return TNN_OK;
}

static void read_bodies(tnn_reader *reader, tnn_packed *packed) {
    tnn_read_copy(reader, packed->seed.bytes, sizeof packed->seed.bytes);
    for (size_t i = 0; i < packed->count; i++) {
        packed->body[i] = (uint32_t)tnn_read_le(reader, packed->input_bits / 8);
    }
}

tnn_status tnn_input_load(tnn_input **out, const uint8_t *bytes, size_t length) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    tnn_reader reader;
    tnn_status status = tnn_open(&reader, NULL, TNN_KIND_INPUT, bytes, length);
    if (status != TNN_OK) {
        return status;
    }
    tnn_input read = {0};
    tnn_key_id id;
    tnn_read_copy(&reader, read.fingerprint, sizeof read.fingerprint);
    tnn_read_copy(&reader, id.bytes, sizeof id.bytes);
    uint32_t count = tnn_read_u32(&reader);
    uint32_t input_bits = tnn_read_u32(&reader);
    status = check_shape(count, input_bits, reader.length);
    status = status == TNN_OK ? tnn_packed_new(&read.packed, input_bits, count) : status;
    tnn_input *input = status == TNN_OK ? tnn_alloc(1, sizeof *input) : NULL;
    if (!input) {
        tnn_packed_free(read.packed);
        return status == TNN_OK ? TNN_ERR_MEMORY : status;
    }
    read.packed->id = id;
    read_bodies(&reader, read.packed);
    *input = read;
    *out = input;
    return TNN_OK;
}
