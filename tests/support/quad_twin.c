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

/* Quarter q is group q / arrays of array q mod arrays. */
size_t quad_spectrum_at(const tnn_quad_fft *fft, uint32_t lanes, uint32_t point, uint32_t c) {
    const uint32_t arrays = 4 * fft->slots / lanes;
    const uint32_t quarter = point / (fft->N / 8);
    const size_t place = quarter % arrays * (fft->N / 8) + point % (fft->N / 8);
    return place * 2 * lanes + quarter / arrays * fft->slots + c;
}

void set_copies(uint32_t *quad, uint32_t N, uint32_t slots) {
    for (size_t i = slots * (size_t)N; i < tnn_quad_words(N, slots); i++) {
        quad[i] = 0 - quad[i - slots * (size_t)N];
    }
}

uint32_t *new_quad(uint32_t N, uint32_t slots, uint32_t columns) {
    uint32_t *quad = new_array(tnn_quad_words(N, slots), sizeof *quad);
    uint32_t *random = new_random(N * (size_t)slots, sizeof *random);
    for (size_t i = 0; i < N * (size_t)slots; i++) {
        quad[i] = i % slots < columns ? random[i] : 0;
    }
    set_copies(quad, N, slots);
    tnn_free(random);
    return quad;
}
