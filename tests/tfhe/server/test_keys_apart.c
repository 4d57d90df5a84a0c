/* Usage: test_keys_apart <engine>. What one key adds that another does not: formulas "of_key" against keys of chosen
 * Hamming weight, and no offset that a key fixes. */
#include <math.h>
#include <string.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "noise.h"
#include "random.h"
#include "server_key.h"
#include "statistics.h"
#include "testing.h"

#define BATCH 16u

static const tnn_engine *engine;
static key_set keys;

/* ------------------------------------------------------------------------------------------------- key switches -- */

static double draw_switch_error(uint32_t *small, uint32_t *big) {
    tnn_random_bytes(big, (tnn_params_big_dimension(keys.params) + 1) * sizeof *big);
    assert_ok(tnn_key_switch(keys.server, small, big));
    return torus_difference(tnn_lwe_phase(keys.secret, TNN_KEY_SMALL, small),
                            tnn_lwe_phase(keys.secret, TNN_KEY_BIG, big));
}

/* Over 20000 draws a variance is good to 1 %, and a mean to 1 % of a deviation. */
static void measure_switches(tally *errors, tally *squares) {
    uint32_t *big = new_array(tnn_params_big_dimension(keys.params) + 1, sizeof *big);
    uint32_t *small = new_array(keys.params->literal.n + 1, sizeof *small);
    *errors = *squares = (tally){0};
    for (unsigned i = 0; i < 20000; i++) {
        const double error = draw_switch_error(small, big);
        tally_add(errors, error);
        tally_add(squares, error * error);
    }
    tnn_free(small);
    tnn_free(big);
}

/* Base 2, where a mean of -1/2 would be 7 tenths of a digit's deviation: every key would add minus half the sum of its
 * errors, most often more than half of a deviation of all. */
static void no_key_adds_an_offset(void **state) {
    (void)state;
    tnn_params_literal literal = tiny_literal();
    literal.ks_base_log = 1;
    literal.ks_levels = 10;
    for (unsigned round = 0; round < 3; round++) {
        tally errors, squares;
        make_keys(&keys, params_of(&literal), 1);
        measure_switches(&errors, &squares);
        print_message("key switch, base 2: mean %+.4f deviations\n",
                      tally_mean(&errors) / sqrt(tnn_variance_key_switch(keys.params)));
        assert_true(fabs(tally_mean(&errors)) <= STATISTIC_DEVIATIONS * tally_standard_error(&errors));
        free_keys(&keys);
    }
}

/* One digit of 5 bits: nine tenths are rounding, which comes through where the key's bit is 1. 160 coordinates are
 * switched: of a key 4.77 deviations off 38 % more than half. Its errors are average ones, the formula's are off too.
 */
static void a_key_switch_rounds_where_the_key_is_one(void **state) {
    (void)state;
    const double apart[] = {-TNN_WORST_KEY, 0, TNN_WORST_KEY};
    tnn_params_literal literal = tiny_literal();
    literal.ks_base_log = 5;
    literal.ks_levels = 1;
    for (size_t i = 0; i < COUNT_OF(apart); i++) {
        tally errors, squares;
        make_keys_off(&keys, params_of(&literal), apart[i], 1);
        measure_switches(&errors, &squares);
        const double more_ones = apart[i] * sqrt((double)tnn_params_switched_coordinates(keys.params)) / 2;
        const double expected = tnn_variance_key_switch(keys.params) + more_ones * 0x1p-10 / 12;
        assert_true(apart[i] <= 0 || tnn_variance_key_switch_of_key(keys.params, apart[i]) >= expected);
        print_message("key switch, %+.2f: variance / formula %.3f\n", apart[i], tally_mean(&squares) / expected);
        const double allowed = STATISTIC_DEVIATIONS * tally_standard_error(&squares);
        assert_true(fabs(tally_mean(&squares) - expected) <= allowed);
        assert_true(apart[i] == 0 || fabs(expected - tnn_variance_key_switch(keys.params)) > 2 * allowed);
        free_keys(&keys);
    }
}

/* ---------------------------------------------------------------------------------------------- blind rotations -- */

/* Test polynomials without mask, rotated to random places. */
typedef struct rotations {
    uint32_t *accumulators; /* [BATCH][k + 1][N] */
    uint32_t *expected;     /* [BATCH][N] */
    uint32_t *positions;    /* [BATCH][n + 1] */
} rotations;

static void prepare_rotation(const rotations *r, size_t b) {
    prepare_rotation_of(keys.secret, r->accumulators + b * tnn_params_glwe_words(keys.params),
                        r->expected + b * keys.params->literal.N, r->positions + b * (keys.params->literal.n + 1));
}

/* The mean of a batch is one sample. */
static double draw_rotations(void *context) {
    const rotations *r = context;
    double sum = 0;
    for (size_t b = 0; b < BATCH; b++) {
        prepare_rotation(r, b);
    }
    tnn_blind_rotate(keys.server, keys.workspace, r->accumulators, r->positions, BATCH);
    for (size_t b = 0; b < BATCH; b++) {
        sum += mean_square_error(keys.secret, r->accumulators + b * tnn_params_glwe_words(keys.params),
                                 r->expected + b * keys.params->literal.N);
    }
    return sum / BATCH;
}

static void check_rotations(const tnn_params_literal *literal, double apart) {
    tnn_params *params = params_of(literal);
    const tnn_execution execution = tnn_execution_on(params, engine);
    make_keys_off_for(&keys, params, apart, &execution, BATCH);
    const size_t words = BATCH * tnn_params_glwe_words(keys.params);
    rotations r = {new_array(words, sizeof(uint32_t)), new_array(BATCH * literal->N, sizeof(uint32_t)),
                   new_array(BATCH * ((size_t)literal->n + 1), sizeof(uint32_t))};
    const double expected = tnn_variance_blind_rotation_of_key(keys.params, apart);
    tally squares = measure_variance(draw_rotations, &r, expected);
    assert_variance(apart == 0  ? "average key"
                    : apart > 0 ? "key of many ones"
                                : "key of few ones",
                    &squares, expected);
    assert_true(apart == 0 || !variance_agrees(&squares, tnn_variance_blind_rotation(keys.params)));
    tnn_free(r.accumulators);
    tnn_free(r.expected);
    tnn_free(r.positions);
    free_keys(&keys);
}

/* A gadget so coarse that its rounding is nearly all: it comes through where bits of the small key are 1, 28 % more or
 * less of them here. Those of the big key count for nothing: half of each rounding is in the body. */
static void a_rotation_rounds_where_the_small_key_is_one(void **state) {
    (void)state;
    tnn_params_literal literal = *shipped_literal(engine == engine_named("quad") ? "fast" : "fine");
    literal.bs_base_log = 12;
    check_rotations(&literal, -1.5 * TNN_WORST_KEY);
    check_rotations(&literal, 0);
    check_rotations(&literal, 1.5 * TNN_WORST_KEY);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_key_adds_an_offset),
        cmocka_unit_test(a_key_switch_rounds_where_the_key_is_one),
        cmocka_unit_test(a_rotation_rounds_where_the_small_key_is_one),
    };
    engine = argc == 2 ? engine_named(argv[1]) : NULL;
    if (!engine) {
        return 2;
    }
    if (!engine_runs(engine)) {
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
