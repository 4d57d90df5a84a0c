/*
 * The loops of single_fft.h, compiled once for each instruction set, with TNN_SINGLE_LOOPS naming the resulting table.
 * Where registers hold four doubles one holds a point of all four residues. Where they hold two, residues 0 and 1 go
 * through each part of a level before 2 and 3 do: one butterfly and its roots then fill sixteen registers.
 */
#include <stdbool.h>
#include <stddef.h>

#include "single_fft.h"

#if defined(__AVX__)
#define TNN_LANES 4u
#else
#define TNN_LANES 2u
#endif
#include "vectors.h"

#define RESIDUES TNN_SINGLE_RESIDUES
#define FITS_FIRST_LEVEL_CACHE 256u /* points of a residue: 16 KB with the other three, and as much for roots */

TNN_INLINE tnn_complex load(const double *re, size_t points, size_t at) {
    return (tnn_complex){tnn_vector_held(tnn_vector_load(re + at)), tnn_vector_held(tnn_vector_load(re + points + at))};
}

TNN_INLINE void store(double *re, size_t points, size_t at, tnn_complex x) {
    tnn_vector_store(re + at, x.re);
    tnn_vector_store(re + points + at, x.im);
}

/* Divides, or combines, one part of as many residues as a vector holds; `step` points are a radix-th of it. x [.] is
 * the part's first point. */
TNN_INLINE void one_part(double *x, size_t points, const double *roots, size_t step, uint32_t radix, bool forward) {
    tnn_complex w[3];
    for (uint32_t j = 0; j + 1 < radix; j++) {
        w[j] = load(roots + (size_t)j * TNN_SINGLE_ROOT, RESIDUES, 0);
    }
    for (size_t at = 0; at < RESIDUES * step; at += RESIDUES) {
        tnn_complex y[4];
        for (uint32_t j = 0; j < radix; j++) {
            y[j] = load(x, points, at + j * RESIDUES * step);
        }
        if (radix == 4) {
            forward ? tnn_complex_divide4(y, w) : tnn_complex_combine4(y, w);
        } else {
            forward ? tnn_complex_divide2(y, w[0]) : tnn_complex_combine2(y, w[0]);
        }
        for (uint32_t j = 0; j < radix; j++) {
            store(x, points, at + j * RESIDUES * step, y[j]);
        }
    }
}

/* One level on points `first` to `first + count - 1` of the residues, whole parts of them. `length` and `radix` are the
 * level's. */
TNN_INLINE void parts(const tnn_single_level *level, double *x, size_t points, uint32_t first, uint32_t count,
                      uint32_t length, uint32_t radix, bool forward) {
    const size_t roots_each = (size_t)(radix - 1) * TNN_SINGLE_ROOT;
    const double *roots = level->roots + first / length * roots_each;
    for (uint32_t at = first; at < first + count; at += length, roots += roots_each) {
        for (uint32_t residue = 0; residue < RESIDUES; residue += TNN_LANES) {
            one_part(x + (size_t)RESIDUES * at + residue, points, roots + residue, length / radix, radix, forward);
        }
    }
}

/* The same, compiled apart for each radix and for the short parts of the last levels. */
TNN_INLINE void one_level(const tnn_single_level *level, double *x, size_t points, uint32_t first, uint32_t count,
                          bool forward) {
    if (level->radix == 2) {
        parts(level, x, points, first, count, level->length, 2, forward);
        return;
    }
    switch (level->length) {
    case 4: parts(level, x, points, first, count, 4, 4, forward); break;
    case 16: parts(level, x, points, first, count, 16, 4, forward); break;
    default: parts(level, x, points, first, count, level->length, 4, forward); break;
    }
}

/* How many points go through all levels from the second on before the next ones do: what the first level divides apart
 * never meets again. */
static uint32_t stretch_of(const tnn_single_fft *fft) {
    return fft->m < FITS_FIRST_LEVEL_CACHE ? fft->m : fft->m / fft->levels[0].radix;
}

static void levels_forward(const tnn_single_fft *fft, double *x) {
    const size_t points = (size_t)RESIDUES * fft->m;
    const uint32_t stretch = stretch_of(fft);
    one_level(&fft->levels[0], x, points, 0, fft->m, true);
    for (uint32_t first = 0; first < fft->m; first += stretch) {
        for (uint32_t i = 1; i < fft->level_count; i++) {
            one_level(&fft->levels[i], x, points, first, stretch, true);
        }
    }
}

