/* Little-endian bytes, written and read with bounds, and loads for arrays. */
#ifndef TNN_BASE_BYTES_H
#define TNN_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t tnn_load_le(const uint8_t *bytes, unsigned width) {
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

/* The same in the top bits of the word: an element of a torus of 2^(8 width) points. */
static inline uint64_t tnn_load_torus(const uint8_t *bytes, unsigned width) {
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++) {
        value |= (uint64_t)bytes[i] << (64 - 8 * (width - i));
    }
    return value;
}

static inline void tnn_store_le(uint8_t *bytes, uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

/* Reads from bytes [length]; once a read runs past the end every further one gives zero and `failed` stays set. */
typedef struct tnn_reader {
    const uint8_t *bytes;
    size_t length;
    size_t position;
    bool failed;
} tnn_reader;

static inline size_t tnn_reader_left(const tnn_reader *reader) {
    return reader->length - reader->position;
}

/* The next `count` bytes, or NULL. */
static inline const uint8_t *tnn_read_bytes(tnn_reader *reader, size_t count) {
    if (reader->failed || count > tnn_reader_left(reader)) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *start = reader->bytes + reader->position;
    reader->position += count;
    return start;
}

static inline uint64_t tnn_read_le(tnn_reader *reader, unsigned width) {
    const uint8_t *start = tnn_read_bytes(reader, width);
    return start ? tnn_load_le(start, width) : 0;
}

static inline uint32_t tnn_read_u32(tnn_reader *reader) {
    return (uint32_t)tnn_read_le(reader, 4);
}

static inline double tnn_read_f64(tnn_reader *reader) {
    uint64_t bits = tnn_read_le(reader, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Zeros where the bytes are not there. */
static inline void tnn_read_copy(tnn_reader *reader, void *out, size_t count) {
    const uint8_t *start = tnn_read_bytes(reader, count);
    if (start) {
        memcpy(out, start, count);
    } else {
        memset(out, 0, count);
    }
}

/* Writes to a buffer whose size the caller has computed beforehand. */
typedef struct tnn_writer {
    uint8_t *next;
} tnn_writer;

static inline void tnn_write_le(tnn_writer *writer, uint64_t value, unsigned width) {
    tnn_store_le(writer->next, value, width);
    writer->next += width;
}

static inline void tnn_write_u32(tnn_writer *writer, uint32_t value) {
    tnn_write_le(writer, value, 4);
}

static inline void tnn_write_f64(tnn_writer *writer, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    tnn_write_le(writer, bits, 8);
}

static inline void tnn_write_copy(tnn_writer *writer, const void *bytes, size_t count) {
    memcpy(writer->next, bytes, count);
    writer->next += count;
}

#endif
