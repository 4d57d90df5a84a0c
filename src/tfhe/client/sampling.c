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

/* 9 sigma of noise on 2^64 points must fit a signed word: sigma is at most 2^-1 only in theory, 2^-8 in any set that
 * passes tnn_params_check. */
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
