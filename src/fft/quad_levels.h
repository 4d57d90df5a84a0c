/*
 * The levels of quad_fft.h as vector loops, for files that are compiled once for each instruction set. All but the
 * first level: that one reads, and its inverse writes, whatever holds the coefficients.
 *
 * vectors.h has the step of one residue. y_j takes the place of x_j: nothing moves. Each point is four complex
 * numbers, one of each polynomial, and all four meet the same rho.
 */
#ifndef TNN_FFT_QUAD_LEVELS_H
#define TNN_FFT_QUAD_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#include "quad_fft.h"

#define TNN_LANES TNN_QUAD_LANES
#include "vectors.h"

/* `count` points, `stride` points apart. */
TNN_INLINE void tnn_quad_load_points(tnn_complex *x, const double *from, uint32_t count, size_t stride) {
    for (uint32_t j = 0; j < count; j++) {
        const double *point = from + j * stride * TNN_QUAD_POINT;
        x[j].re = tnn_vector_held(tnn_vector_load(point));
        x[j].im = tnn_vector_held(tnn_vector_load(point + TNN_QUAD_LANES));
    }
}

TNN_INLINE void tnn_quad_store_points(double *to, const tnn_complex *x, uint32_t count, size_t stride) {
    for (uint32_t j = 0; j < count; j++) {
        double *point = to + j * stride * TNN_QUAD_POINT;
        tnn_vector_store(point, x[j].re);
        tnn_vector_store(point + TNN_QUAD_LANES, x[j].im);
    }
}

/* One residue's roots in every lane. */
TNN_INLINE void tnn_quad_load_roots(tnn_complex *w, const double *roots, uint32_t count) {
    for (uint32_t j = 0; j < count; j++) {
        w[j] = (tnn_complex){tnn_vector_all(roots[2 * j]), tnn_vector_all(roots[2 * j + 1])};
    }
}

/* Divides, or combines, one residue whose parts have `part` points. */
TNN_INLINE void tnn_quad_residue(double *residue, const double *roots, size_t part, uint32_t radix, bool forward) {
    tnn_complex w[3];
    tnn_quad_load_roots(w, roots, radix - 1);
    for (double *at = residue; at < residue + part * TNN_QUAD_POINT; at += TNN_QUAD_POINT) {
        tnn_complex x[4];
        tnn_quad_load_points(x, at, radix, part);
        if (radix == 4) {
            forward ? tnn_complex_divide4(x, w) : tnn_complex_combine4(x, w);
        } else {
            forward ? tnn_complex_divide2(x, w[0]) : tnn_complex_combine2(x, w[0]);
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
        __builtin_prefetch((const void *)line, 0, 2); /* NOLINT(performance-no-int-to-ptr): nothing is read there */
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
