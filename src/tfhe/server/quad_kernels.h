/*
 * The inner loops of an external product on GLWE ciphertexts of up to four polynomials, in the lanes of quad_fft.h.
 * Compiled once for each instruction set whose registers hold four doubles, with four or eight lanes.
 *
 * A QUAD holds such a ciphertext coefficient by coefficient: [N][slots] words, slots 2 or 4, word c of entry t the
 * coefficient t of polynomial c; unused ones hold 0. Behind them stand copies of the first entries, negated: X^N = -1.
 * So a vector of entries t, t + 1, ... of a rotated quad stands side by side wherever t is a multiple of their number.
 *
 * Polynomials never meet in a transform. They meet in the product alone, where a digit of one polynomial multiplies a
 * row of all.
 */
#ifndef TNN_TFHE_QUAD_KERNELS_H
#define TNN_TFHE_QUAD_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "quad_fft.h"

/* Lanes that a ciphertext of k + 1 polynomials takes. */
static inline uint32_t tnn_quad_slots(uint32_t columns) {
    return columns == 2 ? 2 : 4;
}

/* Words of the copies: a vector reaches past the end by less. */
#define TNN_QUAD_COPIES 16u

/* Words of a quad, whole cache lines. */
static inline size_t tnn_quad_words(uint32_t N, uint32_t slots) {
    return (size_t)slots * N + TNN_QUAD_COPIES;
}

/* Negates the first entries into the copies. */
static inline void tnn_quad_close(uint32_t *quad, uint32_t N, uint32_t slots) {
    for (size_t i = 0; i < TNN_QUAD_COPIES; i++) {
        quad[(size_t)slots * N + i] = 0 - quad[i];
    }
}

/* Doubles of a spectrum. */
static inline size_t tnn_quad_doubles(uint32_t points, uint32_t slots) {
    return 2 * (size_t)slots * points;
}

/* How a gadget digit is cut out of a word: (word + offset) << left >> right, the latter with its sign. */
typedef struct tnn_quad_digit {
    uint32_t offset;
    uint32_t left;
    uint32_t right;
} tnn_quad_digit;

/* The body's lane, k, and what is added to it before its digits are cut: gadget.h. */
typedef struct tnn_quad_body {
    uint32_t lane;
    uint32_t half_unit;    /* of the gadget */
    uint32_t *corrections; /* [N / TNN_GADGET_BLOCK] */
} tnn_quad_body;

/* Sizes of one product: N/2 points, columns = k + 1 polynomials, rows = columns l of a GGSW ciphertext. */
typedef struct tnn_quad_shape {
    uint32_t points;
    uint32_t columns;
    uint32_t levels;
} tnn_quad_shape;

/* X^exponent rotated - straight, of two quads, which may be one. */
typedef struct tnn_quad_turn {
    const uint32_t *rotated;
    const uint32_t *straight;
    uint32_t exponent; /* below 2N */
} tnn_quad_turn;

/* Spectra are those of quad_fft.h. */
typedef struct tnn_quad_kernels {
    uint32_t lanes; /* 4 or 8 */

    /* body->corrections = what compensates the roundings of the masks of a turn. */
    void (*correct_rotated)(const tnn_quad_body *body, const tnn_quad_turn *turn, uint32_t N);

    /* spectrum = transform of the digits of a turn, its body corrected. */
    void (*forward_rotated)(const tnn_quad_fft *fft, double *spectrum, const tnn_quad_turn *turn,
                            const tnn_quad_body *body, tnn_quad_digit digit, tnn_quad_fetch fetch);

    /* spectrum = transform of the digits of quad. */
    void (*forward_digits)(const tnn_quad_fft *fft, double *spectrum, const uint32_t *quad, tnn_quad_digit digit);

    /* spectrum = transform of real polynomials, [N][slots]. */
    void (*forward_reals)(const tnn_quad_fft *fft, double *spectrum, const double *reals);

    /*
     * Row vectors times matrix, point by point, for `items` of 1 to 4 ciphertexts: out[c] = sum of digits[row]
     * ggsw[row][c]. spectra [items] pointers to [levels]: digits, polynomial c of level i the row i columns + c; level
     * 0 is overwritten. ggsw: for each point of a spectrum's arrays, [levels][columns] points of the rows' spectra,
     * polynomial c the column c.
     */
    void (*multiply)(const tnn_quad_shape *shape, double *const *spectra, const double *ggsw, uint32_t items);

    /* quad += inverse transform of spectrum, times N/2, which is overwritten. Coefficients count 2^-(32 - coarse_bits)
     * of the torus and are rounded to that unit; with coarse_bits above 0 they must lie below 2^51. */
    void (*inverse_add)(const tnn_quad_fft *fft, uint32_t *quad, double *spectrum, uint32_t coarse_bits,
                        tnn_quad_fetch fetch);
} tnn_quad_kernels;

#endif
