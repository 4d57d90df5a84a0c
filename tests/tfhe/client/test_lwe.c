#include <math.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "schoolbook.h"
#include "statistics.h"
#include "testing.h"

static tnn_params *params;
static tnn_secret_key *secret;

/* deep: s and S have noise of many units of 2^-32 and, raised from far below one, of 4. */
static int make_secret(void **state) {
    (void)state;
    params = shipped_params("deep");
    secret = balanced_secret_key(params);
    return 0;
}

static int free_secret(void **state) {
    (void)state;
    tnn_secret_key_free(secret);
    tnn_params_free(params);
    return 0;
}

static const uint32_t *key_of(tnn_key_part part) {
    return part == TNN_KEY_SMALL ? secret->small : secret->big;
}

static uint32_t dimension_of(tnn_key_part part) {
    return part == TNN_KEY_SMALL ? params->literal.n : (uint32_t)tnn_params_big_dimension(params);
}

static double log2_sigma_of(tnn_key_part part) {
    return part == TNN_KEY_SMALL ? params->literal.lwe_log2_sigma : -30;
}

static uint32_t *new_encryption(tnn_key_part part, uint32_t message) {
    uint32_t *lwe = new_array(dimension_of(part) + 1, sizeof *lwe);
    assert_ok(tnn_lwe_encrypt(secret, part, lwe, message));
    return lwe;
}

static void phase_is_body_minus_mask_times_key(void **state) {
    (void)state;
    for (tnn_key_part part = TNN_KEY_SMALL; part <= TNN_KEY_BIG; part++) {
        for (uint32_t round = 0; round < 50; round++) {
            uint32_t *lwe = new_random(dimension_of(part) + 1, sizeof *lwe);
            uint32_t expected = schoolbook_lwe_phase(lwe, key_of(part), dimension_of(part));
            assert_int_equal(tnn_lwe_phase(secret, part, lwe), expected);
            tnn_free(lwe);
        }
    }
}

static void check_encryption(tnn_key_part part, uint32_t message) {
    uint32_t *lwe = new_encryption(part, message);
    double error = torus_difference(schoolbook_lwe_phase(lwe, key_of(part), dimension_of(part)), message);
    assert_true(fabs(error) <= NOISE_DEVIATIONS * exp2(log2_sigma_of(part)) + 0x1p-32);
    tnn_free(lwe);
}

static void encryptions_decrypt(void **state) {
    (void)state;
    const uint32_t messages[] = {0, 1, 1u << 31, ~0u, 0x12345678u};
    for (tnn_key_part part = TNN_KEY_SMALL; part <= TNN_KEY_BIG; part++) {
        for (size_t i = 0; i < COUNT_OF(messages); i++) {
            check_encryption(part, messages[i]);
        }
    }
}

/* One fresh encryption, of a random message. */
static double draw_square(void *context) {
    const tnn_key_part part = *(const tnn_key_part *)context;
    uint32_t message = draw_below(~0u);
    uint32_t *lwe = new_encryption(part, message);
    double error = torus_difference(tnn_lwe_phase(secret, part, lwe), message);
    tnn_free(lwe);
    return error * error;
}

/* 4 units are where the big key's noise, narrower than a word of 32 bits, is cut off. */
static void noise_has_the_stated_variance(void **state) {
    (void)state;
    for (tnn_key_part part = TNN_KEY_SMALL; part <= TNN_KEY_BIG; part++) {
        const double expected = exp2(2 * log2_sigma_of(part)) + 0x1p-64 / 12;
        tally squares = measure_variance(draw_square, &part, expected);
        assert_variance("fresh LWE noise", &squares, expected);
    }
}

/* Two words agree with probability 2^-32: of 2049, more than 4 do with probability below 1e-33. */
static void encryptions_of_one_message_differ(void **state) {
    (void)state;
    for (tnn_key_part part = TNN_KEY_SMALL; part <= TNN_KEY_BIG; part++) {
        uint32_t *a = new_encryption(part, 5);
        uint32_t *b = new_encryption(part, 5);
        size_t same = 0;
        for (size_t i = 0; i <= dimension_of(part); i++) {
            same += a[i] == b[i];
        }
        assert_true(same <= 4);
        tnn_free(a);
        tnn_free(b);
    }
}

static void misuse_is_refused(void **state) {
    (void)state;
    uint32_t *lwe = new_array(dimension_of(TNN_KEY_BIG) + 1, sizeof *lwe);
    assert_status(TNN_ERR_MISUSE, tnn_lwe_encrypt(NULL, TNN_KEY_SMALL, lwe, 0));
    assert_status(TNN_ERR_MISUSE, tnn_lwe_encrypt(secret, TNN_KEY_SMALL, NULL, 0));
    assert_status(TNN_ERR_MISUSE, tnn_lwe_encrypt(secret, (tnn_key_part)2, lwe, 0));
    for (size_t i = 0; i <= dimension_of(TNN_KEY_BIG); i++) {
        assert_int_equal(lwe[i], 0);
    }
    tnn_free(lwe);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phase_is_body_minus_mask_times_key),
        cmocka_unit_test(encryptions_decrypt),
        cmocka_unit_test(noise_has_the_stated_variance),
        cmocka_unit_test(encryptions_of_one_message_differ),
        cmocka_unit_test(misuse_is_refused),
    };
    return cmocka_run_group_tests(tests, make_secret, free_secret);
}
