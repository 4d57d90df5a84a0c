/* draw.h: images for trying things without data. */
#ifndef EXAMPLES_DRAW_H
#define EXAMPLES_DRAW_H

#include <stdint.h>

/**
 * Draws what a chest radiograph looks like from afar: a bright body, two dark lungs, a bright spine, and a soft shadow
 * in one lung. It shows nobody and means nothing.
 *
 * Out:   pixels   [height][width][channels], grey
 * Args:  variant  any number; each draws the lungs and the shadow a little elsewhere
 */
void draw_radiograph(uint8_t *pixels, uint32_t height, uint32_t width, uint32_t channels, uint32_t variant);

#endif
