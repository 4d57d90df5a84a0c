/*
 * FFT of one polynomial at a time: the plan. single_loops.c has the loops.
 *
 * M = N/2 complex points, a polynomial x modulo X^M - 1. One level of radix 4, with roots that cost nothing, leaves
 * four residues of m = M/4 points modulo X^m - i^j, j = 0 to 3. They become lanes of vectors: from there on all
 * four are divided alike, each by roots of its own (lanes.h), down to single points, and lanes never meet again. The
 * inverse goes back the same way.
 *
 * Between the levels point p of residue j stands at 4 p + j, real parts in front and imaginary parts N/2 behind them.
 */
#ifndef TNN_FFT_SINGLE_FFT_H
#define TNN_FFT_SINGLE_FFT_H

#include <stdint.h>

#include <torusnn/status.h>

#define TNN_SINGLE_RESIDUES 4u
#define TNN_SINGLE_ROOT (2 * TNN_SINGLE_RESIDUES) /* doubles: real, then imaginary parts, one a residue */
#define TNN_SINGLE_LEVELS_MOST 16u

/* Divides each of the four residues' parts alike. */
typedef struct tnn_single_level {
    uint32_t radix;      /* 4, or once, first, 2 where log2 m is odd */
    uint32_t length;     /* points of each part that it divides */
    const double *roots; /* [m / length][radix - 1] of TNN_SINGLE_ROOT: rho, rho^2, rho^3 */
} tnn_single_level;

typedef struct tnn_single_fft {
    uint32_t m; /* N/8 points of a residue */
    uint32_t level_count;
    tnn_single_level levels[TNN_SINGLE_LEVELS_MOST];
    double *roots;
} tnn_single_fft;

/* N: a power of two, 32 to 2^24. Returns TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_single_fft_create(tnn_single_fft **fft, uint32_t N);
void tnn_single_fft_free(tnn_single_fft *fft);

/* As tnn_fft_forward and tnn_fft_inverse; of one instruction set. */
typedef struct tnn_single_loops {
    void (*forward)(const tnn_single_fft *fft, double *out, const double *in);
    void (*inverse)(const tnn_single_fft *fft, double *out, double *in);
} tnn_single_loops;

/* Those of the processor. */
const tnn_single_loops *tnn_single_loops_best(void);

#endif
