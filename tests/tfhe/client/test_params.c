#include "params.h"

#include <math.h>
#include <string.h>

#include "key_fixture.h"
#include "testing.h"

/* A set with a key switch, on the 132-bit row for s. Tests change single fields of it. */
static tnn_params_literal switching_literal(void) {
    return (tnn_params_literal){.n = 800,
                                .input_N = 32,
                                .input_bits = 32,
                                .lwe_log2_sigma = -17.28,
                                .k = 1,
                                .N = 2048,
                                .glwe_log2_sigma = -46,
                                .bs_base_log = 22,
                                .bs_levels = 1,
                                .ks_base_log = 2,
                                .ks_levels = 7,
                                .shared_prefix = true};
}

/* One field of a literal, and what stands there in place of the set's own value. */
typedef struct whole_field {
    size_t offset;
    uint32_t value;
} whole_field;

typedef struct noise_field {
    size_t offset;
    double value;
} noise_field;

#define FIELD(name) offsetof(tnn_params_literal, name)

static tnn_params_literal with_whole(tnn_params_literal literal, whole_field field) {
    memcpy((uint8_t *)&literal + field.offset, &field.value, sizeof field.value);
    return literal;
}

static tnn_params_literal with_noise(tnn_params_literal literal, noise_field field) {
    memcpy((uint8_t *)&literal + field.offset, &field.value, sizeof field.value);
    return literal;
}

static void assert_refused(tnn_status status, const tnn_params_literal *literal) {
    tnn_params *params = UNSET;
    assert_status(status, tnn_params_create(&params, literal, TNN_SECURITY_128_MARGIN));
    assert_null(params);
}

static bool same_literals(const tnn_params_literal *a, const tnn_params_literal *b) {
    const tnn_params x = {.literal = *a};
    const tnn_params y = {.literal = *b};
    return tnn_params_equal(&x, &y);
}

static void assert_accepted(const tnn_params_literal *literal) {
    tnn_params *params = params_of(literal);
    assert_true(same_literals(tnn_params_get(params), literal));
    tnn_params_free(params);
}

/* -------------------------------------------------------------------------------------------------- bounds -- */

static void whole_numbers_out_of_bounds_are_malformed(void **state) {
    (void)state;
    const whole_field refused[] = {
        {FIELD(n), 0},
        {FIELD(n), TNN_MIN_LWE_DIMENSION - 8},
        {FIELD(n), TNN_MAX_LWE_DIMENSION + 32},
        {FIELD(n), 801}, /* 32 does not divide it */
        {FIELD(n), ~0u},
        {FIELD(input_N), 0},
        {FIELD(input_N), 25}, /* divides n, no power of two */
        {FIELD(input_N), 64}, /* does not divide n */
        {FIELD(input_N), 1u << 31},
        {FIELD(input_bits), 0},
        {FIELD(input_bits), 15},
        {FIELD(input_bits), 24},
        {FIELD(input_bits), 64},
        {FIELD(k), 0},
        {FIELD(k), TNN_MAX_RANK + 1},
        {FIELD(k), ~0u},
        {FIELD(N), 0},
        {FIELD(N), TNN_MIN_RING_DEGREE / 2},
        {FIELD(N), 2047},
        {FIELD(N), 3072},
        {FIELD(N), 2 * TNN_MAX_RING_DEGREE},
        {FIELD(log2_split), TNN_MAX_LOG2_SPLIT + 1},
        {FIELD(log2_split), 32},
        {FIELD(log2_split), ~0u},
        {FIELD(bs_base_log), 0},
        {FIELD(bs_base_log), 32},
        {FIELD(bs_base_log), ~0u},
        {FIELD(bs_levels), 0},
        {FIELD(bs_levels), 2}, /* 2 levels of 22 bits */
        {FIELD(bs_levels), TNN_MAX_LEVELS + 1},
        {FIELD(bs_levels), ~0u},
        {FIELD(ks_base_log), 0}, /* levels without a base */
        {FIELD(ks_base_log), 5}, /* 7 levels of 5 bits */
        {FIELD(ks_base_log), 32},
        {FIELD(ks_levels), 0}, /* a base without levels */
        {FIELD(ks_levels), 16},
        {FIELD(ks_levels), ~0u},
    };
    const tnn_params_literal accepted = switching_literal();
    assert_accepted(&accepted);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        const tnn_params_literal literal = with_whole(switching_literal(), refused[i]);
        assert_refused(TNN_ERR_MALFORMED, &literal);
    }
}

