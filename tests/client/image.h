/* The image that both sides of the test know. */
#ifndef CLIENT_IMAGE_H
#define CLIENT_IMAGE_H

#include <stdint.h>
#include <stdlib.h>

static inline uint8_t *drawn_image(size_t pixels) {
    uint8_t *image = malloc(pixels);
    for (size_t i = 0; image && i < pixels; i++) {
        image[i] = (uint8_t)(i * 7 % 256);
    }
    return image;
}

#endif
