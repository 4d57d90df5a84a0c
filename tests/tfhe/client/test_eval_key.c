#include <math.h>
#include <string.h>

#include "bytes.h"
#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "sampling.h"
#include "schoolbook.h"
#include "statistics.h"
#include "testing.h"

/* Keys of the tiny set: made in milliseconds. */
static tnn_params *params;
static tnn_secret_key *secret;

static int make_tiny_secret(void **state) {
    (void)state;
    const tnn_params_literal literal = tiny_literal();
    params = params_of(&literal);
    assert_ok(tnn_secret_key_generate(&secret, params));
    return 0;
}

static int free_tiny_secret(void **state) {
    (void)state;
    tnn_secret_key_free(secret);
    tnn_params_free(params);
    return 0;
}

static tnn_eval_key *new_eval_key(unsigned threads) {
    tnn_eval_key *eval;
    assert_ok(tnn_eval_key_generate(&eval, secret, threads));
    return eval;
}

/* Distance on the torus from words of 64 bits. */
static double wide_difference(uint64_t a, uint64_t b) {
    return (double)(int64_t)(a - b) * 0x1p-64;
}

/* A row of the bootstrapping key, masks expanded: [k + 1][N] in the top bits of each word. */
static void load_row(const tnn_eval_key *eval, uint64_t *glwe, size_t row) {
    const uint32_t bytes = params->bsk_bytes;
    const size_t mask_words = tnn_params_big_dimension(params);
    const size_t N = params->literal.N;
    uint8_t *stream = new_array(mask_words, bytes);
    tnn_expand(stream, mask_words * bytes, &eval->seed, tnn_bootstrapping_stream(row));
    for (size_t t = 0; t < mask_words; t++) {
        glwe[t] = tnn_load_torus(stream + t * bytes, bytes);
    }
    for (size_t t = 0; t < N; t++) {
        glwe[mask_words + t] = tnn_load_torus(eval->bootstrapping + (row * N + t) * bytes, bytes);
    }
    tnn_free(stream);
}

/* Noise [N] of a row, which encrypts -s_i S_c / Bg or, for c = k, s_i / Bg; the tiny set has one level. */
static void row_noise(const tnn_eval_key *eval, double *noise, size_t row) {
    const tnn_params_literal *p = &params->literal;
    const size_t component = row % (p->k + 1);
    const uint64_t unit = (uint64_t)secret->small[row / (p->k + 1)] << (64 - p->bs_base_log);
    uint64_t *glwe = new_array(tnn_params_glwe_words(params), sizeof *glwe);
    uint64_t *phase = new_array(p->N, sizeof *phase);
    load_row(eval, glwe, row);
    schoolbook_glwe_phase(phase, glwe, secret->big, p->k, p->N);
    for (size_t t = 0; t < p->N; t++) {
        uint64_t message = component == p->k ? unit * (t == 0) : 0 - unit * secret->big[component * p->N + t];
        noise[t] = wide_difference(phase[t], message);
    }
    tnn_free(phase);
    tnn_free(glwe);
}

/* Noise of a key-switching ciphertext, which encrypts coordinate n + i of S times B^-(level + 1). */
static double switching_noise(const tnn_eval_key *eval, size_t ciphertext) {
    const tnn_params_literal *p = &params->literal;
    const size_t coordinate = p->n + ciphertext / p->ks_levels;
    const uint32_t level = (uint32_t)(ciphertext % p->ks_levels);
    uint8_t stream[4 * TNN_MAX_LWE_DIMENSION];
    uint32_t lwe[TNN_MAX_LWE_DIMENSION + 1];
    tnn_expand(stream, 4 * (size_t)p->n, &eval->seed, tnn_switching_stream(ciphertext));
    for (size_t i = 0; i < p->n; i++) {
        lwe[i] = (uint32_t)tnn_load_le(stream + 4 * i, 4);
    }
    lwe[p->n] = eval->switching[ciphertext];
    uint32_t message = secret->big[coordinate] << (32 - p->ks_base_log * (level + 1));
    return torus_difference(schoolbook_lwe_phase(lwe, secret->small, p->n), message);
}

/* Messages are 2^-4 to 2^-12 and the noise is 2^-12.4 (GLWE: 2^-8 and 2^-16.4): 8 deviations tell all but the smallest
 * message apart, and the measured variance below that one too. */
static void check_rows(const tnn_eval_key *eval) {
    const tnn_params_literal *p = &params->literal;
    const size_t rows = p->n * (size_t)tnn_params_ggsw_rows(params);
    double *noise = new_array(p->N, sizeof *noise);
    for (size_t row = 0; row < rows; row += 1 + draw_below(40)) {
        row_noise(eval, noise, row);
        for (size_t t = 0; t < p->N; t++) {
            assert_true(fabs(noise[t]) <= NOISE_DEVIATIONS * exp2(p->glwe_log2_sigma));
        }
    }
    for (size_t i = 0; i < tnn_switching_body_words(params); i++) {
        assert_true(fabs(switching_noise(eval, i)) <= NOISE_DEVIATIONS * exp2(p->lwe_log2_sigma));
    }
    tnn_free(noise);
}

