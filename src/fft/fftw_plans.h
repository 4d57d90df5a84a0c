/*
 * Complex transforms of N/2 points by FFTW. Forward transforms have the kernel exp(-2 pi i j t / (N/2)), so point j of
 * a folded and twisted polynomial p is p at w^(1 - 4j), w = exp(i pi / N): the roots of X^(N/2) = i. Neither direction
 * divides by N/2. Arrays and their layout: fft.h.
 */
#ifndef TNN_FFT_FFTW_PLANS_H
#define TNN_FFT_FFTW_PLANS_H

#include <stdint.h>

#include <torusnn/status.h>

typedef struct tnn_fftw_plans tnn_fftw_plans;

/* The plans of a degree, a power of two from 32 to 2^24: made by the first call, measured on this machine, and kept as
 * long as the process. Thread-safe. Returns TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_fftw_plans_of(const tnn_fftw_plans **plans, uint32_t N);

void tnn_fftw_forward(const tnn_fftw_plans *plans, double *out, const double *in);
void tnn_fftw_inverse(const tnn_fftw_plans *plans, double *out, double *in);

#endif
