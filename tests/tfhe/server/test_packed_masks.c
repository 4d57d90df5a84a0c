#include "packed.h"

#include <math.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "schoolbook.h"
#include "statistics.h"
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

/* A random vector with its encryption, expanded. */
typedef struct packed_vector {
    const tnn_secret_key *secret;
    size_t count;
    uint32_t *messages;
    tnn_packed *packed;
    tnn_packed_masks *masks;
} packed_vector;

/* Takes over the messages [count]. */
static packed_vector vector_of(const tnn_secret_key *secret, uint32_t *messages, size_t count) {
    packed_vector v = {.secret = secret, .count = count, .messages = messages};
    assert_ok(tnn_packed_encrypt(secret, &v.packed, messages, count));
    assert_ok(tnn_packed_masks_create(&v.masks, &secret->params, count));
    assert_ok(tnn_packed_expand(v.masks, v.packed));
    return v;
}

/* Full words: on 16 bits, the top half of a message must not matter. */
static packed_vector new_vector(const tnn_secret_key *secret, size_t count) {
    return vector_of(secret, new_random(count, sizeof(uint32_t)), count);
}

static void free_vector(packed_vector *v) {
    tnn_packed_masks_free(v->masks);
    tnn_packed_free(v->packed);
    tnn_free(v->messages);
}

/* A word on Z/2^input_bits as a word on Z/2^32. */
static uint32_t on_torus(const packed_vector *v, uint32_t word) {
    return word << (32 - v->secret->params.literal.input_bits);
}

static uint32_t dot_phase(const packed_vector *v, const int16_t *weights) {
    const uint32_t n = v->secret->params.literal.n;
    uint32_t *lwe = new_random(n + 1, sizeof *lwe);
    tnn_packed_dot(v->masks, lwe, weights);
    uint32_t phase = schoolbook_lwe_phase(lwe, v->secret->small, n);
    tnn_free(lwe);
    return phase;
}

/* phases [count]: the dot product with each unit vector. */
static uint32_t *new_element_phases(const packed_vector *v) {
    uint32_t *phases = new_array(v->count, sizeof *phases);
    int16_t *weights = new_array(v->count, sizeof *weights);
    for (size_t i = 0; i < v->count; i++) {
        weights[i] = 1;
        phases[i] = dot_phase(v, weights);
        weights[i] = 0;
    }
    tnn_free(weights);
    return phases;
}

/* Mean square noise of the elements of a fresh vector of 300. */
static double draw_squares(void *context) {
    packed_vector v = new_vector(context, 300);
    uint32_t *phases = new_element_phases(&v);
    const double bound = NOISE_DEVIATIONS * sqrt(tnn_variance_small(&v.secret->params));
    double squares = 0;
    for (size_t i = 0; i < v.count; i++) {
        double error = torus_difference(phases[i], on_torus(&v, v.messages[i]));
        assert_true(fabs(error) <= bound);
        squares += error * error;
    }
    tnn_free(phases);
    free_vector(&v);
    return squares / 300;
}

static void each_element_has_the_stated_noise(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SETS); i++) {
        const double expected = tnn_variance_small(&secrets[i]->params);
        tally squares = measure_variance(draw_squares, secrets[i], expected);
        assert_variance(SETS[i], &squares, expected);
    }
}

/* Given the phases of the elements, noise and all, the phase of a dot product is exact. */
static void check_dot(const packed_vector *v, const uint32_t *phases, const int16_t *weights) {
    uint32_t expected = 0;
    for (size_t i = 0; i < v->count; i++) {
        expected += (uint32_t)weights[i] * phases[i];
    }
    assert_int_equal(dot_phase(v, weights), expected);
}

static void check_extreme_dots(const packed_vector *v, const uint32_t *phases) {
    const int16_t extremes[] = {INT16_MIN, INT16_MAX, -1, 0};
    int16_t *weights = new_random(v->count, sizeof *weights);
    check_dot(v, phases, weights);
    for (size_t i = 0; i < v->count; i++) {
        weights[i] = extremes[draw_below(COUNT_OF(extremes))];
    }
    check_dot(v, phases, weights);
    for (size_t extreme = 0; extreme < COUNT_OF(extremes); extreme++) {
        for (size_t i = 0; i < v->count; i++) {
            weights[i] = extremes[extreme];
        }
        check_dot(v, phases, weights);
    }
    tnn_free(weights);
}

