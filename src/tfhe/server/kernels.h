/*
 * The server's inner loops, compiled once for each instruction set (see kernels.c) and chosen when a workspace or a
 * key is made. Arrays are cache-line aligned where they hold doubles or accumulators, and never overlap.
 */
#ifndef TNN_TFHE_KERNELS_H
#define TNN_TFHE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "quad_kernels.h"

/*
 * A GGSW ciphertext in the Fourier domain is read once from front to back: for each block of 8 of the N/2 points, each
 * row and each column, 8 real parts and 8 imaginary parts, a cache line each.
 */
#define TNN_POINT_BLOCK 8u

typedef struct tnn_kernels {
    const char *name;
    const tnn_quad_kernels *quad; /* NULL where registers hold fewer than four doubles */

    /* out = X^exponent rotated - straight, over Z/2^32[X]/(X^N + 1); exponent below 2N. Both may be one. */
    void (*rotate_minus)(uint32_t *out, const uint32_t *rotated, const uint32_t *straight, uint32_t N,
                         uint32_t exponent);

    /* out [N] = the body of glwe [k+1][N], plus what compensates the roundings of its masks: gadget.h. corrections
     * [N / TNN_GADGET_BLOCK] is scratch. */
    void (*correct_body)(uint32_t *out, uint32_t *corrections, const uint32_t *glwe, uint32_t N, uint32_t k,
                         uint32_t half_unit);

    /* Digit `(in + offset) >> shift`, base_log bits, centred, folded and twisted: the input [N] of a forward FFT.
     * See gadget.h for offset and shift. */
    void (*decompose_twist)(double *out, const uint32_t *in, const double *twist, uint32_t N, uint32_t base_log,
                            uint32_t shift, uint32_t offset);

    /* out[c] = sum over r of digits[r] * ggsw[r][c], pointwise complex products.
     * out [columns][N], digits [rows][N], ggsw in the layout above. */
    void (*multiply_rows)(double *out, const double *digits, const double *ggsw, uint32_t rows, uint32_t columns,
                          uint32_t N);

    /* accumulator += the untwisted, unfolded output of an inverse FFT, real torus elements reduced to 2^-32. */
    void (*untwist_add)(uint32_t *accumulator, const double *in, const double *twist, uint32_t N);

    /* out[j][t] += sum over i of weights[i] * reversed[j][t - i + degree], t < degree, j < masks: the mask of a dot
     * product. out [masks][degree]; reversed [masks][2 degree]; weights [count], count at most degree. Takes time for
     * weights other than 0. */
    void (*correlate16)(uint16_t *out, const uint16_t *reversed, const int16_t *weights, uint32_t count,
                        uint32_t degree, uint32_t masks);
    void (*correlate32)(uint32_t *out, const uint32_t *reversed, const int16_t *weights, uint32_t count,
                        uint32_t degree, uint32_t masks);

    /* out += factor * in, on Z/2^32. */
    void (*add_scaled)(uint32_t *out, const uint32_t *in, uint32_t factor, size_t count);
} tnn_kernels;

/* The fastest set that this processor runs. */
const tnn_kernels *tnn_kernels_best(void);

/* Every set that this processor runs, portable first. For tests and benchmarks. */
size_t tnn_kernels_available(const tnn_kernels **sets, size_t capacity);

#endif
