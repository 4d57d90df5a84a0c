#include "common/draw.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Coordinates run from -1 to 1 over the image, brightness from 0 to 1. */

/* 1 inside an ellipse, 0 outside, with an edge about a sixth of its radius wide. */
static double soft_ellipse(double x, double y, double radius_x, double radius_y) {
    double distance = hypot(x / radius_x, y / radius_y);
    return 1.0 / (1.0 + exp((distance - 1.0) / 0.08));
}

/* A number in [0, 1) for each variant, spread evenly by the golden ratio. */
static double spread_evenly(uint32_t variant, uint32_t stream) {
    return fmod((double)variant * 0.6180339887498949 + (double)stream * 0.4142135623730951, 1.0);
}

static double radiograph_brightness(double x, double y, uint32_t variant) {
    double shift = 0.1 * (spread_evenly(variant, 0) - 0.5);
    double shadow_y = 0.6 * (spread_evenly(variant, 1) - 0.5);
    double shadow_strength = 0.3 * spread_evenly(variant, 2);
    double body = 0.75 * soft_ellipse(x, y - 0.3, 1.0, 1.5);
    double lungs = 0.55 * (soft_ellipse(x - 0.42 - shift, y, 0.3, 0.7) + soft_ellipse(x + 0.42 - shift, y, 0.3, 0.7));
    double spine = 0.15 * exp(-x * x / 0.01);
    double shadow = shadow_strength * soft_ellipse(x - 0.42, y - shadow_y, 0.2, 0.25);
    return fmin(fmax(body - lungs + spine + shadow, 0.0), 1.0);
}

void draw_radiograph(uint8_t *pixels, uint32_t height, uint32_t width, uint32_t channels, uint32_t variant) {
    for (uint32_t row = 0; row < height; row++) {
        for (uint32_t column = 0; column < width; column++) {
            double x = (2.0 * column + 1.0) / width - 1.0;
            double y = (2.0 * row + 1.0) / height - 1.0;
            uint8_t *pixel = pixels + ((size_t)row * width + column) * channels;
            memset(pixel, (int)lround(255.0 * radiograph_brightness(x, y, variant)), channels);
        }
    }
}
