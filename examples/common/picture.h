/* picture.h: image files of a known shape: binary PGM and PPM, PNG, JPEG, and NumPy's arrays for any number of
 * channels.
 */
#ifndef EXAMPLES_PICTURE_H
#define EXAMPLES_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

/** The shape that a model reads, 8 bits a channel: 1 channel for grey, 3 for colour, or any number, such as the slices
 * of a volume. */
typedef struct picture_shape {
    uint32_t height, width, channels;
} picture_shape;

/**
 * Reads an image file. Its size must be the shape's, which is checked before memory for its pixels is asked for;
 * nothing is scaled. Where the shape asks for grey, colours become their luma, 0.299 R + 0.587 G + 0.114 B whatever the
 * format; where it asks for colour, grey is all three. What is transparent in a PNG lies on white. Numbers are
 * taken as they are stored: gamma and colour profiles change nothing, and of 16 bits the nearest 8 are kept. A .npy
 * array holds uint8 values of the shape itself, (height, width) or (height, width, channels), and is the only format
 * for other numbers of channels.
 *
 * Out:     pixels  [height][width][channels], rows first
 * Returns: false where it has reported what is wrong.
 */
bool picture_read(uint8_t *pixels, const picture_shape *shape, const char *path);

#endif
