#include "bench/core_fixture.h"

#include <stdlib.h>

#include "common/report.h"

enum { CACHE_LINE = 64 };

/* xorshift32 (Marsaglia 2003): operands that are the same in every run. */
static uint32_t next_word(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void fill_words(uint32_t *words, size_t count, uint32_t mask) {
    uint32_t state = 0x9e3779b9u;
    for (size_t i = 0; i < count; i++) {
        words[i] = next_word(&state) & mask;
    }
}

static bool create_keys(core_fixture *fixture, const tnn_params_literal *parameters) {
    tnn_secret_key *secret = NULL;
    tnn_eval_key *eval = NULL;
    bool done = status_ok(tnn_params_create(&fixture->params, parameters, TNN_SECURITY_128_MARGIN), "parameters") &&
                status_ok(tnn_secret_key_generate(&secret, fixture->params), "secret key") &&
                status_ok(tnn_eval_key_generate(&eval, secret, 1), "evaluation key") &&
                status_ok(tnn_server_key_expand(&fixture->server, eval, 1), "server key") &&
                status_ok(tnn_ggsw_encrypt(secret, &fixture->ggsw, true), "GGSW ciphertext");
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    return done;
}

static bool create_tools(core_fixture *fixture, const tnn_params_literal *parameters) {
    return status_ok(tnn_workspace_create(&fixture->workspace, fixture->params, CORE_MOST_BATCH), "workspace") &&
           status_ok(tnn_fft_create(&fixture->fft, parameters->N), "transform") &&
           fft_floor_create(&fixture->reference, parameters->N);
}

static bool create_operands(core_fixture *fixture, const tnn_params_literal *parameters) {
    size_t N = parameters->N;
    size_t small_words = CORE_MOST_BATCH * ((size_t)parameters->n + 1);
    size_t big_words = CORE_MOST_BATCH * (tnn_params_big_dimension(fixture->params) + 1);
    size_t glwe_words = CORE_MOST_BATCH * (parameters->k + 1) * N;
    fixture->points_in = aligned_alloc(CACHE_LINE, N * sizeof(double));
    fixture->points_out = aligned_alloc(CACHE_LINE, N * sizeof(double));
    fixture->accumulators = aligned_alloc(CACHE_LINE, glwe_words * sizeof(uint32_t));
    fixture->positions = calloc(small_words, sizeof(uint32_t));
    fixture->small = calloc(small_words, sizeof(uint32_t));
    fixture->big = calloc(big_words, sizeof(uint32_t));
    if (fixture->points_in == NULL || fixture->points_out == NULL || fixture->accumulators == NULL ||
        fixture->positions == NULL || fixture->small == NULL || fixture->big == NULL) {
        return report_out_of_memory();
    }
    for (size_t i = 0; i < N; i++) {
        fixture->points_in[i] = (double)(i % 17) - 8.0;
    }
    fill_words(fixture->accumulators, glwe_words, UINT32_MAX);
    fill_words(fixture->positions, small_words, 2 * parameters->N - 1);
    fill_words(fixture->small, small_words, UINT32_MAX);
    fill_words(fixture->big, big_words, UINT32_MAX);
    for (size_t i = 0; i < CORE_MOST_BATCH; i++) {
        fixture->tests[i] = fixture->accumulators;
    }
    return true;
}

bool core_fixture_create(core_fixture *fixture, const tnn_params_literal *parameters) {
    *fixture = (core_fixture){0};
    return create_keys(fixture, parameters) && create_tools(fixture, parameters) &&
           create_operands(fixture, parameters);
}

void core_fixture_free(core_fixture *fixture) {
    free(fixture->points_in);
    free(fixture->points_out);
    free(fixture->accumulators);
    free(fixture->positions);
    free(fixture->small);
    free(fixture->big);
    fft_floor_free(fixture->reference);
    tnn_fft_free(fixture->fft);
    tnn_ggsw_free(fixture->ggsw);
    tnn_workspace_free(fixture->workspace);
    tnn_server_key_free(fixture->server);
    tnn_params_free(fixture->params);
    *fixture = (core_fixture){0};
}
