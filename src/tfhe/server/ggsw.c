/*
 * GGSW encryption of a bit m under S = (S_1, ..., S_k): (k+1) l GLWE ciphertexts (eprint 2018/421, section 3; GSW:
 * eprint 2013/340). Row (c, v), v < l, has the phase
 *
 *     -m Bg^-(v+1) S_(c+1) for c < k,        m Bg^-(v+1) for c = k.
 *
 * Usually that is an encryption of 0 with m Bg^-(v+1) added to its component c. Here a mask has to stay what the seed
 * says, so the message goes into the body as -m Bg^-(v+1) S_(c+1), computed by whoever knows S: masks are uniform
 * either way, and the two distributions are the same.
 *
 * Bodies are computed on Z/2^64 and stored in bsk_bytes bytes. Nothing is lost: masks and noise have that many bits,
 * and a message's unit is at least 2^33.
 */
#include "ggsw.h"

#include "bytes.h"
#include "ggsw_bodies.h"
#include "memory.h"

static bool allocate_expand(tnn_expand_scratch *scratch, const tnn_params *params) {
    scratch->words = tnn_alloc(tnn_params_glwe_words(params), sizeof *scratch->words);
    scratch->stream = tnn_alloc(tnn_params_big_dimension(params), sizeof(uint64_t));
    return scratch->words && scratch->stream;
}

tnn_status tnn_expand_scratch_create(tnn_expand_scratch **out, const tnn_execution *execution) {
    *out = NULL;
    tnn_expand_scratch *scratch = tnn_alloc(1, sizeof *scratch);
    if (!scratch) {
        return TNN_ERR_MEMORY;
    }
    scratch->execution = *execution;
    tnn_status status = tnn_engine_scratch_create(&scratch->engine_scratch, execution, 1);
    if (status == TNN_OK && !allocate_expand(scratch, &execution->params)) {
        status = TNN_ERR_MEMORY;
    }
    if (status != TNN_OK) {
        tnn_expand_scratch_free(scratch);
        return status;
    }
    *out = scratch;
    return TNN_OK;
}

void tnn_expand_scratch_free(tnn_expand_scratch *scratch) {
    if (!scratch) {
        return;
    }
    tnn_engine_scratch_free(scratch->engine_scratch, scratch->execution.engine);
    tnn_free(scratch->words);
    tnn_free(scratch->stream);
    tnn_free(scratch);
}

static void load_row(tnn_expand_scratch *scratch, const uint8_t *body, const tnn_seed *seed, size_t row) {
    const tnn_params *params = &scratch->execution.params;
    const size_t mask_words = tnn_params_big_dimension(params);
    tnn_uniform_masks(scratch->words, scratch->stream, mask_words, tnn_ggsw_row_masks(params, seed, row));
    for (uint32_t t = 0; t < params->literal.N; t++) {
        scratch->words[mask_words + t] = tnn_load_torus(body + (size_t)t * params->bsk_bytes, params->bsk_bytes);
    }
}

void tnn_ggsw_expand(tnn_expand_scratch *scratch, double *fourier, const uint8_t *bodies, const tnn_seed *seed,
                     size_t first_row) {
    const tnn_params *params = &scratch->execution.params;
    const size_t row_bytes = (size_t)params->literal.N * params->bsk_bytes;
    for (uint32_t row = 0; row < tnn_params_ggsw_rows(params); row++) {
        load_row(scratch, bodies + row * row_bytes, seed, first_row + row);
        scratch->execution.engine->put_row(scratch->engine_scratch, fourier, row, scratch->words);
    }
}

/* A GGSW ciphertext is encrypted as on the wire and expanded at once, with a seed of its own. */
static tnn_status encrypt_and_expand(const tnn_secret_key *secret, tnn_ggsw *ggsw, uint32_t bit) {
    const tnn_params *params = &secret->params;
    tnn_glwe_scratch *encrypting = NULL;
    tnn_expand_scratch *expanding = NULL;
    tnn_seed seed;
    uint8_t *bodies = tnn_alloc(tnn_params_ggsw_rows(params) * (size_t)params->literal.N, params->bsk_bytes);
    tnn_status status = bodies ? tnn_glwe_scratch_create(&encrypting, params) : TNN_ERR_MEMORY;
    status = status == TNN_OK ? tnn_expand_scratch_create(&expanding, &ggsw->execution) : status;
    if (status == TNN_OK) {
        tnn_random_bytes(seed.bytes, sizeof seed.bytes);
        tnn_ggsw_encrypt_bodies(secret, encrypting, bodies, &seed, 0, bit);
        tnn_ggsw_expand(expanding, ggsw->fourier, bodies, &seed, 0);
    }
    tnn_expand_scratch_free(expanding);
    tnn_glwe_scratch_free(encrypting);
    tnn_free(bodies);
    return status;
}

tnn_status tnn_ggsw_encrypt_for(const tnn_secret_key *secret, tnn_ggsw **out, const tnn_execution *execution,
                                bool message) {
    *out = NULL;
    tnn_ggsw *ggsw = tnn_alloc(1, sizeof *ggsw);
    if (!ggsw) {
        return TNN_ERR_MEMORY;
    }
    ggsw->execution = *execution;
    ggsw->fourier = tnn_alloc(tnn_execution_ggsw_doubles(execution), sizeof *ggsw->fourier);
    tnn_status status = ggsw->fourier ? encrypt_and_expand(secret, ggsw, message) : TNN_ERR_MEMORY;
    if (status != TNN_OK) {
        tnn_ggsw_free(ggsw);
        return status;
    }
    *out = ggsw;
    return TNN_OK;
}

tnn_status tnn_ggsw_encrypt(const tnn_secret_key *secret, tnn_ggsw **out, bool message) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!secret || !secret->big) {
        return TNN_ERR_MISUSE;
    }
    const tnn_execution execution = tnn_execution_of(&secret->params);
    return tnn_ggsw_encrypt_for(secret, out, &execution, message);
}

void tnn_ggsw_free(tnn_ggsw *ggsw) {
    if (!ggsw) {
        return;
    }
    tnn_free(ggsw->fourier);
    tnn_free(ggsw);
}
