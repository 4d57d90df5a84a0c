/*
 * The negacyclic Fourier transform: multiplication modulo X^N + 1 over the reals becomes pointwise.
 *
 * A polynomial p of N real coefficients folds into N/2 complex points (p[t] + i p[t + N/2]) w^t with w = exp(i pi / N);
 * their N/2-point complex DFT holds the values of p at every other odd power of w, which determine it (Bernstein,
 * "Multidigit multiplication for mathematicians", 2001, section 10; for TFHE eprint 2021/480, section 3).
 *
 * Layout of every array here, N doubles on a cache line: N/2 real parts, then N/2 imaginary parts.
 *
 * Folding and twisting by w^t are left to the caller, who fuses them with what stands before and after the transform:
 * see tfhe/kernels.c.
 *
 * The transform is our own (single_fft.h), or in a build with TORUSNN_FFTW_ONLY FFTW's (fftw_plans.h).
 */
#ifndef TNN_FFT_FFT_H
#define TNN_FFT_FFT_H

#include <stddef.h>
#include <stdint.h>

#include <torusnn/status.h>

#define TNN_FFT_LEAST_DEGREE 32u

typedef struct tnn_fft tnn_fft;

/* N is a power of two, at least TNN_FFT_LEAST_DEGREE. Returns TNN_ERR_MISUSE, TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_fft_create(tnn_fft **fft, uint32_t N);
void tnn_fft_free(tnn_fft *fft);

/* w^t for t below N/2, in the layout above. */
const double *tnn_fft_twist(const tnn_fft *fft);

/* The DFT of N/2 points, its values in an order of the plan's own, and its inverse times N/2. Thread-safe, allocate
 * nothing. out and in [N] are cache-line aligned and do not overlap; the inverse overwrites its input. */
void tnn_fft_forward(const tnn_fft *fft, double *out, const double *in);
void tnn_fft_inverse(const tnn_fft *fft, double *out, double *in);

#endif
