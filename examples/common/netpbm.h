/* netpbm.h: binary PGM (grey) and PPM (colour) images of 8 bits a channel. */
#ifndef EXAMPLES_NETPBM_H
#define EXAMPLES_NETPBM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"

enum { NETPBM_LARGEST_SIDE = 16384 };

typedef struct netpbm_image {
    uint32_t height, width, channels; /* 1 channel: P5, 3 channels: P6 */
    bytes pixels;                     /* [height][width][channels] */
} netpbm_image;

/** Allocates an image. On failure reports and leaves the pixels empty. */
bool netpbm_allocate(netpbm_image *image, uint32_t height, uint32_t width, uint32_t channels);

/** Reports that a file is of none of the formats that images may have. Returns false. */
bool netpbm_refuse_format(const char *path);

/** Reads the bytes of an image file that is named `path`. On failure reports and leaves the pixels empty. */
bool netpbm_parse(netpbm_image *image, const char *path, const bytes *file);

/** Writes an image of 1 or 3 channels. */
bool netpbm_write(const char *path, const netpbm_image *image);

void netpbm_free(netpbm_image *image);

#endif
