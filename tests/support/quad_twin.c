#include "quad_twin.h"

#include <math.h>

#include "draw.h"
#include "memory.h"
#include "quad_kernels.h"

uint32_t quad_point_root(const tnn_quad_fft *fft, uint32_t point) {
    uint32_t numerator = 1;
    uint32_t denominator = 4;
    uint32_t leaves = fft->points;
    for (uint32_t i = 0; i < fft->level_count; i++) {
        leaves /= fft->levels[i].radix;
        numerator += point / leaves * denominator;
        denominator *= fft->levels[i].radix;
        point %= leaves;
    }
    return numerator;
}

void naive_value(const double *poly, uint32_t N, uint32_t stride, uint32_t q, double *re, double *im) {
    long double sum_re = 0;
    long double sum_im = 0;
    for (uint64_t t = 0; t < N; t++) {
        long double angle = acosl(-1) * (long double)(t * q % (2 * (uint64_t)N)) / N;
        sum_re += poly[t * stride] * cosl(angle);
        sum_im += poly[t * stride] * sinl(angle);
    }
    *re = (double)sum_re;
    *im = (double)sum_im;
}

void set_last_entry(uint32_t *quad, uint32_t N) {
    for (uint32_t lane = 0; lane < TNN_QUAD_LANES; lane++) {
        quad[TNN_QUAD_LANES * N + lane] = 0 - quad[lane];
    }
}

uint32_t *new_quad(uint32_t N, uint32_t lanes) {
    uint32_t *quad = new_array(tnn_quad_words(N), sizeof *quad);
    uint32_t *random = new_random(N * (size_t)TNN_QUAD_LANES, sizeof *random);
    for (size_t i = 0; i < N * (size_t)TNN_QUAD_LANES; i++) {
        quad[i] = i % TNN_QUAD_LANES < lanes ? random[i] : 0;
    }
    set_last_entry(quad, N);
    tnn_free(random);
    return quad;
}
