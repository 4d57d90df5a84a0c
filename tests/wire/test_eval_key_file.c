#include <torusnn/torusnn.h>

#include "bad_params.h"
#include "file_checks.h"
#include "key_fixture.h"
#include "testing.h"

#define KEY_ID ((size_t)64)
#define SEED ((size_t)80)
#define BODIES ((size_t)112)

static tnn_secret_key *secret;
static tnn_eval_key *eval;
static file_bytes file;

static int make_key(void **state) {
    (void)state;
    const tnn_params_literal literal = tiny_literal();
    tnn_params *params = params_of(&literal);
    assert_ok(tnn_secret_key_generate(&secret, params));
    assert_ok(tnn_eval_key_generate(&eval, secret, 2));
    file = saved_file(&EVAL_KEY_FORMAT, eval);
    tnn_params_free(params);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_file(&file);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    return 0;
}

static void keys_survive_the_round_trip(void **state) {
    (void)state;
    check_round_trip(&EVAL_KEY_FORMAT, eval);
    tnn_eval_key *loaded;
    const size_t switching_words = tnn_switching_body_words(&eval->params);
    assert_ok(tnn_eval_key_load(&loaded, file.bytes, file.length));
    assert_true(tnn_params_equal(tnn_eval_key_params(loaded), tnn_eval_key_params(eval)));
    assert_true(tnn_key_id_equal(&loaded->id, &secret->id));
    assert_memory_equal(loaded->seed.bytes, eval->seed.bytes, sizeof eval->seed.bytes);
    assert_memory_equal(loaded->bootstrapping, eval->bootstrapping, tnn_bootstrapping_body_bytes(&eval->params));
    assert_memory_equal(loaded->switching, eval->switching, switching_words * sizeof *eval->switching);
    tnn_eval_key_free(loaded);
}

/* Bootstrapping bodies of 5 bytes, key-switching bodies of 4. */
static void layout_is_the_documented_one(void **state) {
    (void)state;
    const uint8_t *payload = file.bytes + FILE_HEADER_BYTES;
    const size_t bootstrapping = (size_t)608 * 4 * 256 * 5;
    assert_int_equal(file.length, FILE_HEADER_BYTES + BODIES + bootstrapping + (768 - 608) * 3 * 4);
    assert_memory_equal(payload + KEY_ID, eval->id.bytes, sizeof eval->id.bytes);
    assert_memory_equal(payload + SEED, eval->seed.bytes, sizeof eval->seed.bytes);
    assert_memory_equal(payload + BODIES, eval->bootstrapping, bootstrapping);
    assert_int_equal(payload[BODIES + bootstrapping], eval->switching[0] & 0xff);
    assert_int_equal(payload[BODIES + bootstrapping + 3], eval->switching[0] >> 24);
}

static void headers_are_checked(void **state) {
    (void)state;
    check_header_fields(&EVAL_KEY_FORMAT, &file);
}

static void each_bad_field_is_refused(void **state) {
    (void)state;
    size_t count;
    const bad_field *fields = bad_params_fields(&count);
    const bad_field other_sizes[] = {
        {12, 4, 4, TNN_ERR_MALFORMED}, /* k: good parameters, but of a longer key */
        {16, 4, 512, TNN_ERR_MALFORMED},
        {24, 4, 2, TNN_ERR_MALFORMED},
        {32, 4, 2, TNN_ERR_MALFORMED},
    };
    check_bad_fields(&EVAL_KEY_FORMAT, &file, fields, count);
    check_bad_fields(&EVAL_KEY_FORMAT, &file, other_sizes, COUNT_OF(other_sizes));
}

static void cut_files_are_refused(void **state) {
    (void)state;
    check_truncations(&EVAL_KEY_FORMAT, &file, file.length / 40);
    file_bytes start = copy_file(&file, FILE_HEADER_BYTES + BODIES + 100);
    seal_file(&start, 'E');
    check_truncations(&EVAL_KEY_FORMAT, &start, 1);
    free_file(&start);
}

static void mutated_files_give_a_status(void **state) {
    (void)state;
    check_mutations(&EVAL_KEY_FORMAT, &file, BODIES, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_survive_the_round_trip), cmocka_unit_test(layout_is_the_documented_one),
        cmocka_unit_test(headers_are_checked),         cmocka_unit_test(each_bad_field_is_refused),
        cmocka_unit_test(cut_files_are_refused),       cmocka_unit_test(mutated_files_give_a_status),
    };
    return cmocka_run_group_tests(tests, make_key, free_all);
}
