#include "noise.h"

#include <math.h>

#include "key_fixture.h"
#include "testing.h"

/* The formulas stand for themselves; test_noise_measured holds them against ciphertexts. Here: how they change with
 * each parameter. Literals differ from shipped ones in one field and need not be secure. */
static tnn_params changed(const tnn_params_literal *literal) {
    uint32_t log2_N = 0;
    while (literal->N >> (log2_N + 1)) {
        log2_N++;
    }
    return (tnn_params){.literal = *literal, .security = TNN_SECURITY_128, .log2_N = log2_N, .bsk_bytes = 8};
}

typedef double (*formula)(const tnn_params *params);

static double value_at(formula variance, const tnn_params_literal *literal) {
    const tnn_params params = changed(literal);
    return variance(&params);
}

static void assert_close(double value, double expected, double relative) {
    if (!(fabs(value - expected) <= relative * fabs(expected))) {
        fail_msg("%.17g is not %.17g", value, expected);
    }
}

static void shipped_sets_have_positive_variances_far_below_one(void **state) {
    (void)state;
    const formula formulas[] = {tnn_variance_small, tnn_variance_external_product, tnn_variance_blind_rotation,
                                tnn_variance_modulus_switch};
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t f = 0; f < COUNT_OF(formulas); f++) {
            double variance = value_at(formulas[f], &sets[i].literal);
            assert_true(variance > 0x1p-64 && variance < 0x1p-10);
        }
        double key_switch = value_at(tnn_variance_key_switch, &sets[i].literal);
        assert_true(sets[i].literal.ks_levels ? key_switch > 0x1p-64 && key_switch < 0x1p-10 : key_switch == 0);
    }
}

/* sigma^2, and the rounding of a uniform number to 2^-bits: exactly a twelfth of its step squared. */
static void fresh_noise_is_sigma_and_rounding(void **state) {
    (void)state;
    tnn_params_literal literal = *shipped_literal("fast");
    const double narrow = value_at(tnn_variance_small, &literal);
    literal.lwe_log2_sigma += 1;
    const double wide = value_at(tnn_variance_small, &literal);
    assert_close(wide - narrow, 3 * exp2(2 * literal.lwe_log2_sigma - 2), 1e-12);
    literal.input_bits = 32;
    const double on_32_bits = value_at(tnn_variance_small, &literal);
    assert_close(wide - on_32_bits, 0x1p-32 / 12 - 0x1p-64 / 12, 1e-6);
}

/* n CMuxes: each adds the key's noise and the arithmetic's, half of them the gadget's rounding. */
static void a_blind_rotation_is_between_half_and_all_of_n_products(void **state) {
    (void)state;
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < count; i++) {
        const double n = sets[i].literal.n;
        const double product = value_at(tnn_variance_external_product, &sets[i].literal);
        const double rotation = value_at(tnn_variance_blind_rotation, &sets[i].literal);
        assert_true(n / 2 * product < rotation && rotation < n * product);
    }
}

/* With noise so large that nothing else counts: four times the variance at twice sigma, and as many products as rows.
 */
static void key_noise_grows_with_sigma_and_rows(void **state) {
    (void)state;
    tnn_params_literal literal = *shipped_literal("deep");
    literal.bs_base_log = 8;
    literal.glwe_log2_sigma = -12;
    const double one_level = value_at(tnn_variance_external_product, &literal);
    literal.bs_levels = 3;
    assert_close(value_at(tnn_variance_external_product, &literal), 3 * one_level, 1e-3);
    literal.glwe_log2_sigma += 1;
    assert_close(value_at(tnn_variance_external_product, &literal), 4 * 3 * one_level, 1e-3);
    literal.bs_base_log = 9;
    assert_close(value_at(tnn_variance_external_product, &literal), 4 * 4 * 3 * one_level, 1e-3);
}

/* With next to no noise: the rounding of 1 + k N / 4 coefficients to 2^-bits, and of another 1/4 in a block of 16. */
static void gadget_rounding_shrinks_with_its_bits(void **state) {
    (void)state;
    tnn_params_literal literal = *shipped_literal("deep");
    literal.glwe_log2_sigma = -60;
    for (uint32_t bits = 4; bits <= 12; bits++) {
        literal.bs_base_log = bits;
        assert_close(value_at(tnn_variance_external_product, &literal), exp2(-2.0 * bits) / 12 * (1 + 512 + 4), 1e-3);
    }
}

