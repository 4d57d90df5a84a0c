/* Twins of the spectra and layouts of quad_fft.h and quad_kernels.h, by their definitions. */
#ifndef SUPPORT_QUAD_TWIN_H
#define SUPPORT_QUAD_TWIN_H

#include <stdint.h>

#include "quad_fft.h"

/* The q below 2N for which a spectrum's `point` is the value at exp(pi i q / N): down the levels, the children of
 * X^m = exp(2 pi i a) stand in the order of the arguments (a + 0) / radix, (a + 1) / radix, and so on. */
uint32_t quad_point_root(const tnn_quad_fft *fft, uint32_t point);

/* The value of a real polynomial at exp(pi i q / N); its coefficients stand `stride` apart. */
void naive_value(const double *poly, uint32_t N, uint32_t stride, uint32_t q, double *re, double *im);

/* A random quad with `lanes` lanes in use; free with tnn_free. */
uint32_t *new_quad(uint32_t N, uint32_t lanes);

/* Entry N, and all that follows from it: X^N = -1. */
void set_last_entry(uint32_t *quad, uint32_t N);

#endif
