/* split.h: the images and labels of one MedMNIST split. */
#ifndef MEDMNIST_SPLIT_H
#define MEDMNIST_SPLIT_H

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

void split_free(split *data);

#endif
