#include <math.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "testing.h"

/* One ciphertext, its positions, and what a switch over the rationals says about them. All numbers here are multiples
 * of 2^-44 below 2^9: exact in doubles. */
typedef struct switched {
    const tnn_params *params;
    uint32_t *lwe;       /* [n + 1] */
    uint32_t *positions; /* [n + 1] */
} switched;

static switched new_switched(const tnn_params *params) {
    const size_t words = params->literal.n + 1;
    return (switched){params, new_random(words, sizeof(uint32_t)), new_array(words, sizeof(uint32_t))};
}

static void free_switched(switched *s) {
    tnn_free(s->lwe);
    tnn_free(s->positions);
}

/* A torus element counted in positions. */
static double in_positions(const tnn_params *params, uint32_t word) {
    return word * 0x1p-32 * (2.0 * params->literal.N);
}

static double without_turns(const tnn_params *params, double position) {
    const double turn = 2.0 * params->literal.N;
    return position - turn * floor(position / turn);
}

/* Nearest position, ties upwards; returns what the rounding added. */
static double check_mask_word(const switched *s, size_t i) {
    const double exact = in_positions(s->params, s->lwe[i]);
    const double nearest = floor(exact + 0.5);
    assert_true(s->positions[i] == without_turns(s->params, nearest));
    return nearest - exact;
}

/* The body takes half of what the mask roundings added, and is rounded: at most 1/2 off, and 2^-33 of the torus more
 * where half of an odd number of units was cut. */
static void check_body(const switched *s, double mask_errors) {
    const double slack = 0.5 + 0x1p-33 * 2 * s->params->literal.N;
    const size_t n = s->params->literal.n;
    double off = s->positions[n] - in_positions(s->params, s->lwe[n]) - mask_errors / 2;
    assert_true(fabs(off - 2.0 * s->params->literal.N * nearbyint(off / (2.0 * s->params->literal.N))) <= slack);
}

static void check_switch(switched *s) {
    const size_t n = s->params->literal.n;
    tnn_modulus_switch(s->params, s->positions, s->lwe);
    double mask_errors = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(s->positions[i] < 2 * s->params->literal.N);
        mask_errors += check_mask_word(s, i);
    }
    assert_true(s->positions[n] < 2 * s->params->literal.N);
    check_body(s, mask_errors);
}

static void fill_mask(switched *s, uint32_t word) {
    for (size_t i = 0; i < s->params->literal.n; i++) {
        s->lwe[i] = word;
    }
}

static void check_random_ciphertexts(const tnn_params *params) {
    for (unsigned round = 0; round < 100; round++) {
        switched s = new_switched(params);
        check_switch(&s);
        free_switched(&s);
    }
}

/* Around 0, around a tie between two positions, and around the end of the torus. */
static void check_extreme_ciphertexts(const tnn_params *params) {
    const uint32_t tie = 1u << (30 - params->log2_N);
    const uint32_t words[] = {0, 1, tie - 1, tie, tie + 1, 2 * tie - 1, 2 * tie, ~0u, 0 - tie, 0 - tie - 1, 1u << 31};
    switched s = new_switched(params);
    for (size_t mask = 0; mask < COUNT_OF(words); mask++) {
        fill_mask(&s, words[mask]);
        for (size_t body = 0; body < COUNT_OF(words); body++) {
            s.lwe[params->literal.n] = words[body];
            check_switch(&s);
        }
    }
    free_switched(&s);
}

static void every_set_agrees_with_the_rationals(void **state) {
    (void)state;
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < count; i++) {
        tnn_params *params = params_of(&sets[i].literal);
        check_random_ciphertexts(params);
        check_extreme_ciphertexts(params);
        tnn_params_free(params);
    }
}

/* The same rounding error e of nearly 1/2 at each of n coordinates. Half the key's bits are ones, so the phase would be
 * off by e n / 2, 150 positions and more, without centring, and is off by the rounding of the body alone with it. */
static void errors_of_one_sign_cancel(void **state) {
    (void)state;
    tnn_params *params = shipped_params("fast");
    tnn_secret_key *secret = balanced_secret_key(params);
    const uint32_t tie = 1u << (30 - params->log2_N);
    const uint32_t words[] = {tie - 1, tie + 1, 7 * tie - 2, 7 * tie + 2};
    switched s = new_switched(params);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        fill_mask(&s, words[i]);
        tnn_modulus_switch(params, s.positions, s.lwe);
        uint32_t phase = position_phase(secret, s.positions) << (31 - params->log2_N);
        double off = torus_difference(phase, tnn_lwe_phase(secret, TNN_KEY_SMALL, s.lwe));
        assert_true(fabs(in_positions(params, 1u << 31) * 2 * off) <= 0.5);
    }
    free_switched(&s);
    tnn_secret_key_free(secret);
    tnn_params_free(params);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_agrees_with_the_rationals),
        cmocka_unit_test(errors_of_one_sign_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