/* A table has no more positions than the largest ring. */
static void more_positions_than_the_bound_are_malformed(void **state) {
    (void)state;
    tnn_params_literal literal = switching_literal();
    literal.N = TNN_MAX_RING_DEGREE / 2;
    literal.log2_split = 1;
    assert_accepted(&literal);
    literal.log2_split = 2;
    assert_refused(TNN_ERR_MALFORMED, &literal);
    literal.N = TNN_MAX_RING_DEGREE;
    literal.log2_split = 1;
    assert_refused(TNN_ERR_MALFORMED, &literal);
}

/* 17 levels of one bit fit the word, but not the bound. */
static void more_levels_than_the_bound_are_malformed(void **state) {
    (void)state;
    tnn_params_literal literal = switching_literal();
    literal.bs_base_log = 1;
    literal.bs_levels = TNN_MAX_LEVELS;
    assert_accepted(&literal);
    literal.bs_levels++;
    assert_refused(TNN_ERR_MALFORMED, &literal);
    literal = switching_literal();
    literal.ks_base_log = 1;
    literal.ks_levels = TNN_MAX_LEVELS;
    assert_accepted(&literal);
    literal.ks_levels++;
    assert_refused(TNN_ERR_MALFORMED, &literal);
}

/* Gadget sizes whose product overflows 32 bits to something small: 2^16 * 2^16 and 2^31 * 2. */
static void gadgets_that_overflow_are_malformed(void **state) {
    (void)state;
    const uint32_t refused[][2] = {{1u << 16, 1u << 16}, {1u << 31, 2}, {31, 0x08421085u}, {16, 1u << 28}};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tnn_params_literal literal = switching_literal();
        literal.bs_base_log = refused[i][0];
        literal.bs_levels = refused[i][1];
        assert_refused(TNN_ERR_MALFORMED, &literal);
        literal = switching_literal();
        literal.ks_base_log = refused[i][0];
        literal.ks_levels = refused[i][1];
        assert_refused(TNN_ERR_MALFORMED, &literal);
    }
}

static void bounds_themselves_are_accepted(void **state) {
    (void)state;
    const whole_field accepted[] = {
        {FIELD(input_N), 1},
        {FIELD(k), TNN_MAX_RANK},
        {FIELD(N), TNN_MAX_RING_DEGREE},
        {FIELD(log2_split), TNN_MAX_LOG2_SPLIT}, /* of N = 2048 */
        {FIELD(bs_base_log), 31},
        {FIELD(bs_base_log), 1},
        {FIELD(ks_base_log), 1},
        {FIELD(ks_base_log), 4},
        {FIELD(ks_levels), 15},
        {FIELD(ks_levels), 1},
        {FIELD(n), TNN_MAX_LWE_DIMENSION - 32},
    };
    for (size_t i = 0; i < COUNT_OF(accepted); i++) {
        const tnn_params_literal literal = with_whole(switching_literal(), accepted[i]);
        assert_accepted(&literal);
    }
}

/* The smallest of all dimensions, and the largest, without a key switch. */
static void extreme_shapes_are_accepted(void **state) {
    (void)state;
    tnn_params_literal literal = tiny_literal();
    literal.n = TNN_MIN_LWE_DIMENSION;
    literal.input_N = 8;
    literal.lwe_log2_sigma = -12.27;
    assert_int_equal(literal.N, TNN_MIN_RING_DEGREE);
    assert_accepted(&literal);
    literal = switching_literal();
    literal.n = literal.input_N = TNN_MAX_LWE_DIMENSION;
    literal.ks_base_log = literal.ks_levels = 0;
    literal.shared_prefix = false;
    assert_accepted(&literal);
}

/* s as a prefix of S cannot be longer than S; with a key switch, something must be left to switch. */
static void shared_prefix_fits_the_big_key(void **state) {
    (void)state;
    tnn_params_literal literal = switching_literal();
    literal.shared_prefix = false;
    assert_refused(TNN_ERR_MALFORMED, &literal); /* the key switch needs it */
    literal = switching_literal();
    literal.n = 2048;
    assert_refused(TNN_ERR_MALFORMED, &literal);
    literal.ks_base_log = literal.ks_levels = 0;
    assert_accepted(&literal);
    literal.N = 1024;
    literal.glwe_log2_sigma = -22;
    assert_refused(TNN_ERR_MALFORMED, &literal);
    literal.shared_prefix = false;
    assert_accepted(&literal);
}

