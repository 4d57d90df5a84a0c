/* Twins of the spectra and layouts of quad_fft.h and quad_kernels.h, by their definitions. */
#ifndef SUPPORT_QUAD_TWIN_H
#define SUPPORT_QUAD_TWIN_H

#include <stddef.h>
#include <stdint.h>

#include "quad_fft.h"

/* The q below 2N for which the plan's `point`, of N/2, is the value at exp(pi i q / N): down the levels, the children
 * of X^m = exp(2 pi i a) stand in the order of the arguments (a + 0) / radix, (a + 1) / radix, and so on. */
uint32_t quad_point_root(const tnn_quad_fft *fft, uint32_t point);

/* The value of a real polynomial at exp(pi i q / N); its coefficients stand `stride` apart. */
void naive_value(const double *poly, uint32_t N, uint32_t stride, uint32_t q, double *re, double *im);

/* Where, in a spectrum of `lanes` lanes, the real part of polynomial c at a point stands; the imaginary part stands
 * `lanes` doubles behind it. */
size_t quad_spectrum_at(const tnn_quad_fft *fft, uint32_t lanes, uint32_t point, uint32_t c);

/* A random quad with `columns` polynomials in use; free with tnn_free. */
uint32_t *new_quad(uint32_t N, uint32_t slots, uint32_t columns);

/* The words behind the last entry: X^N = -1. */
void set_copies(uint32_t *quad, uint32_t N, uint32_t slots);

#endif
