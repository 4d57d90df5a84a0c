/* Fresh random test inputs and zeroed memory. Any failure to provide them fails the test. */
#ifndef SUPPORT_DRAW_H
#define SUPPORT_DRAW_H

#include <stddef.h>
#include <stdint.h>

/* count * size zeroed bytes on a cache line; free with tnn_free. */
void *new_array(size_t count, size_t size);

/* The same, filled with random bytes. */
void *new_random(size_t count, size_t size);

/* Uniform below `bound`, which is tiny against 2^64. */
uint32_t draw_below(uint32_t bound);

/* Uniform in [-magnitude, magnitude]. */
int32_t draw_signed(uint32_t magnitude);

/* A random order of 0 to count - 1, in out. */
void draw_permutation(uint32_t *out, uint32_t count);

#endif
