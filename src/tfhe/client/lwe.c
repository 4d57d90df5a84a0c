/*
 * LWE encryption of a torus element m under a key s of d bits, on Z/2^32:
 *
 *     (a, b) with a uniform, b = <a, s> + m + e,        phase(a, b) = b - <a, s> = m + e
 *
 * e Gaussian of standard deviation sigma (eprint 2018/421, section 3.1). The small key has dimension n, the big one is
 * the coefficients of S in a row, k N of them, so that a coefficient of a GLWE ciphertext is an LWE ciphertext under it
 * (sample extract). Inner products multiply by each bit: the same instructions whatever the key. To decrypt is to round
 * the phase to the nearest message, which is the caller's: what is near enough is for the encoding to say.
 */
#include "keys.h"
#include "sampling.h"
#include "secret.h"

/* The key bits and noise that a part stands for. */
typedef struct lwe_key {
    const uint32_t *bits; /* [dimension] */
    size_t dimension;
    double log2_sigma;
} lwe_key;

static lwe_key lwe_key_of(const tnn_secret_key *secret, tnn_key_part part) {
    const tnn_params_literal *p = &secret->params.literal;
    return part == TNN_KEY_SMALL
               ? (lwe_key){secret->small, p->n, p->lwe_log2_sigma}
               : (lwe_key){secret->big, tnn_params_big_dimension(&secret->params), p->glwe_log2_sigma};
}

/* <mask, key> by multiplication with each bit: the same instructions whatever the key. */
static uint32_t inner_product(const uint32_t *mask, const uint32_t *bits, size_t count) {
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += mask[i] * bits[i];
    }
    return sum;
}

/* Masks are drawn straight into the ciphertext: nothing about them is secret. */
tnn_status tnn_lwe_encrypt(const tnn_secret_key *secret, tnn_key_part part, uint32_t *lwe, uint32_t message) {
    if (!secret || !lwe || (part != TNN_KEY_SMALL && part != TNN_KEY_BIG)) {
        return TNN_ERR_MISUSE;
    }
    lwe_key key = lwe_key_of(secret, part);
    if (!key.bits) {
        return TNN_ERR_MISUSE;
    }
    tnn_random_bytes(lwe, key.dimension * sizeof *lwe);
    uint32_t noise = tnn_noise_u32(tnn_log2_sigma_on_u32(key.log2_sigma), 32);
    lwe[key.dimension] = inner_product(lwe, key.bits, key.dimension) + message + noise;
    tnn_wipe(&noise, sizeof noise);
    return TNN_OK;
}

uint32_t tnn_lwe_phase(const tnn_secret_key *secret, tnn_key_part part, const uint32_t *lwe) {
    if (!secret || !lwe) {
        return 0;
    }
    lwe_key key = lwe_key_of(secret, part);
    return lwe[key.dimension] - inner_product(lwe, key.bits, key.dimension);
}
