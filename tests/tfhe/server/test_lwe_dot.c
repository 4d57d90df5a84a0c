#include <math.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "testing.h"

static tnn_params *params;
static tnn_secret_key *secret;

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

/* Word by word, on random words in place of ciphertexts. */
static void check_dot(const int16_t *weights, size_t count) {
    const size_t words = tnn_params_big_dimension(params) + 1;
    uint32_t *inputs = new_random(words * (count + 1), sizeof *inputs);
    uint32_t *sum = new_random(words, sizeof *sum);
    tnn_lwe_dot(params, sum, inputs, weights, count);
    for (size_t word = 0; word < words; word++) {
        int64_t expected = 0;
        for (size_t i = 0; i < count; i++) {
            expected += (int64_t)weights[i] * inputs[i * words + word];
        }
        assert_int_equal(sum[word], (uint32_t)expected);
    }
    tnn_free(inputs);
    tnn_free(sum);
}

static void dot_product_is_exact(void **state) {
    (void)state;
    const int16_t weights[] = {INT16_MIN, INT16_MAX, 0, 1, -1, 0, 7, -300, INT16_MIN, INT16_MIN};
    for (size_t count = 0; count <= COUNT_OF(weights); count++) {
        check_dot(weights, count);
    }
}

static void dot_product_decrypts(void **state) {
    (void)state;
    const int16_t weights[] = {3, -5, 0, 100, -127, 1};
    const size_t words = tnn_params_big_dimension(params) + 1;
    uint32_t *inputs = new_array(words * COUNT_OF(weights), sizeof *inputs);
    uint32_t *sum = new_array(words, sizeof *sum);
    uint32_t expected = 0;
    double squares = 0;
    for (size_t i = 0; i < COUNT_OF(weights); i++) {
        uint32_t message = draw_below(~0u);
        assert_ok(tnn_lwe_encrypt(secret, TNN_KEY_BIG, inputs + i * words, message));
        expected += (uint32_t)weights[i] * message;
        squares += weights[i] * weights[i];
    }
    tnn_lwe_dot(params, sum, inputs, weights, COUNT_OF(weights));
    double error = torus_difference(tnn_lwe_phase(secret, TNN_KEY_BIG, sum), expected);
    assert_true(fabs(error) <= NOISE_DEVIATIONS * 0x1p-30 * sqrt(squares * 1.01));
    tnn_free(inputs);
    tnn_free(sum);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dot_product_is_exact),
        cmocka_unit_test(dot_product_decrypts),
    };
    return cmocka_run_group_tests(tests, make_secret, free_secret);
}
