/*
 * The plan of single_fft.h. With r = exp(2 pi i a) the root of a residue modulo X^m - r,
 *
 *     a = j / 4 for residue j,        a_c = (a + c) / radix for child c,        rho = exp(2 pi i a / radix).
 */
#include "single_fft.h"

#include <math.h>
#include <stdbool.h>

#include "memory.h"
#include "processor.h"

#define PI 3.14159265358979323846264338328L

extern const tnn_single_loops tnn_single_loops_portable;
extern const tnn_single_loops tnn_single_loops_avx2;
extern const tnn_single_loops tnn_single_loops_avx512;

static const tnn_single_loops *const COMPILED[] = {
    [TNN_PORTABLE] = &tnn_single_loops_portable,
#if defined(TNN_HAVE_X86_KERNELS)
    [TNN_AVX2] = &tnn_single_loops_avx2,
    [TNN_AVX512] = &tnn_single_loops_avx512,
#endif
};

static bool has_odd_log2(uint32_t power) {
    return (power & 0xaaaaaaaau) != 0;
}

static void plan_levels(tnn_single_fft *fft) {
    for (uint32_t length = fft->m; length > 1; fft->level_count++) {
        tnn_single_level *level = &fft->levels[fft->level_count];
        level->radix = has_odd_log2(fft->m) && fft->level_count == 0 ? 2 : 4;
        level->length = length;
        length /= level->radix;
    }
}

/* The argument of r, a fraction of the full turn, of one part before a level. */
static long double argument_of(const tnn_single_fft *fft, uint32_t level, uint32_t part, uint32_t residue) {
    if (level == 0) {
        return (long double)residue / TNN_SINGLE_RESIDUES;
    }
    const uint32_t radix = fft->levels[level - 1].radix;
    return (argument_of(fft, level - 1, part / radix, residue) + part % radix) / radix;
}

/* rho and its powers of one part, in long double: an error of a root is an error of every product. */
static void fill_part(const tnn_single_fft *fft, uint32_t level, uint32_t part, double *roots) {
    const uint32_t radix = fft->levels[level].radix;
    for (uint32_t residue = 0; residue < TNN_SINGLE_RESIDUES; residue++) {
        const long double rho = argument_of(fft, level, part, residue) / radix;
        for (uint32_t power = 1; power < radix; power++) {
            double *root = roots + (size_t)(power - 1) * TNN_SINGLE_ROOT + residue;
            root[0] = (double)cosl(2 * PI * rho * power);
            root[TNN_SINGLE_RESIDUES] = (double)sinl(2 * PI * rho * power);
        }
    }
}

/* A level has m / length parts of radix - 1 roots: m - 1 in all. */
static void fill_roots(tnn_single_fft *fft) {
    double *roots = fft->roots;
    for (uint32_t i = 0; i < fft->level_count; i++) {
        tnn_single_level *level = &fft->levels[i];
        level->roots = roots;
        for (uint32_t part = 0; part < fft->m / level->length; part++) {
            fill_part(fft, i, part, roots);
            roots += (size_t)(level->radix - 1) * TNN_SINGLE_ROOT;
        }
    }
}

tnn_status tnn_single_fft_create(tnn_single_fft **out, uint32_t N) {
    *out = NULL;
    tnn_single_fft *fft = tnn_alloc(1, sizeof *fft);
    if (!fft) {
        return TNN_ERR_MEMORY;
    }
    fft->m = N / 8;
    fft->roots = tnn_alloc(fft->m, TNN_SINGLE_ROOT * sizeof *fft->roots);
    if (!fft->roots) {
        tnn_single_fft_free(fft);
        return TNN_ERR_MEMORY;
    }
    plan_levels(fft);
    fill_roots(fft);
    *out = fft;
    return TNN_OK;
}

void tnn_single_fft_free(tnn_single_fft *fft) {
    if (!fft) {
        return;
    }
    tnn_free(fft->roots);
    tnn_free(fft);
}

const tnn_single_loops *tnn_single_loops_best(void) {
    return COMPILED[tnn_instructions_best()];
}
