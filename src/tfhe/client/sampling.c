/*
 * Masks and noise on a torus of 2^bits points, whose elements stand in the top bits of words of 64. Rounding a Gaussian
 * of deviation sigma to a point adds 2^(-2 bits) / 12 to its variance: at most a 192th, as parameter sets have sigma >=
 * 4 * 2^-bits (params.h).
 */
#include "sampling.h"

#include <math.h>

#include "bytes.h"
#include "params.h"
#include "secret.h"

void tnn_uniform_masks(uint64_t *out, uint8_t *scratch, size_t count, tnn_mask_source source) {
    tnn_expand(scratch, count * source.bytes, source.seed, source.stream);
    for (size_t i = 0; i < count; i++) {
        out[i] = tnn_load_torus(scratch + i * source.bytes, source.bytes);
    }
}

/* The largest deviate is 8.7 (gaussian.c), and `units` is at most 2^39: words wider than 5 bytes are only taken where
 * sigma falls below 2^-38 (params.c). So llrint never leaves its range; noise beyond half the torus would wrap, as on
 * the torus. */
void tnn_add_noise(uint64_t *inout, size_t count, double log2_sigma, uint32_t bits) {
    enum { BLOCK = 128 };
    double deviates[BLOCK];
    const double units = exp2(log2_sigma + bits);
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t taken = count - start < BLOCK ? count - start : BLOCK;
        tnn_gaussian(deviates, taken);
        for (size_t i = 0; i < taken; i++) {
            inout[start + i] += (uint64_t)llrint(deviates[i] * units) << (64 - bits);
        }
    }
    tnn_wipe(deviates, sizeof deviates);
}

uint32_t tnn_noise_u32(double log2_sigma, uint32_t bits) {
    uint64_t noise = 0;
    tnn_add_noise(&noise, 1, log2_sigma, bits);
    uint32_t result = (uint32_t)(noise >> (64 - bits));
    tnn_wipe(&noise, sizeof noise);
    return result;
}

double tnn_log2_sigma_on_u32(double log2_sigma) {
    return fmax(log2_sigma, TNN_MIN_LOG2_NOISE_UNITS - 32);
}
