#include "glwe.h"

#include <math.h>
#include <string.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "schoolbook.h"
#include "statistics.h"
#include "testing.h"

static tnn_params *params;
static tnn_secret_key *secret;

/* fast: rank 3, noise narrower than a word of 32 bits holds. */
static int make_secret(void **state) {
    (void)state;
    params = shipped_params("fast");
    secret = balanced_secret_key(params);
    return 0;
}

static int free_secret(void **state) {
    (void)state;
    tnn_secret_key_free(secret);
    tnn_params_free(params);
    return 0;
}

static uint32_t *new_naive_phase(const uint32_t *glwe) {
    const tnn_params_literal *p = tnn_params_get(params);
    uint32_t *phase = new_array(p->N, sizeof *phase);
    schoolbook_glwe_phase32(phase, glwe, secret->big, p->k, p->N);
    return phase;
}

/* ------------------------------------------------------------------------------------------ binary product -- */

static void put_words(uint64_t *out, const uint32_t *in, uint32_t count) {
    for (uint32_t t = 0; t < count; t++) {
        out[t] = in[t];
    }
}

static void check_binary_product(tnn_masked_sum add, const uint32_t *key, uint32_t N) {
    uint64_t *poly = new_random(N, sizeof *poly);
    uint64_t *wide_key = new_array(N, sizeof *wide_key);
    uint64_t *doubled = new_random((size_t)2 * N, sizeof *doubled);
    uint64_t *product = new_random(N, sizeof *product);
    uint64_t *expected = new_array(N, sizeof *expected);
    memcpy(expected, product, N * sizeof *expected);
    put_words(wide_key, key, N);
    tnn_add_binary_product(add, product, doubled, poly, key, N);
    schoolbook_add_product(expected, poly, wide_key, N);
    assert_memory_equal(product, expected, N * sizeof *expected);
    tnn_free(poly);
    tnn_free(wide_key);
    tnn_free(doubled);
    tnn_free(product);
    tnn_free(expected);
}

/* Random bits; then one bit alone, first or last. */
static void check_keys(tnn_masked_sum add, uint32_t N) {
    uint32_t *key = new_random(N, sizeof *key);
    for (uint32_t t = 0; t < N; t++) {
        key[t] &= 1;
    }
    check_binary_product(add, key, N);
    memset(key, 0, N * sizeof *key);
    key[0] = 1;
    check_binary_product(add, key, N);
    key[0] = 0;
    key[N - 1] = 1;
    check_binary_product(add, key, N);
    tnn_free(key);
}

static void binary_product_equals_schoolbook(void **state) {
    (void)state;
    for (unsigned set = TNN_PORTABLE; set <= tnn_instructions_best(); set++) {
        for (uint32_t N = 256; N <= 2048; N *= 2) {
            check_keys(tnn_masked_sum_for((tnn_instructions)set), N);
        }
    }
}

/* ----------------------------------------------------------------------------------------------- encryption -- */

static void phase_equals_schoolbook(void **state) {
    (void)state;
    const tnn_params_literal *p = tnn_params_get(params);
    uint32_t *glwe = new_random(tnn_params_glwe_words(params), sizeof *glwe);
    uint32_t *phase = new_random(p->N, sizeof *phase);
    assert_ok(tnn_glwe_phase(secret, phase, glwe));
    uint32_t *expected = new_naive_phase(glwe);
    assert_memory_equal(phase, expected, p->N * sizeof *phase);
    tnn_free(glwe);
    tnn_free(phase);
    tnn_free(expected);
}

/* Mean square over one fresh encryption of random words. */
static double draw_squares(void *context) {
    const tnn_secret_key *key = context;
    const uint32_t N = key->params.literal.N;
    uint32_t *message = new_random(N, sizeof *message);
    uint32_t *glwe = new_array(tnn_params_glwe_words(&key->params), sizeof *glwe);
    uint32_t *phase = new_array(N, sizeof *phase);
    double squares = 0;
    assert_ok(tnn_glwe_encrypt(key, glwe, message));
    assert_ok(tnn_glwe_phase(key, phase, glwe));
    for (uint32_t t = 0; t < N; t++) {
        double error = torus_difference(phase[t], message[t]);
        squares += error * error;
    }
    tnn_free(message);
    tnn_free(glwe);
    tnn_free(phase);
    return squares / N;
}

