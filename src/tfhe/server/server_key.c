/*
 * The server key: what an evaluation key becomes before the server computes with it. On the wire each ciphertext is a
 * body alone; its masks are the words of a stream that the key's seed gives. Expansion draws them again and brings
 *
 *     bootstrapping   n GGSW ciphertexts of the bits of s under S, each (k+1) l rows of k + 1 polynomials, into the
 *                     Fourier form of the engine: every external product would transform them again otherwise
 *     switching       (k N - n) t LWE ciphertexts of S_j B^-(v+1) under s, n + 1 words each, in the order of use
 *
 * into memory of their own: doubles of k + 1 polynomials where the wire has bodies of 5 to 8 bytes, 6.4 times as much
 * for k = 3 and 5 bytes. Ciphertexts do not depend on each other: threads share the work, and the result is the same
 * for any number of them. Nothing here is secret.
 */
#include "server_key.h"

#include "bytes.h"
#include "ggsw.h"
#include "memory.h"
#include "pool.h"

static tnn_status server_key_new(tnn_server_key **out, const tnn_execution *execution) {
    const tnn_params *params = &execution->params;
    *out = NULL;
    tnn_server_key *server = tnn_alloc(1, sizeof *server);
    if (!server) {
        return TNN_ERR_MEMORY;
    }
    const size_t switching_rows = tnn_switching_body_words(params);
    server->execution = *execution;
    if (!tnn_params_bootstrap(params)) {
        *out = server;
        return TNN_OK;
    }
    server->bootstrapping =
        tnn_alloc_huge(params->literal.n * tnn_execution_ggsw_doubles(execution), sizeof *server->bootstrapping);
    server->switching =
        switching_rows ? tnn_alloc_huge(switching_rows * (params->literal.n + 1), sizeof *server->switching) : NULL;
    if (!server->bootstrapping || (switching_rows && !server->switching)) {
        tnn_server_key_free(server);
        return TNN_ERR_MEMORY;
    }
    *out = server;
    return TNN_OK;
}

void tnn_server_key_free(tnn_server_key *server) {
    if (!server) {
        return;
    }
    tnn_free(server->bootstrapping);
    tnn_free(server->switching);
    tnn_free(server);
}

const tnn_params *tnn_server_key_params(const tnn_server_key *server) {
    return server ? &server->execution.params : NULL;
}

/* One expansion: its threads and their scratch. */
typedef struct expansion {
    const tnn_eval_key *eval;
    tnn_server_key *server;
    tnn_pool *pool;
    tnn_expand_scratch *scratch[TNN_MAX_THREADS];
} expansion;

/* GGSW ciphertext i in Fourier form. Rows are numbered through the key, as they were when encrypted. */
static void expand_key_bit(void *context, unsigned worker, size_t i) {
    expansion *e = context;
    const tnn_execution *execution = &e->server->execution;
    const tnn_params *params = &execution->params;
    const size_t rows = tnn_params_ggsw_rows(params);
    const size_t bytes = rows * params->literal.N * params->bsk_bytes;
    tnn_ggsw_expand(e->scratch[worker], e->server->bootstrapping + i * tnn_execution_ggsw_doubles(execution),
                    e->eval->bootstrapping + i * bytes, &e->eval->seed, i * rows);
}

/* One LWE ciphertext of the key-switching key: n words of the seed's stream, and its body. */
static void expand_switching(void *context, unsigned worker, size_t ciphertext) {
    (void)worker;
    expansion *e = context;
    const uint32_t n = e->server->execution.params.literal.n;
    uint32_t *row = e->server->switching + ciphertext * (n + 1);
    uint8_t stream[4 * TNN_MAX_LWE_DIMENSION];
    tnn_expand(stream, 4 * (size_t)n, &e->eval->seed, tnn_switching_stream(ciphertext));
    for (uint32_t i = 0; i < n; i++) {
        row[i] = (uint32_t)tnn_load_le(stream + 4 * (size_t)i, 4);
    }
    row[n] = e->eval->switching[ciphertext];
}

static tnn_status start_expansion(expansion *e, unsigned threads) {
    tnn_status status = tnn_pool_create(&e->pool, threads);
    for (unsigned i = 0; status == TNN_OK && i < threads; i++) {
        status = tnn_expand_scratch_create(&e->scratch[i], &e->server->execution);
    }
    return status;
}

static void end_expansion(expansion *e, unsigned threads) {
    for (unsigned i = 0; i < threads; i++) {
        tnn_expand_scratch_free(e->scratch[i]);
    }
    tnn_pool_free(e->pool);
}

tnn_status tnn_server_key_expand_for(tnn_server_key **out, const tnn_execution *execution, const tnn_eval_key *eval,
                                     unsigned threads) {
    tnn_status status = server_key_new(out, execution);
    if (status != TNN_OK) {
        return status;
    }
    (*out)->id = eval->id;
    if (!tnn_params_bootstrap(&eval->params)) {
        return TNN_OK;
    }
    expansion e = {.eval = eval, .server = *out};
    status = start_expansion(&e, threads);
    if (status == TNN_OK) {
        tnn_pool_run(e.pool, expand_key_bit, &e, eval->params.literal.n);
        tnn_pool_run(e.pool, expand_switching, &e, tnn_switching_body_words(&eval->params));
    }
    end_expansion(&e, threads);
    if (status != TNN_OK) {
        tnn_server_key_free(*out);
        *out = NULL;
    }
    return status;
}

tnn_status tnn_server_key_expand(tnn_server_key **out, const tnn_eval_key *eval, unsigned threads) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!eval || threads == 0 || threads > TNN_MAX_THREADS) {
        return TNN_ERR_MISUSE;
    }
    const tnn_execution execution = tnn_execution_of(&eval->params);
    return tnn_server_key_expand_for(out, &execution, eval, threads);
}

size_t tnn_params_server_key_bytes(const tnn_params *params) {
    if (!params) {
        return 0;
    }
    const tnn_params_literal *p = &params->literal;
    if (!tnn_params_bootstrap(params)) {
        return 0;
    }
    const tnn_execution execution = tnn_execution_of(params);
    const size_t switching_words = tnn_params_switched_coordinates(params) * p->ks_levels * (p->n + 1);
    return p->n * tnn_execution_ggsw_doubles(&execution) * sizeof(double) + switching_words * sizeof(uint32_t);
}
