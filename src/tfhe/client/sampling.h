/*
 * Uniform masks and rounded Gaussian noise on discretized tori. A seed is public and its masks are: only noise is
 * secret.
 */
#ifndef TNN_TFHE_SAMPLING_H
#define TNN_TFHE_SAMPLING_H

#include <stddef.h>
#include <stdint.h>

#include "random.h"

/* A torus of 2^bits points whose elements stand in the top `bits` of a word of 64. */

/* out [count]: uniform elements expanded from a public seed; `bytes` = bits / 8 of the stream make one. */
typedef struct tnn_mask_source {
    const tnn_seed *seed;
    uint64_t stream;
    uint32_t bytes;
} tnn_mask_source;
void tnn_uniform_masks(uint64_t *out, uint8_t *scratch, size_t count, tnn_mask_source source);

/* inout [count] += noise of the given standard deviation (log2, fraction of the torus), rounded to 2^-bits. */
void tnn_add_noise(uint64_t *inout, size_t count, double log2_sigma, uint32_t bits);

/* One noise element on Z/2^bits, in the low bits of the result. */
uint32_t tnn_noise_u32(double log2_sigma, uint32_t bits);

/* sigma for ciphertexts on Z/2^32: at least TNN_MIN_LOG2_NOISE_UNITS. */
double tnn_log2_sigma_on_u32(double log2_sigma);

#endif
