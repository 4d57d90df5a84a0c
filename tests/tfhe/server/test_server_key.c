#include "server_key.h"

#include <math.h>
#include <string.h>

#include "draw.h"
#include "ggsw.h"
#include "key_fixture.h"
#include "memory.h"
#include "testing.h"

/* Evaluation and server keys of the tiny set, made in milliseconds, for everything but arithmetic. */
static key_set tiny;

static int make_tiny_keys(void **state) {
    (void)state;
    const tnn_params_literal literal = tiny_literal();
    make_keys(&tiny, params_of(&literal), 1);
    return 0;
}

static int free_tiny_keys(void **state) {
    (void)state;
    free_keys(&tiny);
    return 0;
}

static void assert_same_arrays(const tnn_server_key *a, const tnn_server_key *b) {
    const tnn_params *params = tiny.params;
    const size_t doubles = params->literal.n * tnn_execution_ggsw_doubles(&a->execution);
    const size_t words = tnn_switching_body_words(params) * (params->literal.n + 1);
    assert_int_equal(doubles * sizeof(double) + words * sizeof(uint32_t), tnn_params_server_key_bytes(params));
    assert_memory_equal(a->bootstrapping, b->bootstrapping, doubles * sizeof(double));
    assert_memory_equal(a->switching, b->switching, words * sizeof(uint32_t));
}

static void any_number_of_threads_gives_the_same_key(void **state) {
    (void)state;
    const unsigned threads[] = {1, 2, 3, 8};
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        tnn_server_key *server;
        assert_ok(tnn_server_key_expand(&server, tiny.eval, threads[i]));
        assert_same_arrays(server, tiny.server);
        tnn_server_key_free(server);
    }
}

/* The comparison above sees a change of one body. */
static void another_evaluation_key_gives_another_key(void **state) {
    (void)state;
    tnn_server_key *server;
    tiny.eval->switching[0] ^= 1;
    assert_ok(tnn_server_key_expand(&server, tiny.eval, 2));
    assert_int_equal(server->switching[tiny.params->literal.n] ^ 1, tiny.server->switching[tiny.params->literal.n]);
    tiny.eval->switching[0] ^= 1;
    tnn_server_key_free(server);
}

static void the_id_and_the_parameters_are_carried_over(void **state) {
    (void)state;
    tnn_secret_key *other;
    assert_ok(tnn_secret_key_generate(&other, tiny.params));
    assert_true(tnn_key_id_equal(&tiny.server->id, &tiny.secret->id));
    assert_false(tnn_key_id_equal(&tiny.server->id, &other->id));
    assert_true(tnn_params_equal(tnn_server_key_params(tiny.server), tiny.params));
    tnn_secret_key_free(other);
}

static void misuse_is_refused(void **state) {
    (void)state;
    tnn_server_key *server;
    assert_status(TNN_ERR_MISUSE, tnn_server_key_expand(NULL, tiny.eval, 1));
    assert_status(TNN_ERR_MISUSE, tnn_server_key_expand(&server, NULL, 1));
    assert_status(TNN_ERR_MISUSE, tnn_server_key_expand(&server, tiny.eval, 0));
    assert_status(TNN_ERR_MISUSE, tnn_server_key_expand(&server, tiny.eval, 257));
    tnn_server_key_free(NULL);
}

/* Two GLWE ciphertexts of random words, which encrypt something under any key, and what a CMux made of them. */
typedef struct choice {
    uint32_t *when_zero;
    uint32_t *when_one;
    uint32_t *chosen;
    uint32_t *expected; /* [N] */
    uint32_t *phase;    /* [N] */
} choice;

static choice new_choice(const tnn_params *params) {
    const size_t words = tnn_params_glwe_words(params);
    const size_t N = params->literal.N;
    return (choice){new_random(words, 4), new_random(words, 4), new_array(words, 4), new_array(N, 4), new_array(N, 4)};
}

static void free_choice(choice *c) {
    tnn_free(c->when_zero);
    tnn_free(c->when_one);
    tnn_free(c->chosen);
    tnn_free(c->expected);
    tnn_free(c->phase);
}

/* The GGSW of key bit i, seen as an object of its own. */
static tnn_ggsw key_bit_ggsw(const key_set *keys, size_t i) {
    const tnn_execution *execution = &keys->server->execution;
    return (tnn_ggsw){*execution, keys->server->bootstrapping + i * tnn_execution_ggsw_doubles(execution)};
}

static void check_key_bit(const key_set *keys, choice *c, size_t i) {
    const double bound = NOISE_DEVIATIONS * sqrt(tnn_variance_external_product(keys->params));
    const tnn_ggsw ggsw = key_bit_ggsw(keys, i);
    tnn_cmux(keys->workspace, c->chosen, &ggsw, c->when_zero, c->when_one);
    assert_ok(tnn_glwe_phase(keys->secret, c->expected, keys->secret->small[i] ? c->when_one : c->when_zero));
    assert_ok(tnn_glwe_phase(keys->secret, c->phase, c->chosen));
    for (size_t t = 0; t < keys->params->literal.N; t++) {
        assert_true(fabs(torus_difference(c->phase[t], c->expected[t])) <= bound);
    }
}

/* Each of n key bits, N coefficients of noise each: see testing.h. */
static void each_ggsw_chooses_by_its_key_bit(void **state) {
    (void)state;
    key_set keys;
    make_keys(&keys, shipped_params("fast"), 1);
    choice c = new_choice(keys.params);
    for (size_t i = 0; i < keys.params->literal.n; i++) {
        check_key_bit(&keys, &c, i);
    }
    free_choice(&c);
    free_keys(&keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_gives_the_same_key),
        cmocka_unit_test(another_evaluation_key_gives_another_key),
        cmocka_unit_test(the_id_and_the_parameters_are_carried_over),
        cmocka_unit_test(misuse_is_refused),
        cmocka_unit_test(each_ggsw_chooses_by_its_key_bit),
    };
    return cmocka_run_group_tests(tests, make_tiny_keys, free_tiny_keys);
}
