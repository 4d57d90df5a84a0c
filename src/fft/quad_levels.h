/*
 * The levels of quad_fft.h as vector loops, for files that are compiled once for each instruction set. All but the
 * first level: that one reads, and its inverse writes, whatever holds the coefficients.
 *
 * A level takes a residue x of m points modulo X^m - r apart into quarters x_0 to x_3 of m/4 points. Modulo
 * X^(m/4) - rho_j they are joined with X^(m/4) = rho_j = i^j rho:
 *
 *     y_j = x_0 + i^j rho x_1 + (-1)^j rho^2 x_2 + (-i)^j rho^3 x_3,        j = 0 to 3,
 *
 * and y_j takes the place of x_j: nothing moves. With a_q = rho^q x_q these are four sums of a_0 +- a_2 and a_1 +- a_3,
 * the latter times i where j is odd. The inverse takes the same sums of the y_j, with -i for i, and divides by rho^q,
 * which for roots on the unit circle is a product with the conjugate; it leaves the 1/4 undone. Each point is four
 * complex numbers, one of each polynomial, and all four meet the same rho.
 */
#ifndef TNN_FFT_QUAD_LEVELS_H
#define TNN_FFT_QUAD_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#include "quad_fft.h"

#define TNN_INLINE static inline __attribute__((always_inline))

typedef double tnn_quad __attribute__((vector_size(TNN_QUAD_LANES * sizeof(double))));

typedef struct tnn_quad_complex {
    tnn_quad re, im;
} tnn_quad_complex;

TNN_INLINE tnn_quad tnn_quad_load(const double *from) {
    return *(const tnn_quad *)__builtin_assume_aligned(from, sizeof(tnn_quad));
}

TNN_INLINE void tnn_quad_store(double *to, tnn_quad value) {
    *(tnn_quad *)__builtin_assume_aligned(to, sizeof(tnn_quad)) = value;
}

TNN_INLINE tnn_quad tnn_quad_all(double x) {
    return (tnn_quad){x, x, x, x};
}

TNN_INLINE tnn_quad_complex tnn_quad_add(tnn_quad_complex a, tnn_quad_complex b) {
    return (tnn_quad_complex){a.re + b.re, a.im + b.im};
}

TNN_INLINE tnn_quad_complex tnn_quad_subtract(tnn_quad_complex a, tnn_quad_complex b) {
    return (tnn_quad_complex){a.re - b.re, a.im - b.im};
}

TNN_INLINE tnn_quad_complex tnn_quad_multiply(tnn_quad_complex a, tnn_quad_complex w) {
    return (tnn_quad_complex){a.re * w.re - a.im * w.im, a.re * w.im + a.im * w.re};
}

/* a times the conjugate of w. */
TNN_INLINE tnn_quad_complex tnn_quad_divide(tnn_quad_complex a, tnn_quad_complex w) {
    return (tnn_quad_complex){a.re * w.re + a.im * w.im, a.im * w.re - a.re * w.im};
}

/* Holds a loaded value in a register. GCC would make it an operand in memory of each of the two products, or of sum and
 * difference, that use it: twice the loads. */
TNN_INLINE tnn_quad tnn_quad_held(tnn_quad x) {
#if defined(__AVX__)
    __asm__("" : "+x"(x));
#endif
    return x;
}

/* `count` points, `stride` points apart. */
TNN_INLINE void tnn_quad_load_points(tnn_quad_complex *x, const double *from, uint32_t count, size_t stride) {
    for (uint32_t j = 0; j < count; j++) {
        const double *point = from + j * stride * TNN_QUAD_POINT;
        x[j].re = tnn_quad_held(tnn_quad_load(point));
        x[j].im = tnn_quad_held(tnn_quad_load(point + TNN_QUAD_LANES));
    }
}

