/*
 * GLWE under S = (S_1, ..., S_k), k polynomials of N bits (eprint 2018/421, section 2). Modulo X^N + 1
 *
 *     (A_1, ..., A_k, B) with B = sum over j of A_j S_j + M + E,        phase = B - sum over j of A_j S_j = M + E,
 *
 * masks A_j uniform, E a rounded Gaussian of deviation sigma in each coefficient. Security is taken to be that of LWE
 * of dimension k N with the same sigma: no attack is known that gains from the ring.
 *
 * Products with S are exact, on words of 64 bits: keys are made on a torus of 40 to 64 bits, of which 53 would fit a
 * double.
 *
 * SAMPLE EXTRACT. Coefficient i of the phase is an LWE phase under S read as one key of k N bits: coefficient i of A S
 * is the sum over t of A[i - t] S[t], so A[i - t] is the mask at t. Words move and change sign; no noise is added.
 */
#include "glwe.h"

#include <string.h>

#include "memory.h"
#include "sampling.h"
#include "secret.h"

static bool allocate_scratch(tnn_glwe_scratch *scratch, const tnn_params *params) {
    const size_t N = params->literal.N;
    const size_t k = params->literal.k;
    scratch->doubled = tnn_secret_alloc(2 * N, sizeof *scratch->doubled);
    scratch->masks = tnn_alloc(k * N, sizeof *scratch->masks);
    scratch->body = tnn_secret_alloc(N, sizeof *scratch->body);
    scratch->stream = tnn_alloc(k * N, sizeof(uint64_t));
    return scratch->doubled && scratch->masks && scratch->body && scratch->stream;
}

tnn_status tnn_glwe_scratch_create(tnn_glwe_scratch **out, const tnn_params *params) {
    *out = NULL;
    tnn_glwe_scratch *scratch = tnn_alloc(1, sizeof *scratch);
    if (!scratch) {
        return TNN_ERR_MEMORY;
    }
    scratch->add = tnn_masked_sum_for(tnn_instructions_best());
    if (!allocate_scratch(scratch, params)) {
        tnn_glwe_scratch_free(scratch);
        return TNN_ERR_MEMORY;
    }
    *out = scratch;
    return TNN_OK;
}

void tnn_glwe_scratch_free(tnn_glwe_scratch *scratch) {
    if (!scratch) {
        return;
    }
    tnn_secret_free(scratch->doubled);
    tnn_free(scratch->masks);
    tnn_secret_free(scratch->body);
    tnn_free(scratch->stream);
    tnn_free(scratch);
}

/* X^i poly starts N - i into the doubled array, so the product is N masked additions: N^2 / 4 AVX2 steps, exact on
 * 64-bit words where a double-precision FFT is not. */
void tnn_add_binary_product(tnn_masked_sum add, uint64_t *inout, uint64_t *doubled, const uint64_t *poly,
                            const uint32_t *key, uint32_t N) {
    for (uint32_t t = 0; t < N; t++) {
        doubled[t] = 0 - poly[t];
        doubled[N + t] = poly[t];
    }
    for (uint32_t i = 0; i < N; i++) {
        add(inout, doubled + N - i, 0 - (uint64_t)key[i], N);
    }
}

/* The body of an encryption of 0 is added to what the body holds. */
void tnn_glwe_mask_body(const tnn_secret_key *secret, tnn_glwe_scratch *scratch, double log2_sigma, uint32_t bits) {
    const uint32_t N = secret->params.literal.N;
    for (uint32_t j = 0; j < secret->params.literal.k; j++) {
        tnn_add_binary_product(scratch->add, scratch->body, scratch->doubled, scratch->masks + (size_t)j * N,
                               secret->big + (size_t)j * N, N);
    }
    tnn_add_noise(scratch->body, N, log2_sigma, bits);
}

/* The top 32 bits of each word are the ciphertext. */
static void draw_masks_u32(tnn_glwe_scratch *scratch, uint32_t *glwe, size_t words) {
    tnn_random_bytes(glwe, words * sizeof *glwe);
    for (size_t i = 0; i < words; i++) {
        scratch->masks[i] = (uint64_t)glwe[i] << 32;
    }
}

/* On words of 64 bits whose lower halves are 0: noise and message are multiples of 2^32, so all sums are. */
tnn_status tnn_glwe_encrypt(const tnn_secret_key *secret, uint32_t *glwe, const uint32_t *message) {
    if (!secret || !glwe || !message || !secret->big) {
        return TNN_ERR_MISUSE;
    }
    tnn_glwe_scratch *scratch;
    tnn_status status = tnn_glwe_scratch_create(&scratch, &secret->params);
    if (status != TNN_OK) {
        return status;
    }
    const size_t N = secret->params.literal.N;
    const size_t mask_words = tnn_params_big_dimension(&secret->params);
    draw_masks_u32(scratch, glwe, mask_words);
    for (size_t t = 0; t < N; t++) {
        scratch->body[t] = (uint64_t)message[t] << 32;
    }
    tnn_glwe_mask_body(secret, scratch, tnn_log2_sigma_on_u32(secret->params.literal.glwe_log2_sigma), 32);
    for (size_t t = 0; t < N; t++) {
        glwe[mask_words + t] = (uint32_t)(scratch->body[t] >> 32);
    }
    tnn_glwe_scratch_free(scratch);
    return TNN_OK;
}

tnn_status tnn_glwe_phase(const tnn_secret_key *secret, uint32_t *phase, const uint32_t *glwe) {
    if (!secret || !phase || !glwe || !secret->big) {
        return TNN_ERR_MISUSE;
    }
    const size_t N = secret->params.literal.N;
    uint32_t *lwe = tnn_secret_alloc(tnn_params_big_dimension(&secret->params) + 1, sizeof *lwe);
    if (!lwe) {
        return TNN_ERR_MEMORY;
    }
    for (size_t t = 0; t < N; t++) {
        tnn_sample_extract(&secret->params, lwe, glwe, t);
        phase[t] = tnn_lwe_phase(secret, TNN_KEY_BIG, lwe);
    }
    tnn_secret_free(lwe);
    return TNN_OK;
}

/* out[i] = A[index - i], and A[-t] = -A[N - t]. */
void tnn_sample_extract(const tnn_params *params, uint32_t *lwe, const uint32_t *glwe, size_t index) {
    if (!params || !lwe || !glwe) {
        return;
    }
    const size_t N = params->literal.N;
    const size_t k = params->literal.k;
    for (size_t j = 0; j < k; j++) {
        const uint32_t *mask = glwe + j * N;
        uint32_t *out = lwe + j * N;
        for (size_t i = 0; i <= index; i++) {
            out[i] = mask[index - i];
        }
        for (size_t i = index + 1; i < N; i++) {
            out[i] = 0 - mask[N + index - i];
        }
    }
    lwe[k * N] = glwe[k * N + index];
}
