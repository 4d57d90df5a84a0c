#include "readout_file.h"

#include <math.h>

/* ----------------------------------------------------------------------------------------------------- input map -- */

static bool is_even(const uint8_t *input_map, uint32_t levels) {
    uint8_t even[256];
    tnn_fill_even_map(even, levels);
    return memcmp(even, input_map, sizeof even) == 0;
}

size_t tnn_input_map_bytes(const uint8_t *input_map, uint32_t levels) {
    return is_even(input_map, levels) ? 4 : 4 + 256;
}

void tnn_write_input_map(tnn_writer *writer, const uint8_t *input_map, uint32_t levels) {
    const bool even = is_even(input_map, levels);
    tnn_write_u32(writer, even);
    if (!even) {
        tnn_write_copy(writer, input_map, 256);
    }
}

tnn_status tnn_read_input_map(tnn_reader *reader, uint8_t *input_map, uint32_t levels) {
    const uint32_t even = tnn_read_u32(reader);
    if (even > 1) {
        return TNN_ERR_MALFORMED;
    }
    if (even) {
        tnn_fill_even_map(input_map, levels);
    } else {
        tnn_read_copy(reader, input_map, 256);
    }
    if (reader->failed) {
        return TNN_ERR_TRUNCATED;
    }
    for (size_t pixel = 0; pixel < 256; pixel++) {
        if (input_map[pixel] >= levels) {
            return TNN_ERR_MALFORMED;
        }
    }
    return !even && is_even(input_map, levels) ? TNN_ERR_MALFORMED : TNN_OK; /* a file has one form */
}

/* ------------------------------------------------------------------------------------------------------- readout -- */

size_t tnn_readout_bytes(const tnn_readout *readout) {
    size_t bytes = 16 * (size_t)readout->outputs;
    for (uint32_t i = 0; i < readout->named; i++) {
        bytes += 4 + strlen(readout->names[i]);
    }
    return bytes;
}

void tnn_write_readout(tnn_writer *writer, const tnn_readout *readout) {
    for (uint32_t i = 0; i < readout->outputs; i++) {
        tnn_write_f64(writer, readout->scales[i]);
        tnn_write_f64(writer, readout->offsets[i]);
    }
    for (uint32_t i = 0; i < readout->named; i++) {
        const size_t length = strlen(readout->names[i]);
        tnn_write_u32(writer, (uint32_t)length);
        tnn_write_copy(writer, readout->names[i], length);
    }
}

static tnn_status read_name(tnn_reader *reader, char name[TNN_CLASS_NAME_BYTES]) {
    const uint32_t length = tnn_read_u32(reader);
    if (length >= TNN_CLASS_NAME_BYTES) {
        return TNN_ERR_LIMIT;
    }
    tnn_read_copy(reader, name, length);
    name[length] = 0;
    if (reader->failed) {
        return TNN_ERR_TRUNCATED;
    }
    return strlen(name) == length ? TNN_OK : TNN_ERR_MALFORMED;
}

/* Written so that a NaN is wrong. */
static tnn_status read_scale(tnn_reader *reader, double *scale, double *offset) {
    *scale = tnn_read_f64(reader);
    *offset = tnn_read_f64(reader);
    return isfinite(*scale) && *scale > 0 && isfinite(*offset) ? TNN_OK : TNN_ERR_MALFORMED;
}

static tnn_status fill_readout(tnn_reader *reader, tnn_readout *readout) {
    tnn_status status = TNN_OK;
    for (uint32_t i = 0; status == TNN_OK && i < readout->outputs; i++) {
        status = read_scale(reader, &readout->scales[i], &readout->offsets[i]);
    }
    for (uint32_t i = 0; status == TNN_OK && i < readout->named; i++) {
        status = read_name(reader, readout->names[i]);
    }
    return status;
}

tnn_status tnn_read_readout(tnn_reader *reader, tnn_readout *readout, uint32_t outputs, uint32_t named) {
    *readout = (tnn_readout){0};
    if (named != 0 && named != tnn_class_count(outputs)) {
        return TNN_ERR_MALFORMED;
    }
    if (16 * (uint64_t)outputs + 4 * (uint64_t)named > tnn_reader_left(reader)) {
        return TNN_ERR_TRUNCATED;
    }
    tnn_status status = tnn_readout_allocate(readout, outputs, named);
    status = status == TNN_OK ? fill_readout(reader, readout) : status;
    if (status != TNN_OK) {
        tnn_readout_release(readout);
    }
    return status;
}