TNN_INLINE void tnn_quad_store_points(double *to, const tnn_quad_complex *x, uint32_t count, size_t stride) {
    for (uint32_t j = 0; j < count; j++) {
        double *point = to + j * stride * TNN_QUAD_POINT;
        tnn_quad_store(point, x[j].re);
        tnn_quad_store(point + TNN_QUAD_LANES, x[j].im);
    }
}

/* One residue's roots in every lane. */
TNN_INLINE void tnn_quad_load_roots(tnn_quad_complex *w, const double *roots, uint32_t count) {
    for (uint32_t j = 0; j < count; j++) {
        w[j] = (tnn_quad_complex){tnn_quad_all(roots[2 * j]), tnn_quad_all(roots[2 * j + 1])};
    }
}

/* x_j becomes y_j; w holds rho, rho^2, rho^3. i z is (-im, re): products with i are swaps. */
TNN_INLINE void tnn_quad_divide4(tnn_quad_complex x[4], const tnn_quad_complex w[3]) {
    const tnn_quad_complex a1 = tnn_quad_multiply(x[1], w[0]);
    const tnn_quad_complex a2 = tnn_quad_multiply(x[2], w[1]);
    const tnn_quad_complex a3 = tnn_quad_multiply(x[3], w[2]);
    const tnn_quad_complex even_sum = tnn_quad_add(x[0], a2);
    const tnn_quad_complex even_difference = tnn_quad_subtract(x[0], a2);
    const tnn_quad_complex odd_sum = tnn_quad_add(a1, a3);
    const tnn_quad_complex odd_difference = tnn_quad_subtract(a1, a3);
    x[0] = tnn_quad_add(even_sum, odd_sum);
    x[1] = (tnn_quad_complex){even_difference.re - odd_difference.im, even_difference.im + odd_difference.re};
    x[2] = tnn_quad_subtract(even_sum, odd_sum);
    x[3] = (tnn_quad_complex){even_difference.re + odd_difference.im, even_difference.im - odd_difference.re};
}

/* The inverse of divide4, times 4: sum over j of y_j is 4 a_0, and with factors (-i)^j, (-1)^j, i^j it is 4 a_1, 4 a_2,
 * 4 a_3. */
TNN_INLINE void tnn_quad_combine4(tnn_quad_complex y[4], const tnn_quad_complex w[3]) {
    const tnn_quad_complex even_sum = tnn_quad_add(y[0], y[2]);
    const tnn_quad_complex even_difference = tnn_quad_subtract(y[0], y[2]);
    const tnn_quad_complex odd_sum = tnn_quad_add(y[1], y[3]);
    const tnn_quad_complex odd_difference = tnn_quad_subtract(y[1], y[3]);
    const tnn_quad_complex a1 = {even_difference.re + odd_difference.im, even_difference.im - odd_difference.re};
    const tnn_quad_complex a3 = {even_difference.re - odd_difference.im, even_difference.im + odd_difference.re};
    y[0] = tnn_quad_add(even_sum, odd_sum);
    y[1] = tnn_quad_divide(a1, w[0]);
    y[2] = tnn_quad_divide(tnn_quad_subtract(even_sum, odd_sum), w[1]);
    y[3] = tnn_quad_divide(a3, w[2]);
}

/* Halves in place of quarters: rho^2 = r, y = x_0 + rho x_1 and x_0 - rho x_1. */
TNN_INLINE void tnn_quad_divide2(tnn_quad_complex x[2], tnn_quad_complex w) {
    const tnn_quad_complex a1 = tnn_quad_multiply(x[1], w);
    x[1] = tnn_quad_subtract(x[0], a1);
    x[0] = tnn_quad_add(x[0], a1);
}

/* The inverse of divide2, times 2. */
TNN_INLINE void tnn_quad_combine2(tnn_quad_complex y[2], tnn_quad_complex w) {
    const tnn_quad_complex difference = tnn_quad_subtract(y[0], y[1]);
    y[0] = tnn_quad_add(y[0], y[1]);
    y[1] = tnn_quad_divide(difference, w);
}

