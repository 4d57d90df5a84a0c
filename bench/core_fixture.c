#include "bench/core_fixture.h"

#include "memory.h"
#include "random.h"

#include "common/report.h"

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
           status_ok(tnn_fft_create(&fixture->fft, parameters->N), "transform");
}

/* A ciphertext of random words for each of a batch, those of `mask`. */
static bool draw_batch(uint32_t **words, size_t ciphertext_words, uint32_t mask) {
    size_t count = CORE_MOST_BATCH * ciphertext_words;
    *words = tnn_alloc(count, sizeof **words);
    if (*words == NULL) {
        return report_out_of_memory();
    }
    tnn_random_bytes(*words, count * sizeof **words);
    for (size_t i = 0; i < count; i++) {
        (*words)[i] &= mask;
    }
    return true;
}

static bool draw_points(core_fixture *fixture, size_t N) {
    fixture->points_in = tnn_alloc(N, sizeof(double));
    fixture->points_out = tnn_alloc(N, sizeof(double));
    if (fixture->points_in == NULL || fixture->points_out == NULL) {
        return report_out_of_memory();
    }
    tnn_gaussian(fixture->points_in, N);
    return true;
}

static bool create_operands(core_fixture *fixture, const tnn_params_literal *p) {
    const size_t N = p->N;
    const uint32_t positions = p->N << p->log2_split;
    bool done = draw_points(fixture, N) &&
                draw_batch(&fixture->accumulators, (p->k + 1) * (size_t)positions, UINT32_MAX) &&
                draw_batch(&fixture->positions, p->n + 1, 2 * positions - 1) &&
                draw_batch(&fixture->small, p->n + 1, UINT32_MAX) &&
                draw_batch(&fixture->big, tnn_params_big_dimension(fixture->params) + 1, UINT32_MAX);
    for (size_t i = 0; i < CORE_MOST_BATCH; i++) {
        fixture->tests[i] = fixture->accumulators;
    }
    return done;
}

bool core_fixture_create(core_fixture *fixture, const tnn_params_literal *parameters) {
    *fixture = (core_fixture){0};
    return create_keys(fixture, parameters) && create_tools(fixture, parameters) &&
           create_operands(fixture, parameters);
}

void core_fixture_free(core_fixture *fixture) {
    tnn_free(fixture->points_in);
    tnn_free(fixture->points_out);
    tnn_free(fixture->accumulators);
    tnn_free(fixture->positions);
    tnn_free(fixture->small);
    tnn_free(fixture->big);
    tnn_fft_free(fixture->fft);
    tnn_ggsw_free(fixture->ggsw);
    tnn_workspace_free(fixture->workspace);
    tnn_server_key_free(fixture->server);
    tnn_params_free(fixture->params);
    *fixture = (core_fixture){0};
}