/* Nothing but an input: what a ring is made of is zero throughout. */
static tnn_params_literal literal_without_ring(void) {
    const tnn_params_literal literal = switching_literal();
    return (tnn_params_literal){.n = literal.n,
                                .input_N = literal.input_N,
                                .input_bits = literal.input_bits,
                                .lwe_log2_sigma = literal.lwe_log2_sigma};
}

static void sets_without_a_ring_have_nothing_of_one(void **state) {
    (void)state;
    const tnn_params_literal literal = literal_without_ring();
    const whole_field refused[] = {{FIELD(k), 1},          {FIELD(N), 1024},        {FIELD(bs_base_log), 22},
                                   {FIELD(bs_levels), 1},  {FIELD(ks_base_log), 2}, {FIELD(ks_levels), 7},
                                   {FIELD(input_bits), 8}, {FIELD(n), 512}};
    const noise_field with_noise_of_one = {FIELD(glwe_log2_sigma), -46};
    assert_accepted(&literal);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        const tnn_params_literal changed = with_whole(literal, refused[i]);
        assert_refused(TNN_ERR_MALFORMED, &changed);
    }
    tnn_params_literal changed = with_noise(literal, with_noise_of_one);
    assert_refused(TNN_ERR_MALFORMED, &changed);
    changed = literal;
    changed.shared_prefix = true;
    assert_refused(TNN_ERR_MALFORMED, &changed);
}

static void inputs_without_a_ring_are_held_against_the_curve(void **state) {
    (void)state;
    const noise_field below = {FIELD(lwe_log2_sigma), nextafter(-17.28, -100)};
    const noise_field none = {FIELD(lwe_log2_sigma), (double)NAN};
    tnn_params_literal literal = with_noise(literal_without_ring(), below);
    assert_refused(TNN_ERR_INSECURE, &literal);
    literal = with_noise(literal_without_ring(), none);
    assert_refused(TNN_ERR_MALFORMED, &literal);
}

/* --------------------------------------------------------------------------------------------------- noise -- */

static void noise_that_is_no_number_in_range_is_malformed(void **state) {
    (void)state;
    const double refused[] = {(double)NAN, -(double)NAN, (double)INFINITY, -(double)INFINITY, -64, -65, -1, 0,
                              5,           1e300};
    const size_t fields[] = {FIELD(lwe_log2_sigma), FIELD(glwe_log2_sigma)};
    for (size_t i = 0; i < COUNT_OF(refused) * COUNT_OF(fields); i++) {
        const noise_field field = {fields[i % COUNT_OF(fields)], refused[i / COUNT_OF(fields)]};
        const tnn_params_literal literal = with_noise(switching_literal(), field);
        assert_refused(TNN_ERR_MALFORMED, &literal);
    }
}

/* Below the row by the least step of a double, on points of the curve: n = 800, k N = 2048. */
static void noise_below_the_curve_is_insecure(void **state) {
    (void)state;
    const noise_field on_the_curve[] = {{FIELD(lwe_log2_sigma), -17.28}, {FIELD(glwe_log2_sigma), -48.77}};
    for (size_t i = 0; i < COUNT_OF(on_the_curve); i++) {
        noise_field field = on_the_curve[i];
        tnn_params_literal literal = with_noise(switching_literal(), field);
        assert_accepted(&literal);
        field.value = nextafter(field.value, -100);
        literal = with_noise(switching_literal(), field);
        assert_refused(TNN_ERR_INSECURE, &literal);
    }
}

/* Between both rows: enough for the one, too little for the other. */
static void each_row_of_the_curve_has_its_own_bound(void **state) {
    (void)state;
    const noise_field between[] = {{FIELD(lwe_log2_sigma), -17.9}, {FIELD(glwe_log2_sigma), -50}};
    const noise_field below[] = {{FIELD(lwe_log2_sigma), -17.95}, {FIELD(glwe_log2_sigma), -50.4}};
    for (size_t i = 0; i < COUNT_OF(between); i++) {
        tnn_params *params;
        tnn_params_literal literal = with_noise(switching_literal(), between[i]);
        assert_refused(TNN_ERR_INSECURE, &literal);
        assert_ok(tnn_params_create(&params, &literal, TNN_SECURITY_128));
        tnn_params_free(params);
        literal = with_noise(switching_literal(), below[i]);
        assert_status(TNN_ERR_INSECURE, tnn_params_create(&params, &literal, TNN_SECURITY_128));
        assert_null(params);
    }
}

