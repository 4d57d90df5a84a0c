/*
 * The evaluation key: all that a client gives away of its secrets, and all that the server needs.
 *
 *     bootstrapping key   GGSW encryptions, under S, of each bit of s           bodies [n][(k+1) l][N]
 *     key-switching key   LWE encryptions, under s, of S_j B^-(v+1) for v < t   bodies [k N - n][t], j = n to k N - 1
 *
 * Masks are uniform and public, so a seed of 32 bytes stands for them (ChaCha20, one stream a row) and only bodies are
 * kept: a (k + 1)th of the first key, an (n + 1)th of the second. That works because messages stand in the bodies
 * alone: ggsw.h.
 *
 * With both keys S is encrypted under s and s under S, which takes the usual assumption of circular security. A set
 * without key switch has no such cycle. A set without bootstrap has neither key: what is left is whose key it is.
 */
#include "bytes.h"
#include "ggsw_bodies.h"
#include "memory.h"
#include "pool.h"
#include "sampling.h"

size_t tnn_bootstrapping_body_bytes(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    return p->n * (size_t)tnn_params_ggsw_rows(params) * p->N * params->bsk_bytes;
}

size_t tnn_switching_body_words(const tnn_params *params) {
    return tnn_params_switched_coordinates(params) * params->literal.ks_levels;
}

tnn_status tnn_eval_key_new(tnn_eval_key **out, const tnn_params *params) {
    *out = NULL;
    tnn_eval_key *eval = tnn_alloc(1, sizeof *eval);
    if (!eval) {
        return TNN_ERR_MEMORY;
    }
    eval->params = *params;
    const size_t switching_words = tnn_switching_body_words(params);
    const size_t bootstrapping_bytes = tnn_bootstrapping_body_bytes(params);
    eval->bootstrapping = bootstrapping_bytes ? tnn_alloc(bootstrapping_bytes, 1) : NULL;
    eval->switching = switching_words ? tnn_alloc(switching_words, sizeof *eval->switching) : NULL;
    if ((bootstrapping_bytes && !eval->bootstrapping) || (switching_words && !eval->switching)) {
        tnn_eval_key_free(eval);
        return TNN_ERR_MEMORY;
    }
    *out = eval;
    return TNN_OK;
}

void tnn_eval_key_free(tnn_eval_key *eval) {
    if (!eval) {
        return;
    }
    tnn_free(eval->bootstrapping);
    tnn_free(eval->switching);
    tnn_free(eval);
}

const tnn_params *tnn_eval_key_params(const tnn_eval_key *eval) {
    return eval ? &eval->params : NULL;
}

/* One generation: its threads and their secret scratch. */
typedef struct generation {
    const tnn_secret_key *secret;
    tnn_eval_key *eval;
    tnn_pool *pool;
    size_t first; /* key bit of the stretch at hand */
    tnn_glwe_scratch *scratch[TNN_MAX_THREADS];
} generation;

/* GGSW ciphertext i, of s_i. Rows are numbered through the key, so each has a stream of masks to itself. */
static void encrypt_key_bit(void *context, unsigned worker, size_t i) {
    generation *g = context;
    const tnn_params *params = &g->eval->params;
    const size_t rows = tnn_params_ggsw_rows(params);
    const size_t bytes = rows * params->literal.N * params->bsk_bytes;
    tnn_ggsw_encrypt_bodies(g->secret, g->scratch[worker], g->eval->bootstrapping + i * bytes, &g->eval->seed, i * rows,
                            g->secret->small[i]);
}

/* <mask, s> for a mask of n little-endian words of 32 bits: the same instructions whatever s. */
static uint32_t stream_product(const uint8_t *stream, const uint32_t *small, uint32_t n) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += (uint32_t)tnn_load_le(stream + 4 * (size_t)i, 4) * small[i];
    }
    return sum;
}

/* Key-switching ciphertexts of coordinate `n + index` of S, one a level: S_j B^-(level+1) is the bit moved up to 2^(32
 * - log2(B) (level + 1)). */