/* Every bit quadruples the rounding of accumulators, once a CMux, and the gadget's ties, in half of them: u^2 / 6 for
 * each coefficient whose rounding is seen. */
static void coarse_bits_round_accumulators_and_tie(void **state) {
    (void)state;
    const tnn_params params = changed(shipped_literal("fast"));
    const double n = params.literal.n;
    const double mask_coefficients = (double)params.literal.k * params.literal.N;
    const double fine = tnn_coarse_variance_blind_rotation(&params, 0);
    const double fine_common = tnn_coarse_variance_common(&params, 0);
    for (uint32_t bits = 1; bits <= 12; bits++) {
        const double squares = (exp2(2.0 * bits) - 1) * 0x1p-64 / 12;
        const double ties = squares * 2 * (1 + mask_coefficients / 4 + 16 * params.literal.k / 4.0) / 2;
        const double rounding = squares * (1 + mask_coefficients / 2);
        assert_close(tnn_coarse_variance_blind_rotation(&params, bits), fine + n * (rounding + ties), 1e-9);
        assert_close(tnn_coarse_variance_common(&params, bits), fine_common + n * squares * mask_coefficients / 4,
                     1e-9);
    }
}

/* Ones of S beside their average change what the gadget adds by 16 / N alone; those of s count CMuxes. */
static void compensation_makes_the_weight_of_the_big_key_small(void **state) {
    (void)state;
    tnn_params_literal literal = *shipped_literal("deep");
    literal.glwe_log2_sigma = -60;
    literal.bs_base_log = 12;
    const tnn_params params = changed(&literal);
    const double more_cmuxes = 1 + TNN_WORST_KEY / sqrt(literal.n);
    const double ratio =
        tnn_variance_blind_rotation_of_key(&params, TNN_WORST_KEY) / tnn_variance_blind_rotation(&params);
    assert_close(ratio, more_cmuxes, 2e-3);
    assert_true(tnn_variance_common(&params) < 1e-4 * tnn_variance_blind_rotation(&params));
    const double shared = tnn_variance_common_of_key(&params, TNN_WORST_KEY);
    const double ones = more_cmuxes * literal.n / 2;
    assert_close(shared, ones * 0x1p-24 / 12 * TNN_WORST_KEY * TNN_WORST_KEY / 4, 1e-2);
}

/* 16 deviations of a coefficient of a product, in units of 2^-(32 - coarse_bits): at most 2^51. */
static double log2_largest_coefficient(const tnn_params_literal *p, uint32_t coarse_bits) {
    const double squares = (p->k + 1.0) * p->bs_levels * p->N * exp2(2.0 * p->bs_base_log) / 144;
    return log2(16 * sqrt(squares)) + 32 - coarse_bits;
}

/* The fewest bits that keep the bound. */
static uint32_t least_coarse_bits(const tnn_params_literal *p) {
    uint32_t bits = 1;
    while (log2_largest_coefficient(p, bits) > 51) {
        bits++;
    }
    return bits;
}

/* None where they would add more than 1 % to the noise. */
static uint32_t expected_coarse_bits(const tnn_params *params) {
    const uint32_t bits = least_coarse_bits(&params->literal);
    return tnn_coarse_variance_blind_rotation(params, bits) <= 1.01 * tnn_coarse_variance_blind_rotation(params, 0)
               ? bits
               : 0;
}

static void coarse_bits_keep_the_bound_and_the_noise(void **state) {
    (void)state;
    size_t count;
    const tnn_shipped_params *shipped = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < count; i++) {
        tnn_params *params = shipped_params(shipped[i].name);
        print_message("%s: %u coarse bits\n", shipped[i].name, tnn_coarse_bits(params));
        assert_int_equal(tnn_coarse_bits(params), expected_coarse_bits(params));
        tnn_params_free(params);
    }
}

/* By hand: 16 deviations are 16 * 2^17 sqrt(4 * 512) / 12 = 2^22.9 of the torus; on 28 bits that is below 2^51. */
static void the_fast_set_is_rounded_coarsely(void **state) {
    (void)state;
    tnn_params *params = shipped_params("fast");
    assert_int_equal(tnn_coarse_bits(params), 4);
    tnn_params_free(params);
}

