/*
 * Negacyclic FFT of two or four real polynomials at once: the plan. quad_levels.h has the loops.
 *
 * R[X]/(X^N + 1) is C[X]/(X^(N/2) - i) when coefficients t and t + N/2 are read as real and imaginary part. A level
 * divides each residue: the four roots rho, i rho, -rho, -i rho of X^4 = r split X^m - r into four X^(m/4) - rho_j, and
 *
 *     y_j = x_0 + rho_j x_1 + rho_j^2 x_2 + rho_j^3 x_3,        x = four quarters of the residue.
 *
 * After the last level residues are numbers: the polynomial's values at the N/2 roots of X^(N/2) = i. There is no twist
 * before and no permutation after; the order of the values is the plan's own. (D. J. Bernstein, "Multidigit
 * multiplication for mathematicians", 2001, sections 2 and 7.)
 *
 * Lanes of a vector hold polynomials and residues. The first level leaves four residues, the quarters, which never meet
 * again. A vector of W lanes holds a point of S = 2 or 4 polynomials and of R = W / S quarters: S R numbers that every
 * later level treats alike, with one root for each quarter. So two polynomials fill four lanes, and four eight.
 *
 *     lane u S + c of array h: polynomial c, quarter h + u (4 / R),        h below 4 / R, u below R.
 *
 * A spectrum is 4 / R such arrays of N/8 points, each of 2 W doubles: W real parts, then W imaginary parts.
 */
#ifndef TNN_FFT_QUAD_FFT_H
#define TNN_FFT_QUAD_FFT_H

#include <stdint.h>

#include <torusnn/status.h>

#define TNN_QUAD_LEVELS_MOST 16u

typedef struct tnn_quad_level {
    uint32_t radix;      /* 4, or once 2 where log2(N/2) is odd */
    uint32_t length;     /* coefficients of each residue that it divides */
    const double *roots; /* [residues][radix - 1][2]: rho, rho^2, rho^3 as real and imaginary part */
} tnn_quad_level;

typedef struct tnn_quad_fft {
    uint32_t N;
    uint32_t points; /* N/2 */
    uint32_t slots;  /* polynomials side by side: 2 or 4 */
    uint32_t level_count;
    tnn_quad_level levels[TNN_QUAD_LEVELS_MOST]; /* the first one has radix 4 */
    double *roots;
} tnn_quad_fft;

/* Memory that a transform fetches into the second-level cache on its way, a few lines after each quarter: what will be
 * multiplied with next comes from afar, and in one piece it would have to be waited for. */
typedef struct tnn_quad_fetch {
    uintptr_t from; /* an address, since the last part may lie past the end of an array, where no pointer may point */
    uint32_t lines; /* of TNN_QUAD_LINE bytes, a quarter; may be 0 */
} tnn_quad_fetch;
#define TNN_QUAD_LINE ((size_t)64)

/* N: a power of two, 64 to 2^24; slots: 2 or 4. Returns TNN_ERR_MISUSE, TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_quad_fft_create(tnn_quad_fft **fft, uint32_t N, uint32_t slots);
void tnn_quad_fft_free(tnn_quad_fft *fft);

#endif