static void encrypt_switched_coordinate(void *context, unsigned worker, size_t index) {
    (void)worker;
    generation *g = context;
    const tnn_params_literal *p = &g->eval->params.literal;
    uint8_t stream[4 * TNN_MAX_LWE_DIMENSION];
    for (uint32_t level = 0; level < p->ks_levels; level++) {
        size_t ciphertext = index * p->ks_levels + level;
        tnn_expand(stream, 4 * (size_t)p->n, &g->eval->seed, tnn_switching_stream(ciphertext));
        uint32_t message = g->secret->big[p->n + index] << (32 - p->ks_base_log * (level + 1));
        g->eval->switching[ciphertext] =
            stream_product(stream, g->secret->small, p->n) + message + tnn_noise_u32(p->lwe_log2_sigma, 32);
    }
}

/* Workers share nothing but the secret and write to places of their own; scratch is secret too, one for each. */
static tnn_status start_generation(generation *g, unsigned threads) {
    tnn_status status = tnn_pool_create(&g->pool, threads);
    for (unsigned i = 0; status == TNN_OK && i < threads; i++) {
        status = tnn_glwe_scratch_create(&g->scratch[i], &g->eval->params);
    }
    return status;
}

static void end_generation(generation *g, unsigned threads) {
    for (unsigned i = 0; i < threads; i++) {
        tnn_glwe_scratch_free(g->scratch[i]);
    }
    tnn_pool_free(g->pool);
}

/* GGSW ciphertexts that each thread makes between two reports: some 50 ms of work at N = 512, k = 3. */
#define CIPHERTEXTS_A_REPORT 16u

/* A stretch of the bootstrapping key, counted from `first`. */
static void encrypt_later_key_bit(void *context, unsigned worker, size_t i) {
    const generation *g = context;
    encrypt_key_bit(context, worker, g->first + i);
}

static tnn_status run_generation(generation *g, unsigned threads, const tnn_key_watch *watch) {
    const size_t n = g->eval->params.literal.n;
    const size_t stretch = watch->progress ? (size_t)threads * CIPHERTEXTS_A_REPORT : n;
    for (g->first = 0; g->first < n; g->first += stretch) {
        const size_t left = n - g->first;
        tnn_pool_run(g->pool, encrypt_later_key_bit, g, left < stretch ? left : stretch);
        if (watch->progress && !watch->progress(watch->user, n - left + (left < stretch ? left : stretch), n)) {
            return TNN_ERR_CANCELLED;
        }
    }
    tnn_pool_run(g->pool, encrypt_switched_coordinate, g, tnn_params_switched_coordinates(&g->eval->params));
    return TNN_OK;
}

tnn_status tnn_eval_key_generate(tnn_eval_key **out, const tnn_secret_key *secret, unsigned threads) {
    return tnn_eval_key_generate_watched(out, secret, threads, (tnn_key_watch){0});
}

tnn_status tnn_eval_key_generate_watched(tnn_eval_key **out, const tnn_secret_key *secret, unsigned threads,
                                         tnn_key_watch watch) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!secret || threads == 0 || threads > TNN_MAX_THREADS) {
        return TNN_ERR_MISUSE;
    }
    tnn_status status = tnn_eval_key_new(out, &secret->params);
    if (status != TNN_OK) {
        return status;
    }
    tnn_eval_key *eval = *out;
    eval->id = secret->id;
    tnn_random_bytes(eval->seed.bytes, sizeof eval->seed.bytes);
    if (!tnn_params_bootstrap(&secret->params)) {
        return TNN_OK;
    }
    generation g = {.secret = secret, .eval = eval};
    status = start_generation(&g, threads);
    status = status == TNN_OK ? run_generation(&g, threads, &watch) : status;
    end_generation(&g, threads);
    if (status != TNN_OK) {
        tnn_eval_key_free(eval);
        *out = NULL;
    }
    return status;
}
