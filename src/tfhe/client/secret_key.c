/*
 * The secret key: s uniform in {0,1}^n for small LWE ciphertexts and inputs, S uniform in {0,1}^(k N) for GLWE and big
 * LWE ciphertexts. Where the prefix is shared, s is the first n bits of S (eprint 2023/979, section 3): a key switch
 * then has k N - n coordinates to bring over in place of k N. A bit takes a word of 32, ready to be multiplied with.
 */
#include <string.h>

#include "keys.h"
#include "memory.h"
#include "secret.h"

static bool allocate_bits(tnn_secret_key *secret) {
    const bool has_big = tnn_params_bootstrap(&secret->params);
    secret->big = has_big ? tnn_secret_alloc(tnn_params_big_dimension(&secret->params), sizeof *secret->big) : NULL;
    secret->small = secret->params.literal.shared_prefix
                        ? secret->big
                        : tnn_secret_alloc(secret->params.literal.n, sizeof *secret->small);
    return (secret->big || !has_big) && secret->small;
}

tnn_status tnn_secret_key_new(tnn_secret_key **out, const tnn_params *params) {
    *out = NULL;
    tnn_status status = tnn_random_start();
    if (status != TNN_OK) {
        return status;
    }
    tnn_secret_key *secret = tnn_alloc(1, sizeof *secret);
    if (!secret) {
        return TNN_ERR_MEMORY;
    }
    secret->params = tnn_params_of_key(params);
    if (!allocate_bits(secret)) {
        tnn_secret_key_free(secret);
        return TNN_ERR_MEMORY;
    }
    *out = secret;
    return TNN_OK;
}

/* Uniform bits: each word keeps the lowest bit of a random word. */
static void draw_bits(uint32_t *bits, size_t count) {
    tnn_random_bytes(bits, count * sizeof *bits);
    for (size_t i = 0; i < count; i++) {
        bits[i] &= 1;
    }
}

/* The identity is random and public: it is no function of the bits. */
tnn_status tnn_secret_key_generate(tnn_secret_key **out, const tnn_params *params) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!params) {
        return TNN_ERR_MISUSE;
    }
    tnn_status status = tnn_secret_key_new(out, params);
    if (status != TNN_OK) {
        return status;
    }
    tnn_secret_key *secret = *out;
    tnn_random_bytes(secret->id.bytes, sizeof secret->id.bytes);
    if (tnn_params_bootstrap(params)) {
        draw_bits(secret->big, tnn_params_big_dimension(params));
    }
    if (!params->literal.shared_prefix) {
        draw_bits(secret->small, params->literal.n);
    }
    return TNN_OK;
}

void tnn_secret_key_free(tnn_secret_key *secret) {
    if (!secret) {
        return;
    }
    if (secret->small != secret->big) {
        tnn_secret_free(secret->small);
    }
    tnn_secret_free(secret->big);
    tnn_free(secret);
}

const tnn_params *tnn_secret_key_params(const tnn_secret_key *secret) {
    return secret ? &secret->params : NULL;
}

/* Not in constant time: identities are public. */
bool tnn_key_id_equal(const tnn_key_id *a, const tnn_key_id *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