/* 10 bits where digits have 22, more than the gadget itself rounds; 3 bits where accumulators are that fine. */
static void coarse_rounding_is_refused_where_it_would_show(void **state) {
    (void)state;
    const char *const names[] = {"accurate", "fine", "deep", "deep-fine"};
    const uint32_t needed[] = {10, 10, 10, 3};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        tnn_params *params = shipped_params(names[i]);
        assert_int_equal(least_coarse_bits(&params->literal), needed[i]);
        assert_true(tnn_coarse_variance_blind_rotation(params, needed[i]) >
                    1.01 * tnn_coarse_variance_blind_rotation(params, 0));
        assert_int_equal(tnn_coarse_bits(params), 0);
        tnn_params_free(params);
    }
}

/* Of the reference server: coarse in the ranks that the quad engine serves, exact in the others, on any machine. */
static void variances_are_those_of_the_reference_server(void **state) {
    (void)state;
    for (uint32_t k = 1; k <= TNN_MAX_RANK; k++) {
        tnn_params params = changed(shipped_literal("fast"));
        params.literal.k = k;
        const uint32_t bits = k == 2 || k == 3 ? expected_coarse_bits(&params) : 0;
        assert_int_equal(tnn_planned_for_quads(&params), k == 2 || k == 3);
        assert_true(tnn_variance_external_product(&params) == tnn_coarse_variance_external_product(&params, bits));
        assert_true(tnn_variance_blind_rotation(&params) == tnn_coarse_variance_blind_rotation(&params, bits));
        assert_true(tnn_variance_common(&params) == tnn_coarse_variance_common(&params, bits));
    }
}

/* The mean square of all digits of the gadget, one by one. */
static double digit_power_by_counting(uint32_t base_log) {
    const int32_t half = 1 << (base_log - 1);
    double sum = 0;
    for (int32_t digit = -half; digit < half; digit++) {
        sum += (double)digit * digit;
    }
    return sum / (2.0 * half);
}

static void key_switch_counts_digits_and_rounding(void **state) {
    (void)state;
    tnn_params_literal literal = *shipped_literal("deep");
    const double coordinates = (double)literal.k * literal.N - literal.n;
    for (literal.ks_levels = 1; literal.ks_levels <= 4; literal.ks_levels++) {
        for (literal.ks_base_log = 1; literal.ks_base_log <= 7; literal.ks_base_log++) {
            double noise = literal.ks_levels * digit_power_by_counting(literal.ks_base_log);
            double rounding = exp2(-2.0 * literal.ks_base_log * literal.ks_levels) / 12;
            double expected = coordinates * (noise * exp2(2 * literal.lwe_log2_sigma) + rounding / 2);
            assert_close(value_at(tnn_variance_key_switch, &literal), expected, 1e-9);
        }
    }
}

/* The mean square of the roundings of all multiples of 2^log2_unit, ties to even. */
static double rounding_by_counting(uint32_t log2_unit, uint32_t log2_step) {
    const uint32_t count = 2u << (log2_step - log2_unit);
    double squares = 0;
    for (uint32_t i = 0; i < count; i++) {
        const double steps = i * exp2((double)log2_unit - log2_step);
        squares += (nearbyint(steps) - steps) * (nearbyint(steps) - steps) / count;
    }
    return squares * exp2(2.0 * log2_step - 64);
}

static void rows_of_coarse_words_tie_more_often(void **state) {
    (void)state;
    const tnn_params params = changed(shipped_literal("fine"));
    const uint32_t position = 31 - params.log2_N;
    for (uint32_t log2_unit = position - 8; log2_unit < position; log2_unit++) {
        const double masks = params.literal.n / 4.0 * rounding_by_counting(log2_unit, position);
        const double body = rounding_by_counting(log2_unit - 1, position);
        assert_close(tnn_variance_mask_switch(&params, log2_unit), masks, 1e-12);
        assert_close(tnn_variance_row_switch(&params, log2_unit), masks + body, 1e-12);
    }
}

/* n centred roundings that meet s - 1/2 = +-1/2, and the body's. */
static void modulus_switch_rounds_to_a_position(void **state) {
    (void)state;
    tnn_params_literal literal = *shipped_literal("fine");
    const double step = 1.0 / (2 * literal.N);
    assert_close(value_at(tnn_variance_modulus_switch, &literal), step * step / 12 * (literal.n / 4.0 + 1), 1e-10);
}