static void levels_inverse(const tnn_single_fft *fft, double *x) {
    const size_t points = (size_t)RESIDUES * fft->m;
    const uint32_t stretch = stretch_of(fft);
    for (uint32_t first = 0; first < fft->m; first += stretch) {
        for (uint32_t i = fft->level_count - 1; i > 0; i--) {
            one_level(&fft->levels[i], x, points, first, stretch, false);
        }
    }
    one_level(&fft->levels[0], x, points, 0, fft->m, false);
}

/* Vectors of consecutive points, one of each residue, to vectors of as many residues of one point, and back. */
#if defined(__AVX__)
TNN_INLINE void transpose(tnn_vector x[4]) {
    const tnn_vector low01 = __builtin_shufflevector(x[0], x[1], 0, 4, 2, 6);
    const tnn_vector high01 = __builtin_shufflevector(x[0], x[1], 1, 5, 3, 7);
    const tnn_vector low23 = __builtin_shufflevector(x[2], x[3], 0, 4, 2, 6);
    const tnn_vector high23 = __builtin_shufflevector(x[2], x[3], 1, 5, 3, 7);
    x[0] = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
    x[1] = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
    x[2] = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
    x[3] = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}
#else
TNN_INLINE void transpose(tnn_vector x[4]) {
    for (uint32_t pair = 0; pair < 4; pair += 2) {
        const tnn_vector low = __builtin_shufflevector(x[pair], x[pair + 1], 0, 2);
        x[pair + 1] = __builtin_shufflevector(x[pair], x[pair + 1], 1, 3);
        x[pair] = low;
    }
}
#endif

/* Where vector i of those four stands between the levels, with t the first of its points. */
TNN_INLINE size_t transposed_at(size_t t, uint32_t i) {
    return RESIDUES * (t + i % TNN_LANES) + i / TNN_LANES * TNN_LANES;
}

TNN_INLINE void transpose_complex(tnn_complex x[4]) {
    tnn_vector re[4] = {x[0].re, x[1].re, x[2].re, x[3].re};
    tnn_vector im[4] = {x[0].im, x[1].im, x[2].im, x[3].im};
    transpose(re);
    transpose(im);
    for (uint32_t i = 0; i < 4; i++) {
        x[i] = (tnn_complex){re[i], im[i]};
    }
}

/* X^M - 1 into X^m - i^j: rho is 1. */
TNN_INLINE void divide_by_units(tnn_complex x[4], bool forward) {
    const tnn_complex even_sum = tnn_complex_add(x[0], x[2]);
    const tnn_complex even_difference = tnn_complex_subtract(x[0], x[2]);
    const tnn_complex odd_sum = tnn_complex_add(x[1], x[3]);
    const tnn_complex odd_difference = forward ? tnn_complex_subtract(x[1], x[3]) : tnn_complex_subtract(x[3], x[1]);
    x[0] = tnn_complex_add(even_sum, odd_sum);
    x[1] = (tnn_complex){even_difference.re - odd_difference.im, even_difference.im + odd_difference.re};
    x[2] = tnn_complex_subtract(even_sum, odd_sum);
    x[3] = (tnn_complex){even_difference.re + odd_difference.im, even_difference.im - odd_difference.re};
}

static void forward(const tnn_single_fft *fft, double *out, const double *in) {
    const size_t m = fft->m;
    const size_t points = RESIDUES * m;
    for (size_t t = 0; t < m; t += TNN_LANES) {
        tnn_complex x[4] = {load(in, points, t), load(in, points, t + m), load(in, points, t + 2 * m),
                            load(in, points, t + 3 * m)};
        divide_by_units(x, true);
        transpose_complex(x);
        for (uint32_t i = 0; i < 4; i++) {
            store(out, points, transposed_at(t, i), x[i]);
        }
    }
    levels_forward(fft, out);
}

static void inverse(const tnn_single_fft *fft, double *out, double *in) {
    const size_t m = fft->m;
    const size_t points = RESIDUES * m;
    levels_inverse(fft, in);
    for (size_t t = 0; t < m; t += TNN_LANES) {
        tnn_complex x[4];
        for (uint32_t i = 0; i < 4; i++) {
            x[i] = load(in, points, transposed_at(t, i));
        }
        transpose_complex(x);
        divide_by_units(x, false);
        for (uint32_t q = 0; q < 4; q++) {
            store(out, points, t + q * m, x[q]);
        }
    }
}

extern const tnn_single_loops TNN_SINGLE_LOOPS;
const tnn_single_loops TNN_SINGLE_LOOPS = {forward, inverse};
