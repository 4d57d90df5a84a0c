/* Files of this library as bytes that tests build, change and seal again; layouts from docs, not from src/api. */
#ifndef SUPPORT_FILE_BYTES_H
#define SUPPORT_FILE_BYTES_H

#include "model.h"

#define FILE_HEADER_BYTES ((size_t)32)

typedef struct file_bytes {
    uint8_t *bytes;
    size_t length;
} file_bytes;

/* Zeros, from malloc and no more than asked, so that a sanitizer sees every read past the end. */
file_bytes new_file(size_t length);

/* A copy cut or grown (with zeros) to `length`; free with free_file. */
file_bytes copy_file(const file_bytes *file, size_t length);
void free_file(file_bytes *file);

/* A header in front of the payload that the file holds: its length and digest are right. */
void seal_file(const file_bytes *file, char kind);

/* Stores `width` bytes at `offset`, little-endian. */
void set_field(const file_bytes *file, size_t offset, uint64_t value, unsigned width);

/* A sealed model file. */
file_bytes model_file(const tnn_model *model);

/* The model as its file is loaded. Takes over and frees the model it is made from. */
tnn_model *through_file(tnn_model *model);

#endif