/* 4 units of 2^-16, 2^-32 or 2^-64, at dimensions where the curve would allow far less. */
static void noise_below_four_units_is_insecure(void **state) {
    (void)state;
    tnn_params_literal literal = switching_literal();
    literal.input_bits = 16;
    literal.lwe_log2_sigma = -14;
    assert_accepted(&literal);
    literal.lwe_log2_sigma = nextafter(-14, -15);
    assert_refused(TNN_ERR_INSECURE, &literal);
    literal = switching_literal();
    literal.n = 1536;
    literal.lwe_log2_sigma = -30;
    assert_accepted(&literal);
    literal.lwe_log2_sigma = nextafter(-30, -31);
    assert_refused(TNN_ERR_INSECURE, &literal);
    literal = switching_literal();
    literal.N = 4096;
    literal.glwe_log2_sigma = -62;
    assert_accepted(&literal);
    literal.glwe_log2_sigma = nextafter(-62, -63);
    assert_refused(TNN_ERR_INSECURE, &literal);
}

/* A shape out of bounds is reported as such even where its noise is below the curve too. */
static void malformed_comes_before_insecure(void **state) {
    (void)state;
    tnn_params_literal literal = switching_literal();
    literal.lwe_log2_sigma = -40;
    assert_refused(TNN_ERR_INSECURE, &literal);
    literal.k = 0;
    assert_refused(TNN_ERR_MALFORMED, &literal);
}

/* ------------------------------------------------------------------------------------------------- misuse -- */

static void nulls_are_misuse(void **state) {
    (void)state;
    const tnn_params_literal literal = switching_literal();
    assert_refused(TNN_ERR_MISUSE, NULL);
    assert_status(TNN_ERR_MISUSE, tnn_params_create(NULL, &literal, TNN_SECURITY_128));
    tnn_params_free(NULL);
}

static void unknown_security_is_misuse(void **state) {
    (void)state;
    const int unknown[] = {2, 128, -1};
    const tnn_params_literal literal = switching_literal();
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        tnn_params *params = UNSET;
        assert_status(TNN_ERR_MISUSE, tnn_params_create(&params, &literal, (tnn_security)unknown[i]));
        assert_null(params);
    }
}

/* ------------------------------------------------------------------------------------------ what is derived -- */

static void sizes_follow_from_the_literal(void **state) {
    (void)state;
    tnn_params_literal literal = switching_literal();
    tnn_params *params = params_of(&literal);
    assert_int_equal(tnn_params_big_dimension(params), 2048);
    assert_int_equal(params->log2_N, 11);
    assert_int_equal(tnn_params_ggsw_rows(params), 2);
    assert_int_equal(tnn_params_glwe_words(params), 4096);
    assert_int_equal(tnn_params_switched_coordinates(params), 1248);
    tnn_params_free(params);
}

/* Rank 3, two levels, no key switch. */
static void sizes_without_a_key_switch(void **state) {
    (void)state;
    tnn_params_literal literal = switching_literal();
    literal.k = 3;
    literal.N = 1024;
    literal.bs_base_log = 10;
    literal.bs_levels = 2;
    literal.ks_base_log = literal.ks_levels = 0;
    tnn_params *params = params_of(&literal);
    assert_int_equal(tnn_params_big_dimension(params), 3072);
    assert_int_equal(params->log2_N, 10);
    assert_int_equal(tnn_params_ggsw_rows(params), 8);
    assert_int_equal(tnn_params_glwe_words(params), 4096);
    assert_int_equal(tnn_params_switched_coordinates(params), 0);
    tnn_params_free(params);
}

static void shipped_sets_are_valid_with_margin(void **state) {
    (void)state;
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(sets[i].name) > 0 && strlen(sets[i].purpose) > 0);
        assert_ptr_equal(shipped_literal(sets[i].name), &sets[i].literal); /* no name twice */
        assert_accepted(&sets[i].literal);
    }
}

static void the_row_is_kept(void **state) {
    (void)state;
    const tnn_params_literal literal = switching_literal();
    for (int row = TNN_SECURITY_128_MARGIN; row <= TNN_SECURITY_128; row++) {
        tnn_params *params;
        assert_ok(tnn_params_create(&params, &literal, (tnn_security)row));
        assert_int_equal(params->security, row);
        tnn_params_free(params);
    }
}

