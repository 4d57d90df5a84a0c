#include "draw.h"
#include "failures.h"
#include "key_fixture.h"
#include "memory.h"
#include "testing.h"

#define MESSAGES 100u
#define THREADS 3u

/* What the functions under test start from. */
typedef struct fixture {
    tnn_params *params;
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    uint32_t *glwe; /* [k + 1][N] */
    uint32_t *message;
} fixture;

static fixture f;

static int make_fixture(void **state) {
    (void)state;
    const tnn_params_literal literal = tiny_literal();
    f.params = params_of(&literal);
    assert_ok(tnn_secret_key_generate(&f.secret, f.params));
    assert_ok(tnn_eval_key_generate(&f.eval, f.secret, 2));
    f.glwe = new_random(tnn_params_glwe_words(f.params), sizeof *f.glwe);
    f.message = new_array(literal.N, sizeof *f.message);
    return 0;
}

static int free_fixture(void **state) {
    (void)state;
    tnn_free(f.message);
    tnn_free(f.glwe);
    tnn_eval_key_free(f.eval);
    tnn_secret_key_free(f.secret);
    tnn_params_free(f.params);
    return live_allocations() == 0 ? 0 : -1;
}

static tnn_status make_params(void *context, void **object) {
    (void)context;
    const tnn_params_literal literal = tiny_literal();
    return tnn_params_create((tnn_params **)object, &literal, TNN_SECURITY_128_MARGIN);
}

static void release_params(void *object) {
    tnn_params_free(object);
}

static tnn_status make_secret_key(void *context, void **object) {
    (void)context;
    return tnn_secret_key_generate((tnn_secret_key **)object, f.params);
}

/* The small key in memory of its own. */
static tnn_status make_secret_key_without_prefix(void *context, void **object) {
    (void)context;
    tnn_params params = *f.params;
    params.literal.shared_prefix = false;
    params.literal.ks_base_log = params.literal.ks_levels = 0;
    return tnn_secret_key_generate((tnn_secret_key **)object, &params);
}

static void release_secret_key(void *object) {
    tnn_secret_key_free(object);
}

static tnn_status make_eval_key(void *context, void **object) {
    (void)context;
    return tnn_eval_key_generate((tnn_eval_key **)object, f.secret, THREADS);
}

static void release_eval_key(void *object) {
    tnn_eval_key_free(object);
}

static tnn_status make_server_key(void *context, void **object) {
    (void)context;
    return tnn_server_key_expand((tnn_server_key **)object, f.eval, THREADS);
}

static void release_server_key(void *object) {
    tnn_server_key_free(object);
}

static tnn_status make_packed(void *context, void **object) {
    (void)context;
    return tnn_packed_encrypt(f.secret, (tnn_packed **)object, f.message, MESSAGES);
}

static void release_packed(void *object) {
    tnn_packed_free(object);
}

static tnn_status make_masks(void *context, void **object) {
    (void)context;
    return tnn_packed_masks_create((tnn_packed_masks **)object, f.params, MESSAGES);
}

static void release_masks(void *object) {
    tnn_packed_masks_free(object);
}

static tnn_status make_workspace(void *context, void **object) {
    (void)context;
    return tnn_workspace_create((tnn_workspace **)object, f.params, 4);
}

static tnn_status make_split_workspace(void *context, void **object) {
    tnn_params split = *f.params;
    (void)context;
    split.literal.log2_split = 1;
    return tnn_workspace_create((tnn_workspace **)object, &split, 4);
}

static void release_workspace(void *object) {
    tnn_workspace_free(object);
}

static tnn_status make_ggsw(void *context, void **object) {
    (void)context;
    return tnn_ggsw_encrypt(f.secret, (tnn_ggsw **)object, true);
}

static void release_ggsw(void *object) {
    tnn_ggsw_free(object);
}

static tnn_status encrypt_glwe(void *context, void **object) {
    (void)context;
    *object = NULL;
    return tnn_glwe_encrypt(f.secret, f.glwe, f.message);
}

static tnn_status decrypt_glwe(void *context, void **object) {
    (void)context;
    *object = NULL;
    return tnn_glwe_phase(f.secret, f.message, f.glwe);
}

static void release_nothing(void *object) {
    assert_null(object);
}

/* Calls to the system are counted by hand from each function: structures and arrays, randomness, threads and plans.
 * Where an engine's scratch is among them, it is the smaller one: a structure, a transform of two blocks, four arrays.
 */
static void each_failure_gives_its_status_and_leaves_nothing(void **state) {
    (void)state;
    const fallible functions[] = {
        {"params", make_params, release_params, 1},
        {"secret key", make_secret_key, release_secret_key, 3},
        {"secret key without prefix", make_secret_key_without_prefix, release_secret_key, 4},
        {"evaluation key", make_eval_key, release_eval_key, 3 + THREADS + THREADS * 5},
        {"server key", make_server_key, release_server_key, 3 + 1 + (THREADS - 1) + THREADS * (3 + 7)},
        {"packed", make_packed, release_packed, 2},
        {"packed masks", make_masks, release_masks, 4},
        {"workspace", make_workspace, release_workspace, 1 + 7 + 3},
        {"workspace for split tables", make_split_workspace, release_workspace, 1 + 7 + 3},
        {"GGSW", make_ggsw, release_ggsw, 3 + 5 + 3 + 7},
        {"GLWE encryption", encrypt_glwe, release_nothing, 5},
        {"GLWE phase", decrypt_glwe, release_nothing, 1},
    };
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        check_each_failure(&functions[i], NULL);
    }
}

/* Failures that are seen by the counters themselves: one of each kind. */
static void injected_failures_are_noticed(void **state) {
    (void)state;
    void *object;
    const size_t before = live_allocations();
    fail_call(1);
    assert_status(TNN_ERR_RANDOM, make_secret_key(NULL, &object));
    fail_call(2);
    assert_status(TNN_ERR_MEMORY, make_secret_key(NULL, &object));
    fail_call(5);
    assert_status(TNN_ERR_THREADS, make_eval_key(NULL, &object));
    fail_call(0);
    assert_ok(make_params(NULL, &object));
    assert_int_equal(live_allocations(), before + 1);
    release_params(object);
    assert_int_equal(live_allocations(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_gives_its_status_and_leaves_nothing),
        cmocka_unit_test(injected_failures_are_noticed),
    };
    return cmocka_run_group_tests(tests, make_fixture, free_fixture);
}
