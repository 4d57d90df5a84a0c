#include "schoolbook.h"

#include <string.h>

#include "draw.h"
#include "memory.h"

void schoolbook_add_product(uint64_t *out, const uint64_t *a, const uint64_t *b, uint32_t N) {
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j < N - i; j++) {
            out[i + j] += a[i] * b[j];
        }
        for (uint32_t j = N - i; j < N; j++) {
            out[i + j - N] -= a[i] * b[j];
        }
    }
}

uint32_t schoolbook_rotated(const uint32_t *poly, uint32_t N, uint32_t exponent, uint32_t t) {
    uint32_t source = (t + 2 * N - exponent) % (2 * N);
    return source < N ? poly[source] : 0 - poly[source - N];
}

void schoolbook_glwe_phase(uint64_t *phase, const uint64_t *glwe, const uint32_t *key, uint32_t k, uint32_t N) {
    uint64_t *negated_key = new_array(N, sizeof *negated_key);
    memcpy(phase, glwe + (size_t)k * N, N * sizeof *phase);
    for (uint32_t j = 0; j < k; j++) {
        for (uint32_t t = 0; t < N; t++) {
            negated_key[t] = 0 - (uint64_t)key[(size_t)j * N + t];
        }
        schoolbook_add_product(phase, negated_key, glwe + (size_t)j * N, N);
    }
    tnn_free(negated_key);
}

void schoolbook_glwe_phase32(uint32_t *phase, const uint32_t *glwe, const uint32_t *key, uint32_t k, uint32_t N) {
    const size_t words = (size_t)(k + 1) * N;
    uint64_t *wide = new_array(words, sizeof *wide);
    uint64_t *wide_phase = new_array(N, sizeof *wide_phase);
    for (size_t i = 0; i < words; i++) {
        wide[i] = glwe[i];
    }
    schoolbook_glwe_phase(wide_phase, wide, key, k, N);
    for (uint32_t t = 0; t < N; t++) {
        phase[t] = (uint32_t)wide_phase[t];
    }
    tnn_free(wide);
    tnn_free(wide_phase);
}

/* A word less its nearest multiple. */
static int64_t rounded_away(uint32_t word, uint32_t log2_unit) {
    const int64_t unit = (int64_t)1 << log2_unit;
    const int64_t above = word % unit;
    return above < unit / 2 ? above : above - unit;
}

/* What the masks round away in one block. */
static int64_t rounded_in_block(const uint32_t *glwe, uint32_t k, uint32_t N, uint32_t block, uint32_t log2_unit) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < k * 16; i++) {
        sum += rounded_away(glwe[(size_t)(i / 16) * N + block * 16 + i % 16], log2_unit);
    }
    return sum;
}

void schoolbook_corrected_body(uint32_t *out, const uint32_t *glwe, uint32_t k, uint32_t N, uint32_t log2_unit) {
    int64_t *sums = new_array(N / 16, sizeof *sums);
    for (uint32_t block = 0; block < N / 16; block++) {
        sums[block] = rounded_in_block(glwe, k, N, block, log2_unit);
    }
    for (uint32_t block = 0; block < N / 16; block++) {
        int64_t twice = 0;
        for (uint32_t other = 0; other < N / 16; other++) {
            twice += other > block ? sums[other] : other < block ? -sums[other] : 0;
        }
        for (uint32_t t = 16 * block; t < 16 * block + 16; t++) {
            out[t] = glwe[(size_t)k * N + t] + (uint32_t)(twice / 2);
        }
    }
    tnn_free(sums);
}

uint32_t schoolbook_lwe_phase(const uint32_t *lwe, const uint32_t *key, uint32_t dimension) {
    uint32_t phase = lwe[dimension];
    for (uint32_t i = 0; i < dimension; i++) {
        phase -= key[i] ? lwe[i] : 0;
    }
    return phase;
}