static void rows_decrypt_to_the_key_on_any_number_of_threads(void **state) {
    (void)state;
    const unsigned threads[] = {1, 2, 7};
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        tnn_eval_key *eval = new_eval_key(threads[i]);
        check_rows(eval);
        tnn_eval_key_free(eval);
    }
}

/* Noise of one coefficient or ciphertext after the other; a new key where one is used up. */
typedef struct noise_source {
    tnn_eval_key *eval;
    size_t next;
    double row[TNN_MIN_RING_DEGREE];
} noise_source;

static double next_switching_square(void *context) {
    noise_source *source = context;
    if (source->next == tnn_switching_body_words(params)) {
        tnn_eval_key_free(source->eval);
        source->eval = new_eval_key(2);
        source->next = 0;
    }
    double noise = switching_noise(source->eval, source->next++);
    return noise * noise;
}

static double next_bootstrapping_square(void *context) {
    noise_source *source = context;
    const size_t N = params->literal.N;
    if (source->next % N == 0) {
        row_noise(source->eval, source->row, source->next / N);
    }
    double noise = source->row[source->next++ % N];
    return noise * noise;
}

static void check_measured_variance(const char *what, sample_source draw, double log2_sigma) {
    noise_source source = {.eval = new_eval_key(2)};
    tally squares = measure_variance(draw, &source, exp2(2 * log2_sigma));
    assert_variance(what, &squares, exp2(2 * log2_sigma));
    tnn_eval_key_free(source.eval);
}

static void the_noise_is_that_of_the_parameters(void **state) {
    (void)state;
    assert_int_equal(params->literal.N, TNN_MIN_RING_DEGREE);
    check_measured_variance("bootstrapping key", next_bootstrapping_square, params->literal.glwe_log2_sigma);
    check_measured_variance("key-switching key", next_switching_square, params->literal.lwe_log2_sigma);
}

static void assert_differ(const void *a, const void *b, size_t bytes) {
    assert_true(memcmp(a, b, bytes) != 0);
}

static void each_key_has_its_own_seed_and_noise(void **state) {
    (void)state;
    tnn_eval_key *first = new_eval_key(2);
    tnn_eval_key *second = new_eval_key(2);
    assert_differ(&first->seed, &second->seed, sizeof first->seed);
    assert_differ(first->bootstrapping, second->bootstrapping, tnn_bootstrapping_body_bytes(params));
    assert_differ(first->switching, second->switching, tnn_switching_body_words(params) * sizeof *first->switching);
    tnn_eval_key_free(first);
    tnn_eval_key_free(second);
}

static void the_id_and_the_parameters_are_the_secret_keys(void **state) {
    (void)state;
    tnn_eval_key *eval = new_eval_key(1);
    tnn_secret_key *other;
    assert_ok(tnn_secret_key_generate(&other, params));
    assert_true(tnn_key_id_equal(&eval->id, &secret->id));
    assert_false(tnn_key_id_equal(&eval->id, &other->id));
    assert_true(tnn_params_equal(tnn_eval_key_params(eval), params));
    tnn_secret_key_free(other);
    tnn_eval_key_free(eval);
}

static void a_set_without_key_switch_has_no_switching_key(void **state) {
    (void)state;
    tnn_params_literal literal = tiny_literal();
    literal.ks_base_log = literal.ks_levels = 0;
    literal.shared_prefix = false;
    tnn_params *without = params_of(&literal);
    tnn_eval_key *eval;
    assert_ok(tnn_eval_key_new(&eval, without));
    assert_null(eval->switching);
    assert_int_equal(tnn_switching_body_words(without), 0);
    tnn_eval_key_free(eval);
    tnn_params_free(without);
}

static void misuse_is_refused(void **state) {
    (void)state;
    tnn_eval_key *eval;
    assert_status(TNN_ERR_MISUSE, tnn_eval_key_generate(NULL, secret, 1));
    assert_status(TNN_ERR_MISUSE, tnn_eval_key_generate(&eval, NULL, 1));
    assert_status(TNN_ERR_MISUSE, tnn_eval_key_generate(&eval, secret, 0));
    assert_status(TNN_ERR_MISUSE, tnn_eval_key_generate(&eval, secret, 257));
    tnn_eval_key_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_decrypt_to_the_key_on_any_number_of_threads),
        cmocka_unit_test(the_noise_is_that_of_the_parameters),
        cmocka_unit_test(each_key_has_its_own_seed_and_noise),
        cmocka_unit_test(the_id_and_the_parameters_are_the_secret_keys),
        cmocka_unit_test(a_set_without_key_switch_has_no_switching_key),
        cmocka_unit_test(misuse_is_refused),
    };
    return cmocka_run_group_tests(tests, make_tiny_secret, free_tiny_secret);
}
