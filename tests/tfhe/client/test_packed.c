/* Encryption; what ciphertexts decrypt to is seen through their dot products, in test_packed_masks.c. */
#include "packed.h"

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "testing.h"

/* Inputs on 16 bits, and on 32. */
static const char *const SETS[] = {"fast", "deep"};
static tnn_secret_key *secrets[COUNT_OF(SETS)];
#define FAST (secrets[0])

static int make_secrets(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SETS); i++) {
        tnn_params *params = shipped_params(SETS[i]);
        secrets[i] = balanced_secret_key(params);
        tnn_params_free(params);
    }
    return 0;
}

static int free_secrets(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SETS); i++) {
        tnn_secret_key_free(secrets[i]);
    }
    return 0;
}

/* Two words of 16 bits agree with probability 2^-16: of 2000, more than 12 do with probability below 1e-29. */
static void fresh_encryptions_differ(void **state) {
    (void)state;
    enum { COUNT = 2000 };
    uint32_t *zeros = new_array(COUNT, sizeof *zeros);
    tnn_packed *a;
    tnn_packed *b;
    assert_ok(tnn_packed_encrypt(FAST, &a, zeros, COUNT));
    assert_ok(tnn_packed_encrypt(FAST, &b, zeros, COUNT));
    assert_memory_not_equal(&a->seed, &b->seed, sizeof a->seed);
    size_t same = 0;
    for (size_t i = 0; i < COUNT; i++) {
        same += a->body[i] == b->body[i];
        assert_true(a->body[i] < 1u << 16);
    }
    assert_true(same <= 12);
    tnn_packed_free(a);
    tnn_packed_free(b);
    tnn_free(zeros);
}

static void ciphertexts_carry_their_key_and_shape(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SETS); i++) {
        uint32_t *messages = new_random(100, sizeof *messages);
        tnn_packed *packed;
        assert_ok(tnn_packed_encrypt(secrets[i], &packed, messages, 100));
        assert_true(tnn_key_id_equal(&packed->id, &secrets[i]->id));
        assert_int_equal(packed->count, 100);
        assert_int_equal(packed->input_bits, secrets[i]->params.literal.input_bits);
        tnn_packed_free(packed);
        tnn_free(messages);
    }
}

static void misuse_is_refused(void **state) {
    (void)state;
    const size_t refused[] = {0, TNN_MAX_PACKED + 1, SIZE_MAX};
    const uint32_t message = 0;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tnn_packed *packed = UNSET;
        assert_status(TNN_ERR_MISUSE, tnn_packed_encrypt(FAST, &packed, &message, refused[i]));
        assert_null(packed);
    }
}

static void nulls_are_refused(void **state) {
    (void)state;
    const uint32_t message = 0;
    tnn_packed *packed = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_packed_encrypt(NULL, &packed, &message, 1));
    assert_null(packed);
    packed = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_packed_encrypt(FAST, &packed, NULL, 1));
    assert_null(packed);
    assert_status(TNN_ERR_MISUSE, tnn_packed_encrypt(FAST, NULL, &message, 1));
    tnn_packed_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_encryptions_differ),
        cmocka_unit_test(ciphertexts_carry_their_key_and_shape),
        cmocka_unit_test(misuse_is_refused),
        cmocka_unit_test(nulls_are_refused),
    };
    return cmocka_run_group_tests(tests, make_secrets, free_secrets);
}