/* A sigma below 2^-30 is 2^-30 on words of 32 bits; each noise is rounded. */
static void narrow_noise_is_raised_to_four_units(void **state) {
    (void)state;
    const double expected = 0x1p-60 + 0x1p-64 / 12;
    assert_true(params->literal.glwe_log2_sigma < -30);
    tally squares = measure_variance(draw_squares, secret, expected);
    assert_variance("fresh GLWE noise, fast set", &squares, expected);
}

/* 2^-16.4. */
static void wide_noise_is_kept(void **state) {
    (void)state;
    const tnn_params_literal literal = tiny_literal();
    const double expected = exp2(2 * literal.glwe_log2_sigma);
    tnn_params *wide = params_of(&literal);
    tnn_secret_key *key = balanced_secret_key(wide);
    tally squares = measure_variance(draw_squares, key, expected);
    assert_variance("fresh GLWE noise, tiny set", &squares, expected);
    tnn_secret_key_free(key);
    tnn_params_free(wide);
}

/* Two words agree with probability 2^-32: of 2048, more than 4 do with probability below 1e-33. */
static void encryptions_of_one_message_differ(void **state) {
    (void)state;
    const size_t words = tnn_params_glwe_words(params);
    uint32_t *message = new_array(params->literal.N, sizeof *message);
    uint32_t *a = new_array(words, sizeof *a);
    uint32_t *b = new_array(words, sizeof *b);
    assert_ok(tnn_glwe_encrypt(secret, a, message));
    assert_ok(tnn_glwe_encrypt(secret, b, message));
    size_t same = 0;
    for (size_t i = 0; i < words; i++) {
        same += a[i] == b[i];
    }
    assert_true(same <= 4);
    tnn_free(message);
    tnn_free(a);
    tnn_free(b);
}

/* ------------------------------------------------------------------------------------------------ extraction -- */

/* On random words: extraction is exact whatever the ciphertext. */
static void every_coefficient_is_extracted(void **state) {
    (void)state;
    const uint32_t dimension = (uint32_t)tnn_params_big_dimension(params);
    uint32_t *glwe = new_random(tnn_params_glwe_words(params), sizeof *glwe);
    uint32_t *lwe = new_random(dimension + 1, sizeof *lwe);
    uint32_t *expected = new_naive_phase(glwe);
    for (size_t index = 0; index < params->literal.N; index++) {
        tnn_sample_extract(params, lwe, glwe, index);
        assert_int_equal(schoolbook_lwe_phase(lwe, secret->big, dimension), expected[index]);
    }
    tnn_free(glwe);
    tnn_free(lwe);
    tnn_free(expected);
}

static void misuse_is_refused(void **state) {
    (void)state;
    uint32_t *glwe = new_array(tnn_params_glwe_words(params), sizeof *glwe);
    uint32_t *poly = new_array(params->literal.N, sizeof *poly);
    assert_status(TNN_ERR_MISUSE, tnn_glwe_encrypt(NULL, glwe, poly));
    assert_status(TNN_ERR_MISUSE, tnn_glwe_encrypt(secret, NULL, poly));
    assert_status(TNN_ERR_MISUSE, tnn_glwe_encrypt(secret, glwe, NULL));
    assert_status(TNN_ERR_MISUSE, tnn_glwe_phase(NULL, poly, glwe));
    assert_status(TNN_ERR_MISUSE, tnn_glwe_phase(secret, NULL, glwe));
    assert_status(TNN_ERR_MISUSE, tnn_glwe_phase(secret, poly, NULL));
    tnn_glwe_scratch_free(NULL);
    tnn_free(glwe);
    tnn_free(poly);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_product_equals_schoolbook),
        cmocka_unit_test(phase_equals_schoolbook),
        cmocka_unit_test(narrow_noise_is_raised_to_four_units),
        cmocka_unit_test(wide_noise_is_kept),
        cmocka_unit_test(encryptions_of_one_message_differ),
        cmocka_unit_test(every_coefficient_is_extracted),
        cmocka_unit_test(misuse_is_refused),
    };
    return cmocka_run_group_tests(tests, make_secret, free_secret);
}