/* The narrowest whole bytes on which sigma is 4 units, at least 5. */
static void wire_width_holds_the_noise(void **state) {
    (void)state;
    const struct {
        double log2_sigma;
        uint32_t bytes;
    } cases[] = {{-20, 5}, {-38, 5}, {-38.01, 6}, {-46, 6}, {-46.01, 7}, {-54, 7}, {-54.01, 8}, {-62, 8}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        tnn_params_literal literal = switching_literal();
        literal.N = 4096;
        literal.glwe_log2_sigma = cases[i].log2_sigma;
        tnn_params *params = params_of(&literal);
        assert_int_equal(params->bsk_bytes, cases[i].bytes);
        tnn_params_free(params);
    }
}

/* ------------------------------------------------------------------------------------------------ equality -- */

static void equality_sees_each_field(void **state) {
    (void)state;
    const whole_field whole[] = {{FIELD(n), 832},       {FIELD(input_N), 16},    {FIELD(input_bits), 16},
                                 {FIELD(k), 2},         {FIELD(N), 4096},        {FIELD(bs_base_log), 21},
                                 {FIELD(bs_levels), 2}, {FIELD(ks_base_log), 3}, {FIELD(ks_levels), 6}};
    const noise_field noise[] = {{FIELD(lwe_log2_sigma), -17.2799999}, {FIELD(glwe_log2_sigma), -45.9999999}};
    const tnn_params set = {.literal = switching_literal()};
    tnn_params other = set;
    assert_true(tnn_params_equal(&set, &other));
    for (size_t i = 0; i < COUNT_OF(whole); i++) {
        other.literal = with_whole(switching_literal(), whole[i]);
        assert_false(tnn_params_equal(&set, &other) || tnn_params_equal(&other, &set));
    }
    for (size_t i = 0; i < COUNT_OF(noise); i++) {
        other.literal = with_noise(switching_literal(), noise[i]);
        assert_false(tnn_params_equal(&set, &other) || tnn_params_equal(&other, &set));
    }
    other.literal = switching_literal();
    other.literal.shared_prefix = false;
    assert_false(tnn_params_equal(&set, &other));
    other = set;
    other.security = TNN_SECURITY_128;
    assert_false(tnn_params_equal(&set, &other));
}

/* How tables are split is nothing that a key, or a ciphertext, could tell. */
static void keys_leave_the_split_out(void **state) {
    (void)state;
    tnn_params_literal literal = switching_literal();
    tnn_params *whole = params_of(&literal);
    literal.log2_split = 2;
    tnn_params *split = params_of(&literal);
    const tnn_params of_key = tnn_params_of_key(split);
    assert_true(tnn_params_equal(whole, split));
    assert_int_equal(of_key.literal.log2_split, 0);
    assert_true(tnn_params_equal(&of_key, whole));
    assert_int_equal(tnn_params_positions(split), 4 * tnn_params_positions(whole));
    assert_int_equal(tnn_params_log2_positions(split), tnn_params_log2_positions(whole) + 2);
    assert_int_equal(tnn_params_server_key_bytes(split), tnn_params_server_key_bytes(whole));
    tnn_params_free(whole);
    tnn_params_free(split);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_out_of_bounds_are_malformed),
        cmocka_unit_test(more_positions_than_the_bound_are_malformed),
        cmocka_unit_test(more_levels_than_the_bound_are_malformed),
        cmocka_unit_test(gadgets_that_overflow_are_malformed),
        cmocka_unit_test(bounds_themselves_are_accepted),
        cmocka_unit_test(extreme_shapes_are_accepted),
        cmocka_unit_test(shared_prefix_fits_the_big_key),
        cmocka_unit_test(sets_without_a_ring_have_nothing_of_one),
        cmocka_unit_test(inputs_without_a_ring_are_held_against_the_curve),
        cmocka_unit_test(noise_that_is_no_number_in_range_is_malformed),
        cmocka_unit_test(noise_below_the_curve_is_insecure),
        cmocka_unit_test(each_row_of_the_curve_has_its_own_bound),
        cmocka_unit_test(noise_below_four_units_is_insecure),
        cmocka_unit_test(malformed_comes_before_insecure),
        cmocka_unit_test(nulls_are_misuse),
        cmocka_unit_test(unknown_security_is_misuse),
        cmocka_unit_test(sizes_follow_from_the_literal),
        cmocka_unit_test(sizes_without_a_key_switch),
        cmocka_unit_test(shipped_sets_are_valid_with_margin),
        cmocka_unit_test(the_row_is_kept),
        cmocka_unit_test(wire_width_holds_the_noise),
        cmocka_unit_test(equality_sees_each_field),
        cmocka_unit_test(keys_leave_the_split_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
