/*
 * split.h: the images and labels of one MedMNIST split.
 *
 * examples/train/data.py checks by the same rules and refuses in the same words; tests/examples/test_alike.py holds
 * both to that.
 */
#ifndef EXAMPLES_SPLIT_H
#define EXAMPLES_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torusnn/torusnn.h>

#include "common/bytes.h"

typedef struct split {
    bytes images_file;     /* owns the images */
    const uint8_t *images; /* [count][pixels] */
    uint32_t *labels;      /* [count] */
    size_t count, pixels;
} split;

/**
 * Reads at most limit images of a split.
 *
 * Args:  path    of the .npz file
 *        name    train, val or test
 *        model   whose shape and number of classes the data must have
 * On failure reports. Free with split_free either way.
 */
bool split_read(split *data, const char *path, const char *name, const tnn_model_info *model, size_t limit);

/** Checks that text is train, val or test. Otherwise reports. */
bool split_name_parse(const char **name, const char *text);

/** Whether a place names a file rather than a folder of data sets; one that is not there does so by its end, .npz. */
bool split_is_file(const char *place);

/**
 * The .npz file of a data set: the place given where that is a file, <set>.npz where it is a folder; without a place
 * (NULL) in $MEDMNIST_ROOT or ~/.medmnist.
 *
 * Out:   path  free with free
 * On failure reports and the path is NULL.
 */
bool split_find_file(char **path, const char *place, const char *set);

/** The name of the data set of an .npz file: the file's, without ".npz". Free with free. On failure reports. */
bool split_set_name(char **set, const char *path);

void split_free(split *data);

#endif
