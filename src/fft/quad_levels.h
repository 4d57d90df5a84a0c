/*
 * The levels of quad_fft.h as vector loops, for files that are compiled once for each instruction set with TNN_LANES 4
 * or 8. All but the first level: that one reads, and its inverse writes, whatever holds the coefficients.
 *
 * vectors.h has the step of one residue. y_j takes the place of x_j: nothing moves. `slots` is the plan's, a constant
 * where these functions are inlined.
 */
#ifndef TNN_FFT_QUAD_LEVELS_H
#define TNN_FFT_QUAD_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#include "quad_fft.h"
#include "quad_lanes.h"
#include "vectors.h"

#define TNN_QUAD_POINT (2 * (size_t)TNN_LANES) /* doubles of a point of an array */

/* Quarters that a vector holds, and arrays of a spectrum. */
TNN_INLINE uint32_t tnn_quad_quarters(uint32_t slots) {
    return TNN_LANES / slots;
}

TNN_INLINE uint32_t tnn_quad_arrays(uint32_t slots) {
    return 4 / tnn_quad_quarters(slots);
}

/* Which point of a spectrum vector j of tnn_quad_transpose is, t the first of its points and `quarter` their number. */
TNN_INLINE size_t tnn_quad_place(uint32_t j, size_t t, size_t quarter, uint32_t slots) {
    const uint32_t arrays = tnn_quad_arrays(slots);
    return j % arrays * quarter + t + j / arrays;
}

TNN_INLINE tnn_complex tnn_quad_load(const double *point) {
    return (tnn_complex){tnn_vector_held(tnn_vector_load(point)), tnn_vector_held(tnn_vector_load(point + TNN_LANES))};
}

TNN_INLINE void tnn_quad_store(double *point, tnn_complex x) {
    tnn_vector_store(point, x.re);
    tnn_vector_store(point + TNN_LANES, x.im);
}

/* The part of a root of each quarter that a vector holds, `apart` doubles from one to the next. */
TNN_INLINE tnn_vector tnn_quad_roots_of(const double *root, size_t apart, uint32_t slots) {
    tnn_vector all = tnn_vector_all(root[0]);
    for (uint32_t u = 1; u < tnn_quad_quarters(slots); u++) {
        all = tnn_quad_from(all, tnn_vector_all(root[u * apart]), u * slots);
    }
    return all;
}

TNN_INLINE void tnn_quad_load_roots(tnn_complex *w, const double *roots, uint32_t count, size_t apart, uint32_t slots) {
    for (uint32_t j = 0; j < count; j++) {
        w[j].re = tnn_quad_roots_of(roots + 2 * (size_t)j, apart, slots);
        w[j].im = tnn_quad_roots_of(roots + 2 * (size_t)j + 1, apart, slots);
    }
}

/* Divides, or combines, one residue of each quarter; its parts have `part` points. */
TNN_INLINE void tnn_quad_residue(double *residue, const tnn_complex w[3], size_t part, uint32_t radix, bool forward) {
    for (double *at = residue; at < residue + part * TNN_QUAD_POINT; at += TNN_QUAD_POINT) {
        tnn_complex x[4];
        for (uint32_t j = 0; j < radix; j++) {
            x[j] = tnn_quad_load(at + j * part * TNN_QUAD_POINT);
        }
        if (radix == 4) {
            forward ? tnn_complex_divide4(x, w) : tnn_complex_combine4(x, w);
        } else {
            forward ? tnn_complex_divide2(x, w[0]) : tnn_complex_combine2(x, w[0]);
        }
        for (uint32_t j = 0; j < radix; j++) {
            tnn_quad_store(at + j * part * TNN_QUAD_POINT, x[j]);
        }
    }
}

/* One level on one array, of `quarter` points. `length` and `radix` are the level's. */
TNN_INLINE void tnn_quad_residues(const tnn_quad_level *level, double *array, uint32_t h, uint32_t quarter,
                                  uint32_t slots, uint32_t length, uint32_t radix, bool forward) {
    const size_t roots_each = 2 * (size_t)(radix - 1);
    const size_t roots_of_quarter = quarter / length * roots_each;
    const size_t apart = tnn_quad_arrays(slots) * roots_of_quarter;
    const double *roots = level->roots + h * roots_of_quarter;
    for (uint32_t at = 0; at < quarter; at += length, roots += roots_each) {
        tnn_complex w[3];
        tnn_quad_load_roots(w, roots, radix - 1, apart, slots);
        tnn_quad_residue(array + at * TNN_QUAD_POINT, w, length / radix, radix, forward);
    }
}

/* The same, compiled apart for each radix and for the short residues of the last levels, whose points are then at
 * constant distances. */
TNN_INLINE void tnn_quad_one_level(const tnn_quad_level *level, double *array, uint32_t h, uint32_t quarter,
                                   uint32_t slots, bool forward) {
    if (level->radix == 2) {
        tnn_quad_residues(level, array, h, quarter, slots, level->length, 2, forward);
        return;
    }
    switch (level->length) {
    case 4: tnn_quad_residues(level, array, h, quarter, slots, 4, 4, forward); break;
    case 16: tnn_quad_residues(level, array, h, quarter, slots, 16, 4, forward); break;
    case 64: tnn_quad_residues(level, array, h, quarter, slots, 64, 4, forward); break;
    default: tnn_quad_residues(level, array, h, quarter, slots, level->length, 4, forward); break;
    }
}

/* For the quarters of array h. A fetch past the end of memory has no effect. */
TNN_INLINE void tnn_quad_fetch_lines(tnn_quad_fetch fetch, uint32_t h, uint32_t slots) {
    const uint32_t lines = fetch.lines * tnn_quad_quarters(slots);
    uintptr_t line = fetch.from + (size_t)h * lines * TNN_QUAD_LINE;
    for (uint32_t i = 0; i < lines; i++, line += TNN_QUAD_LINE) {
        __builtin_prefetch((const void *)line, 0, 2); /* NOLINT(performance-no-int-to-ptr): nothing is read there */
    }
}

/* The levels behind the first. An array is finished before the next, so that it stays in the first-level cache: with
 * four lanes 4 KB at N = 512 and 16 KB at N = 2048 for four polynomials, as much at twice N for two. */
TNN_INLINE void tnn_quad_levels_forward(const tnn_quad_fft *fft, double *spectrum, tnn_quad_fetch fetch,
                                        uint32_t slots) {
    const uint32_t quarter = fft->points / 4;
    for (uint32_t h = 0; h < tnn_quad_arrays(slots); h++, spectrum += quarter * TNN_QUAD_POINT) {
        for (uint32_t i = 1; i < fft->level_count; i++) {
            tnn_quad_one_level(&fft->levels[i], spectrum, h, quarter, slots, true);
        }
        tnn_quad_fetch_lines(fetch, h, slots);
    }
}

/* Their inverse, times N/8: as many as a quarter has points. The last level adds a 4, which makes the N/2 that keys are
 * scaled for. */
TNN_INLINE void tnn_quad_levels_inverse(const tnn_quad_fft *fft, double *spectrum, tnn_quad_fetch fetch,
                                        uint32_t slots) {
    const uint32_t quarter = fft->points / 4;
    for (uint32_t h = 0; h < tnn_quad_arrays(slots); h++, spectrum += quarter * TNN_QUAD_POINT) {
        for (uint32_t i = fft->level_count - 1; i > 0; i--) {
            tnn_quad_one_level(&fft->levels[i], spectrum, h, quarter, slots, false);
        }
        tnn_quad_fetch_lines(fetch, h, slots);
    }
}

#endif
