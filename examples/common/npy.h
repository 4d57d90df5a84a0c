/*
 * npy.h: arrays of the NumPy .npy format, versions 1 to 3.
 *
 * Reads C-ordered, little-endian integers of 1 to 8 bytes; anything else is refused. Nothing is copied: an array
 * borrows the bytes it was parsed from.
 */
#ifndef EXAMPLES_NPY_H
#define EXAMPLES_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

enum { NPY_MOST_DIMENSIONS = 8 };

typedef struct npy_array {
    const uint8_t *data; /* [elements][item_bytes] */
    size_t item_bytes;   /* 1, 2, 4 or 8 */
    bool is_signed;
    size_t dimensions;                 /* 0 for a single number */
    size_t shape[NPY_MOST_DIMENSIONS]; /* [dimensions] */
    size_t elements;                   /* the product of shape */
} npy_array;

/** Parses a file's bytes; data and shape are checked against their number. On failure reports with the name. */
bool npy_parse(npy_array *array, const bytes *file, const char *name);

/** An element, counted in C order. Unsigned values above INT64_MAX come out negative. */
int64_t npy_integer(const npy_array *array, size_t index);

#endif