static void output_rounding_shrinks_fourfold_a_bit(void **state) {
    (void)state;
    const tnn_params params = changed(shipped_literal("deep"));
    assert_close(tnn_variance_output_rounding(&params, 10), 0x1p-20 / 12 * (1 + 1024), 1e-12);
    for (unsigned bits = 8; bits < 32; bits++) {
        double ratio = tnn_variance_output_rounding(&params, bits) / tnn_variance_output_rounding(&params, bits + 1);
        assert_close(ratio, 4, 1e-12);
    }
}

/* ln erfc(x) from its continued fraction, erfc(x) = exp(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / ...))),
 * cut at 500: good to 1e-15 from x = 1 on. */
static double log2_tail_by_fraction(double deviations) {
    const long double x = deviations / sqrtl(2);
    long double fraction = x;
    for (int i = 500; i >= 1; i--) {
        fraction = x + i / 2.0L / fraction;
    }
    return (double)((-x * x - logl(fraction) - logl(acosl(-1)) / 2) / logl(2));
}

static void the_tail_agrees_with_a_continued_fraction(void **state) {
    (void)state;
    for (double deviations = 1.5; deviations < 1000; deviations *= 1.01) {
        assert_close(tnn_log2_gaussian_tail(deviations, 1), log2_tail_by_fraction(deviations), 1e-7);
    }
}

/* erfc itself is above the smallest normal double until 26.5, 37.5 deviations. */
static void the_tail_agrees_with_erfc(void **state) {
    (void)state;
    assert_true(tnn_log2_gaussian_tail(0, 1) == 0);
    for (double x = 0.01; x < 26.5; x += 0.01) {
        assert_close(tnn_log2_gaussian_tail(x * sqrt(2), 1), log2(erfc(x)), 1e-7);
    }
}

/* Tables of the normal distribution: P(|z| > 1.959964) = 0.05, P(|z| > 6) = 1.973175e-9; 7.2 deviations: 6.02e-13; and
 * P(|z| > 40) = 7.3e-350, 50 = 2.2e-545 (log10 by Abramowitz and Stegun, table 26.2: 349.43701 and 544.96634 for one
 * side). */
static void the_tail_has_known_values(void **state) {
    (void)state;
    assert_close(tnn_log2_gaussian_tail(1.9599639845, 1), log2(0.05), 1e-8);
    assert_close(tnn_log2_gaussian_tail(6, 1), log2(1.973175290075396e-9), 1e-9);
    assert_close(tnn_log2_gaussian_tail(7.2, 1), -40.594, 1e-4);
    assert_close(tnn_log2_gaussian_tail(40, 1), 1 - 349.43701 * log2(10), 1e-7);
    assert_close(tnn_log2_gaussian_tail(50, 1), 1 - 544.96634 * log2(10), 1e-7);
}

static void the_tail_depends_on_the_ratio_alone_and_falls(void **state) {
    (void)state;
    double last = 1;
    for (double deviations = 0; deviations < 60; deviations += 0.125) {
        double tail = tnn_log2_gaussian_tail(deviations, 1);
        assert_true(tail < last);
        assert_true(tail == tnn_log2_gaussian_tail(deviations * 0x1p-20, 0x1p-20));
        last = tail;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_sets_have_positive_variances_far_below_one),
        cmocka_unit_test(fresh_noise_is_sigma_and_rounding),
        cmocka_unit_test(a_blind_rotation_is_between_half_and_all_of_n_products),
        cmocka_unit_test(key_noise_grows_with_sigma_and_rows),
        cmocka_unit_test(gadget_rounding_shrinks_with_its_bits),
        cmocka_unit_test(coarse_bits_round_accumulators_and_tie),
        cmocka_unit_test(compensation_makes_the_weight_of_the_big_key_small),
        cmocka_unit_test(coarse_bits_keep_the_bound_and_the_noise),
        cmocka_unit_test(the_fast_set_is_rounded_coarsely),
        cmocka_unit_test(coarse_rounding_is_refused_where_it_would_show),
        cmocka_unit_test(variances_are_those_of_the_reference_server),
        cmocka_unit_test(key_switch_counts_digits_and_rounding),
        cmocka_unit_test(modulus_switch_rounds_to_a_position),
        cmocka_unit_test(rows_of_coarse_words_tie_more_often),
        cmocka_unit_test(output_rounding_shrinks_fourfold_a_bit),
        cmocka_unit_test(the_tail_agrees_with_a_continued_fraction),
        cmocka_unit_test(the_tail_agrees_with_erfc),
        cmocka_unit_test(the_tail_has_known_values),
        cmocka_unit_test(the_tail_depends_on_the_ratio_alone_and_falls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
