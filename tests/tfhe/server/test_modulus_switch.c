#include <math.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "noise.h"
#include "statistics.h"
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

/* Positions on the torus: 2^(v+1) N. */
static uint32_t turn_of(const tnn_params *params) {
    return 2 * tnn_params_positions(params);
}

/* A torus element counted in positions. */
static double in_positions(const tnn_params *params, uint32_t word) {
    return word * 0x1p-32 * turn_of(params);
}

static double without_turns(const tnn_params *params, double position) {
    const double turn = turn_of(params);
    return position - turn * floor(position / turn);
}

/* Nearest position, ties to the even one; returns what the rounding added. */
static double check_mask_word(const switched *s, size_t i) {
    const double exact = in_positions(s->params, s->lwe[i]);
    const double nearest = nearbyint(exact);
    assert_true(s->positions[i] == without_turns(s->params, nearest));
    return nearest - exact;
}

/* The body takes half of what the mask roundings added, and is rounded: at most 1/2 off, and 2^-33 of the torus more
 * where half of an odd number of units was cut. */
static void check_body(const switched *s, double mask_errors) {
    const double turn = turn_of(s->params);
    const double slack = 0.5 + 0x1p-33 * turn;
    const size_t n = s->params->literal.n;
    double off = s->positions[n] - in_positions(s->params, s->lwe[n]) - mask_errors / 2;
    assert_true(fabs(off - turn * nearbyint(off / turn)) <= slack);
}

static void check_switch(switched *s) {
    const size_t n = s->params->literal.n;
    tnn_modulus_switch(s->params, s->positions, s->lwe);
    double mask_errors = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(s->positions[i] < turn_of(s->params));
        mask_errors += check_mask_word(s, i);
    }
    assert_true(s->positions[n] < turn_of(s->params));
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
    const uint32_t tie = 1u << (30 - tnn_params_log2_positions(params));
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
    for (size_t i = 0; i < count * (TNN_MAX_LOG2_SPLIT + 1); i++) {
        tnn_params *params = params_of(&sets[i / (TNN_MAX_LOG2_SPLIT + 1)].literal);
        params->literal.log2_split = i % (TNN_MAX_LOG2_SPLIT + 1);
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
        uint32_t phase = position_phase(&secret->params, secret, s.positions) << (31 - params->log2_N);
        double off = torus_difference(phase, tnn_lwe_phase(secret, TNN_KEY_SMALL, s.lwe));
        assert_true(fabs(in_positions(params, 1u << 31) * 2 * off) <= 0.5);
    }
    free_switched(&s);
    tnn_secret_key_free(secret);
    tnn_params_free(params);
}

/* ------------------------------------------------------------------------------------------- keys of any weight -- */

/* A ciphertext of 0 without noise: mask words spread evenly over multiples of 2^log2_unit, and their product with s. */
static void draw_ciphertext(uint32_t *lwe, const tnn_secret_key *secret, uint32_t log2_unit) {
    const uint32_t n = secret->params.literal.n;
    tnn_random_bytes(lwe, n * sizeof *lwe);
    lwe[n] = 0;
    for (uint32_t i = 0; i < n; i++) {
        lwe[i] = lwe[i] >> log2_unit << log2_unit;
        lwe[n] += lwe[i] * secret->small[i];
    }
}

/* How far the positions' phase lies from 0, in fractions of the torus. */
static double draw_error(const tnn_params *params, uint32_t *lwe, const tnn_secret_key *secret, uint32_t log2_unit) {
    uint32_t *positions = lwe + params->literal.n + 1;
    draw_ciphertext(lwe, secret, log2_unit);
    tnn_modulus_switch(params, positions, lwe);
    return torus_difference(position_phase(params, secret, positions) << (31 - tnn_params_log2_positions(params)), 0);
}

/* The formula holds for each key, as its body lies on multiples of half the unit. Over 20000 draws a variance is good
 * to 1 %, and a mean to 1 % of a deviation. */
static void check_key(const tnn_params *params, double deviations, uint32_t log2_unit) {
    tnn_secret_key *secret = secret_key_off(params, deviations);
    uint32_t *lwe = new_array(2 * ((size_t)params->literal.n + 1), sizeof *lwe);
    const double expected = tnn_variance_row_switch(params, log2_unit);
    tally errors = {0};
    tally squares = {0};
    for (unsigned i = 0; i < 20000; i++) {
        const double error = draw_error(params, lwe, secret, log2_unit);
        tally_add(&errors, error);
        tally_add(&squares, error * error);
    }
    print_message("weight %+.1f, unit 2^%u: mean %+.4f deviations, variance / formula %.3f\n", deviations, log2_unit,
                  tally_mean(&errors) / sqrt(expected), tally_mean(&squares) / expected);
    assert_true(fabs(tally_mean(&errors)) <= STATISTIC_DEVIATIONS * tally_standard_error(&errors));
    assert_true(fabs(tally_mean(&squares) - expected) <= STATISTIC_DEVIATIONS * tally_standard_error(&squares));
    tnn_free(lwe);
    tnn_secret_key_free(secret);
}

/* Words of 32 bits; of 16; and the two units below a position, where ties are a quarter and a half of all words. */
static void check_keys(const tnn_params *params) {
    const double weights[] = {-2.5, 0, 2.5};
    const uint32_t position = 31 - tnn_params_log2_positions(params);
    const uint32_t units[] = {0, 16, position - 2, position - 1};
    for (size_t i = 0; i < COUNT_OF(weights) * COUNT_OF(units); i++) {
        check_key(params, weights[i / COUNT_OF(units)], units[i % COUNT_OF(units)]);
    }
}

/* To the positions of the ring, and to those of tables in eight polynomials. */
static void no_key_shifts_positions(void **state) {
    (void)state;
    tnn_params *params = shipped_params("fast");
    check_keys(params);
    params->literal.log2_split = TNN_MAX_LOG2_SPLIT;
    check_keys(params);
    tnn_params_free(params);
}

/* Whole positions are kept: the formula leaves the body, which then is one, half a position of its own. */
static void whole_positions_are_kept(void **state) {
    (void)state;
    tnn_params *params = shipped_params("fast");
    tnn_secret_key *secret = secret_key_off(params, 2.5);
    const uint32_t position = 31 - params->log2_N;
    uint32_t *lwe = new_array(2 * ((size_t)params->literal.n + 1), sizeof *lwe);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(draw_error(params, lwe, secret, position + i % 3) == 0);
    }
    const double body = tnn_variance_row_switch(params, position);
    assert_true(fabs(body - 0.25 * exp2(2.0 * position - 64)) <= 1e-12 * body);
    assert_true(tnn_variance_mask_switch(params, position) == 0);
    tnn_free(lwe);
    tnn_secret_key_free(secret);
    tnn_params_free(params);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_agrees_with_the_rationals),
        cmocka_unit_test(errors_of_one_sign_cancel),
        cmocka_unit_test(no_key_shifts_positions),
        cmocka_unit_test(whole_positions_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
