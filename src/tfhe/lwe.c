/*
 * LWE ciphertexts (Regev, 2005) with binary keys on the torus Z/2^32:
 *
 *     (a, b) with b = <a, key> + message + e,        phase = b - <a, key> = message + e,
 *
 * a uniform, e a rounded Gaussian. Two keys: s [n], and S read as one key [k N]. The phase is linear in the ciphertext,
 * so an integer combination of ciphertexts, word by word, encrypts the same combination of messages:
 *
 *     phase(sum of w_i c_i) = sum of w_i message_i + sum of w_i e_i,        noise variance  sum of w_i^2 Var[e_i].
 *
 * Nothing is reduced: words wrap modulo 2^32 as the torus does, and negative weights are words like others.
 */
#include <string.h>

#include "kernels.h"
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
    tnn_random_bytes(lwe, key.dimension * sizeof *lwe);
    uint32_t noise = tnn_noise_u32(tnn_log2_sigma_on_u32(key.log2_sigma), 32);
    lwe[key.dimension] = inner_product(lwe, key.bits, key.dimension) + message + noise;
    tnn_wipe(&noise, sizeof noise);
    return TNN_OK;
}

uint32_t tnn_lwe_phase(const tnn_secret_key *secret, tnn_key_part part, const uint32_t *lwe) {
    lwe_key key = lwe_key_of(secret, part);
    return lwe[key.dimension] - inner_product(lwe, key.bits, key.dimension);
}

void tnn_lwe_dot(const tnn_params *params, uint32_t *lwe, const uint32_t *inputs, const int16_t *weights,
                 size_t count) {
    const size_t words = tnn_params_big_dimension(params) + 1;
    const tnn_kernels *kernels = tnn_kernels_best();
    memset(lwe, 0, words * sizeof *lwe);
    for (size_t i = 0; i < count; i++) {
        if (weights[i] != 0) {
            /* Zero weights are the model's, not the client's secret: skipping them shows nothing of a key. */
            kernels->add_scaled(lwe, inputs + i * words, (uint32_t)weights[i], words);
        }
    }
}
