/*
 * npy.h: arrays of the NumPy .npy format, versions 1 to 3.
 *
 * Reads integers of 1 to 8 bytes in either byte order and in C or Fortran order; anything else is refused. Headers may
 * be written in any way that NumPy's dictionary allows: keys in any order, either quotes, line breaks, up to 65535
 * bytes. examples/train/npz.py reads by the same rules and refuses in the same words.
 */
#ifndef EXAMPLES_NPY_H
#define EXAMPLES_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

enum { NPY_MOST_DIMENSIONS = 8, NPY_LONGEST_TYPE = 15, NPY_LONGEST_SHAPE = 160 };

typedef struct npy_array {
    const uint8_t *data; /* [elements][item_bytes], borrowed from the file's bytes */
    size_t item_bytes;   /* 1, 2, 4 or 8 */
    bool is_signed, is_big_endian, is_fortran_ordered;
    size_t dimensions;                 /* 0 for a single number */
    size_t shape[NPY_MOST_DIMENSIONS]; /* [dimensions] */
    size_t elements;                   /* the product of shape */
    char type[NPY_LONGEST_TYPE + 1];   /* as the header names it, such as <i8 */
} npy_array;

/** Parses a file's bytes; data and shape are checked against their number. On failure reports with the name. */
bool npy_parse(npy_array *array, const bytes *file, const char *name);

/** Replaces the file's bytes by the elements in C order, where the array is in Fortran order. On failure reports. */
bool npy_make_c_ordered(npy_array *array, bytes *file);

/** An element, counted as they stand in the file. Unsigned values above INT64_MAX come out negative. */
int64_t npy_integer(const npy_array *array, size_t index);

/** A shape as NumPy writes it, such as (624, 28, 28) or (624,). Returns text, of NPY_LONGEST_SHAPE bytes. */
const char *npy_shape_text(char *text, const npy_array *array);

#endif