/* Divides, or combines, one residue whose parts have `part` points. */
TNN_INLINE void tnn_quad_residue(double *residue, const double *roots, size_t part, uint32_t radix, bool forward) {
    tnn_quad_complex w[3];
    tnn_quad_load_roots(w, roots, radix - 1);
    for (double *at = residue; at < residue + part * TNN_QUAD_POINT; at += TNN_QUAD_POINT) {
        tnn_quad_complex x[4];
        tnn_quad_load_points(x, at, radix, part);
        if (radix == 4) {
            forward ? tnn_quad_divide4(x, w) : tnn_quad_combine4(x, w);
        } else {
            forward ? tnn_quad_divide2(x, w[0]) : tnn_quad_combine2(x, w[0]);
        }
        tnn_quad_store_points(at, x, radix, part);
    }
}

/* One level on points `first` to `first + count - 1`, whole residues of it. `length` and `radix` are the level's. */
TNN_INLINE void tnn_quad_residues(const tnn_quad_level *level, double *spectrum, uint32_t first, uint32_t count,
                                  uint32_t length, uint32_t radix, bool forward) {
    const double *roots = level->roots + (size_t)first / length * (radix - 1) * 2;
    for (uint32_t at = first; at < first + count; at += length, roots += (radix - 1) * 2) {
        tnn_quad_residue(spectrum + (size_t)at * TNN_QUAD_POINT, roots, length / radix, radix, forward);
    }
}

/* The same, compiled apart for each radix and for the short residues of the last levels, whose points are then at
 * constant distances. */
TNN_INLINE void tnn_quad_one_level(const tnn_quad_level *level, double *spectrum, uint32_t first, uint32_t count,
                                   bool forward) {
    if (level->radix == 2) {
        tnn_quad_residues(level, spectrum, first, count, level->length, 2, forward);
        return;
    }
    switch (level->length) {
    case 4: tnn_quad_residues(level, spectrum, first, count, 4, 4, forward); break;
    case 16: tnn_quad_residues(level, spectrum, first, count, 16, 4, forward); break;
    case 64: tnn_quad_residues(level, spectrum, first, count, 64, 4, forward); break;
    default: tnn_quad_residues(level, spectrum, first, count, level->length, 4, forward); break;
    }
}

/* Quarter q of 0 to 3. A fetch past the end of memory has no effect. */
TNN_INLINE void tnn_quad_fetch_lines(tnn_quad_fetch fetch, uint32_t q) {
    uintptr_t line = fetch.from + (size_t)q * fetch.lines * TNN_QUAD_LINE;
    for (uint32_t i = 0; i < fetch.lines; i++, line += TNN_QUAD_LINE) {
        __builtin_prefetch((const void *)line, 0, 2);
    }
}

/* The levels behind the first. After it the four quarters are residues of their own, which never meet again: each is
 * finished before the next, so that it stays in the first-level cache: 4 KB at N = 512, 16 KB at N = 2048. */
static void tnn_quad_levels_forward(const tnn_quad_fft *fft, double *spectrum, tnn_quad_fetch fetch) {
    const uint32_t quarter = fft->points / 4;
    for (uint32_t q = 0; q < 4; q++) {
        for (uint32_t i = 1; i < fft->level_count; i++) {
            tnn_quad_one_level(&fft->levels[i], spectrum, q * quarter, quarter, true);
        }
        tnn_quad_fetch_lines(fetch, q);
    }
}

/* Their inverse, times N/8: as many as a quarter has points. The last level adds a 4, which makes the N/2 that keys are
 * scaled for. */
static void tnn_quad_levels_inverse(const tnn_quad_fft *fft, double *spectrum, tnn_quad_fetch fetch) {
    const uint32_t quarter = fft->points / 4;
    for (uint32_t q = 0; q < 4; q++) {
        for (uint32_t i = fft->level_count - 1; i > 0; i--) {
            tnn_quad_one_level(&fft->levels[i], spectrum, q * quarter, quarter, false);
        }
        tnn_quad_fetch_lines(fetch, q);
    }
}

#endif