static void dot_products_are_exact_sums_of_element_phases(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SETS); i++) {
        const size_t degree = secrets[i]->params.literal.input_N;
        const size_t counts[] = {1, 2, degree - 1, degree, degree + 1, 2 * degree, 5 * degree + 7};
        for (size_t c = 0; c < COUNT_OF(counts); c++) {
            packed_vector v = new_vector(secrets[i], counts[c]);
            uint32_t *phases = new_element_phases(&v);
            check_extreme_dots(&v, phases);
            tnn_free(phases);
            free_vector(&v);
        }
    }
}

/* Integers as a network has them: 784 levels below 16 and weights to +-3, in steps of 2^-16 of the torus. */
static void check_small_integers(const tnn_secret_key *secret) {
    enum { COUNT = 784 };
    int16_t weights[COUNT];
    uint32_t *messages = new_array(COUNT, sizeof *messages);
    uint32_t expected = 0;
    double squares = 0;
    for (size_t i = 0; i < COUNT; i++) {
        uint32_t level = draw_below(16);
        messages[i] = level << (secret->params.literal.input_bits - 16);
        weights[i] = (int16_t)draw_signed(3);
        expected += (uint32_t)weights[i] * level;
        squares += weights[i] * weights[i];
    }
    packed_vector v = vector_of(secret, messages, COUNT);
    double error = torus_difference(dot_phase(&v, weights), expected << 16);
    assert_true(fabs(error) <= NOISE_DEVIATIONS * sqrt(squares * tnn_variance_small(&secret->params)));
    free_vector(&v);
}

static void small_integers_decrypt_to_their_dot_product(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SETS); i++) {
        check_small_integers(secrets[i]);
    }
}

/* Masks of an earlier ciphertext leave nothing behind. */
static void masks_are_used_again(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SETS); i++) {
        packed_vector v = new_vector(secrets[i], 300);
        packed_vector other = new_vector(secrets[i], 300);
        uint32_t *expected = new_element_phases(&other);
        assert_ok(tnn_packed_expand(v.masks, other.packed));
        uint32_t *phases = new_element_phases(&v);
        assert_memory_equal(phases, expected, 300 * sizeof *phases);
        tnn_free(expected);
        tnn_free(phases);
        free_vector(&v);
        free_vector(&other);
    }
}

static void other_lengths_and_words_are_not_expanded(void **state) {
    (void)state;
    packed_vector short_words = new_vector(secrets[0], 100);
    packed_vector long_words = new_vector(secrets[1], 100);
    packed_vector longer = new_vector(secrets[0], 101);
    assert_status(TNN_ERR_MISUSE, tnn_packed_expand(short_words.masks, longer.packed));
    assert_status(TNN_ERR_MISUSE, tnn_packed_expand(longer.masks, short_words.packed));
    assert_status(TNN_ERR_MISUSE, tnn_packed_expand(short_words.masks, long_words.packed));
    assert_status(TNN_ERR_MISUSE, tnn_packed_expand(long_words.masks, short_words.packed));
    assert_status(TNN_ERR_MISUSE, tnn_packed_expand(NULL, short_words.packed));
    assert_status(TNN_ERR_MISUSE, tnn_packed_expand(short_words.masks, NULL));
    free_vector(&short_words);
    free_vector(&long_words);
    free_vector(&longer);
}

static void misuse_is_refused(void **state) {
    (void)state;
    const size_t refused[] = {0, TNN_MAX_PACKED + 1, SIZE_MAX};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tnn_packed_masks *masks = UNSET;
        assert_status(TNN_ERR_MISUSE, tnn_packed_masks_create(&masks, &FAST->params, refused[i]));
        assert_null(masks);
    }
}

static void nulls_are_refused(void **state) {
    (void)state;
    tnn_packed_masks *masks = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_packed_masks_create(&masks, NULL, 1));
    assert_null(masks);
    assert_status(TNN_ERR_MISUSE, tnn_packed_masks_create(NULL, &FAST->params, 1));
    tnn_packed_masks_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_element_has_the_stated_noise),
        cmocka_unit_test(dot_products_are_exact_sums_of_element_phases),
        cmocka_unit_test(small_integers_decrypt_to_their_dot_product),
        cmocka_unit_test(masks_are_used_again),
        cmocka_unit_test(other_lengths_and_words_are_not_expanded),
        cmocka_unit_test(misuse_is_refused),
        cmocka_unit_test(nulls_are_refused),
    };
    return cmocka_run_group_tests(tests, make_secrets, free_secrets);
}
