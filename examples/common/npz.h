/*
 * npz.h: arrays of a NumPy .npz file, which is a zip archive of .npy files.
 *
 * examples/train/npz.py reads by the same rules and refuses in the same words: whatever the one takes, the other does.
 * Members are stored or deflated; an archive with two members of one name is refused.
 */
#ifndef EXAMPLES_NPZ_H
#define EXAMPLES_NPZ_H

#include <stdbool.h>

#include "common/bytes.h"
#include "common/npy.h"

typedef struct npz_file {
    struct zip *archive; /* NULL where it could not be opened */
    const char *path;    /* borrowed */
} npz_file;

/** Opens an archive of at most 1000 members. On failure reports. Close with npz_close either way. */
bool npz_open(npz_file *file, const char *path);

/**
 * Unpacks an array of at most 1 GiB, in C order. On failure reports and leaves contents empty.
 *
 * Out:   contents  what the array borrows; free with bytes_free
 * Args:  name      without ".npy"
 */
bool npz_read(const npz_file *file, bytes *contents, npy_array *array, const char *name);

void npz_close(npz_file *file);

#endif
