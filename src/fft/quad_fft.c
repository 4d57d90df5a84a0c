/*
 * The plan of quad_fft.h: which radix each level has, and its roots.
 *
 * Levels form a tree. Its root is the residue modulo X^(N/2) - i; a residue modulo X^m - r has `radix` children modulo
 * X^(m/radix) - rho_j, rho_j^radix = r. All r lie on the unit circle, so turns are enough: with r = exp(2 pi i a),
 *
 *     a = 1/4 at the root of the tree,    a_j = (a + j) / radix for child j,    rho_j = rho_0 exp(2 pi i j / radix).
 *
 * For child j, rho_j is its own r. At the leaves m = 1 and r is the point at which the polynomial is evaluated.
 */
#include "quad_fft.h"

#include <math.h>
#include <stdbool.h>

#include "memory.h"

#define PI 3.14159265358979323846264338328L

static bool has_odd_log2(uint32_t power) {
    return (power & 0xaaaaaaaau) != 0;
}

/* Radix 4, then 2 where the logarithm is odd, then 4 down to single points. The first level always has radix 4: it is
 * the one that is fused with other passes (tfhe/quad_kernels.c). */
static void plan_levels(tnn_quad_fft *fft) {
    for (uint32_t length = fft->points; length > 1; fft->level_count++) {
        const bool halve = has_odd_log2(fft->points) && fft->level_count == 1;
        tnn_quad_level *level = &fft->levels[fft->level_count];
        level->radix = halve ? 2 : 4;
        level->length = length;
        length /= level->radix;
    }
}

/* The argument of r, a fraction of the full turn, for each residue of a level; children of one stand together. The root
 * of the tree is X^(N/2) - i. Residue `residue` is child residue mod radix of the level above. */
static double argument_of(const tnn_quad_fft *fft, uint32_t level, uint32_t residue) {
    if (level == 0) {
        return 0.25;
    }
    const uint32_t radix = fft->levels[level - 1].radix;
    return (argument_of(fft, level - 1, residue / radix) + residue % radix) / radix;
}

/* rho_0 and its powers for each residue of a level, in long double: an error of a root is an error of every product.
 * The other children's powers differ by factors i, -1 and -i, which cost nothing. */
static double *fill_level(const tnn_quad_fft *fft, uint32_t index, double *roots) {
    const tnn_quad_level *level = &fft->levels[index];
    for (uint32_t residue = 0; residue < fft->points / level->length; residue++) {
        const double rho = argument_of(fft, index, residue) / level->radix;
        for (uint32_t power = 1; power < level->radix; power++) {
            *roots++ = (double)cosl(2 * PI * rho * power);
            *roots++ = (double)sinl(2 * PI * rho * power);
        }
    }
    return roots;
}

tnn_status tnn_quad_fft_create(tnn_quad_fft **out, uint32_t N, uint32_t slots) {
    *out = NULL;
    if (N < 64 || N > (1u << 24) || (N & (N - 1)) != 0 || (slots != 2 && slots != 4)) {
        return TNN_ERR_MISUSE;
    }
    tnn_quad_fft *fft = tnn_alloc(1, sizeof *fft);
    if (!fft) {
        return TNN_ERR_MEMORY;
    }
    fft->N = N;
    fft->points = N / 2;
    fft->slots = slots;
    /* A level has points / length residues of radix - 1 roots: points - 1 in all. */
    fft->roots = tnn_alloc(2 * (size_t)fft->points, sizeof *fft->roots);
    if (!fft->roots) {
        tnn_quad_fft_free(fft);
        return TNN_ERR_MEMORY;
    }
    plan_levels(fft);
    double *roots = fft->roots;
    for (uint32_t i = 0; i < fft->level_count; i++) {
        fft->levels[i].roots = roots;
        roots = fill_level(fft, i, roots);
    }
    *out = fft;
    return TNN_OK;
}

void tnn_quad_fft_free(tnn_quad_fft *fft) {
    if (!fft) {
        return;
    }
    tnn_free(fft->roots);
    tnn_free(fft);
}
