#include <torusnn/torusnn.h>

#include "bad_params.h"
#include "file_checks.h"
#include "key_fixture.h"
#include "testing.h"

#define KEY_ID ((size_t)64)
#define BITS ((size_t)80)

static tnn_secret_key *secret;
static file_bytes file;

static tnn_secret_key *generated(const tnn_params_literal *literal) {
    tnn_params *params = params_of(literal);
    tnn_secret_key *key;
    assert_ok(tnn_secret_key_generate(&key, params));
    tnn_params_free(params);
    return key;
}

static int make_key(void **state) {
    (void)state;
    const tnn_params_literal literal = tiny_literal();
    secret = generated(&literal);
    file = saved_file(&SECRET_KEY_FORMAT, secret);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_file(&file);
    tnn_secret_key_free(secret);
    return 0;
}

/* A small key of its own, whose bits do not fill the last byte. */
static tnn_params_literal separate_literal(void) {
    tnn_params_literal literal = tiny_literal();
    literal.n = 613;
    literal.input_N = 1;
    literal.lwe_log2_sigma = -12.0;
    literal.ks_base_log = literal.ks_levels = 0;
    literal.shared_prefix = false;
    return literal;
}

static void check_same_bits(const tnn_secret_key *key) {
    file_bytes saved = saved_file(&SECRET_KEY_FORMAT, key);
    const tnn_params *params = tnn_secret_key_params(key);
    tnn_secret_key *loaded;
    assert_ok(tnn_secret_key_load(&loaded, saved.bytes, saved.length));
    assert_true(tnn_params_equal(&loaded->params, params));
    assert_true(tnn_key_id_equal(&loaded->id, &key->id));
    assert_memory_equal(loaded->big, key->big, tnn_params_big_dimension(params) * sizeof *key->big);
    assert_memory_equal(loaded->small, key->small, params->literal.n * sizeof *key->small);
    tnn_secret_key_free(loaded);
    free_file(&saved);
}

static void keys_survive_the_round_trip(void **state) {
    (void)state;
    const tnn_params_literal separate = separate_literal();
    tnn_secret_key *other = generated(&separate);
    check_round_trip(&SECRET_KEY_FORMAT, secret);
    check_round_trip(&SECRET_KEY_FORMAT, other);
    check_same_bits(secret);
    check_same_bits(other);
    tnn_secret_key_free(other);
}

static void a_bit_of_the_file_is_a_bit_of_the_key(void **state) {
    (void)state;
    assert_int_equal(file.length, FILE_HEADER_BYTES + BITS + 3 * 256 / 8);
    for (size_t i = 0; i < 3 * 256; i++) {
        assert_int_equal(file.bytes[FILE_HEADER_BYTES + BITS + i / 8] >> i % 8 & 1, secret->big[i]);
    }
    assert_memory_equal(file.bytes + FILE_HEADER_BYTES + KEY_ID, secret->id.bytes, sizeof secret->id.bytes);
}

static void headers_are_checked(void **state) {
    (void)state;
    check_header_fields(&SECRET_KEY_FORMAT, &file);
}

static void each_bad_field_is_refused(void **state) {
    (void)state;
    size_t count;
    const bad_field *fields = bad_params_fields(&count);
    const bad_field other_sizes[] = {
        {12, 4, 4, TNN_ERR_MALFORMED}, /* k: good parameters, but of a longer key */
        {16, 4, 512, TNN_ERR_MALFORMED},
    };
    check_bad_fields(&SECRET_KEY_FORMAT, &file, fields, count);
    check_bad_fields(&SECRET_KEY_FORMAT, &file, other_sizes, COUNT_OF(other_sizes));
}

static void cut_files_are_refused(void **state) {
    (void)state;
    check_truncations(&SECRET_KEY_FORMAT, &file, 1);
}

static void mutated_files_give_a_status(void **state) {
    (void)state;
    check_mutations(&SECRET_KEY_FORMAT, &file, BITS, 20000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_survive_the_round_trip), cmocka_unit_test(a_bit_of_the_file_is_a_bit_of_the_key),
        cmocka_unit_test(headers_are_checked),         cmocka_unit_test(each_bad_field_is_refused),
        cmocka_unit_test(cut_files_are_refused),       cmocka_unit_test(mutated_files_give_a_status),
    };
    return cmocka_run_group_tests(tests, make_key, free_all);
}
