/* Usage: test_blind_rotation <engine>. */
#include <math.h>
#include <string.h>

#include "draw.h"
#include "execution.h"
#include "key_fixture.h"
#include "memory.h"
#include "schoolbook.h"
#include "testing.h"

#define MOST_AT_ONCE 16u

static const tnn_engine *engine;
static key_set keys;
static uint32_t N;
static size_t glwe_words;
static size_t position_words;

static int make_fast_keys(void **state) {
    (void)state;
    tnn_params *params = shipped_params("fast");
    const tnn_execution execution = tnn_execution_on(params, engine);
    make_keys_for(&keys, params, &execution, MOST_AT_ONCE);
    N = keys.params->literal.N;
    glwe_words = tnn_params_glwe_words(keys.params);
    position_words = keys.params->literal.n + 1;
    return 0;
}

static int free_fast_keys(void **state) {
    (void)state;
    free_keys(&keys);
    return 0;
}

/* Accumulators without mask that hold one table, and positions. */
typedef struct rotations {
    uint32_t *table;        /* [N] */
    uint32_t *accumulators; /* [MOST_AT_ONCE][k + 1][N] */
    uint32_t *positions;    /* [MOST_AT_ONCE][n + 1] */
} rotations;

static rotations new_rotations(void) {
    return (rotations){new_random(N, sizeof(uint32_t)), new_array(MOST_AT_ONCE * glwe_words, sizeof(uint32_t)),
                       new_array(MOST_AT_ONCE * position_words, sizeof(uint32_t))};
}

static void free_rotations(rotations *r) {
    tnn_free(r->table);
    tnn_free(r->accumulators);
    tnn_free(r->positions);
}

static void reset_accumulators(const rotations *r) {
    memset(r->accumulators, 0, MOST_AT_ONCE * glwe_words * sizeof *r->accumulators);
    for (size_t b = 0; b < MOST_AT_ONCE; b++) {
        memcpy(r->accumulators + (b + 1) * glwe_words - N, r->table, N * sizeof *r->table);
    }
}

/* Every coefficient of X^-position table. The table's entries are random words, so any other rotation has hundreds of
 * coefficients far off. */
static void assert_rotated(const rotations *r, size_t b, uint32_t position) {
    const double bound = NOISE_DEVIATIONS * sqrt(tnn_variance_blind_rotation(keys.params));
    for (uint32_t t = 0; t < N; t++) {
        uint32_t expected = schoolbook_rotated(r->table, N, (2 * N - position) % (2 * N), t);
        uint32_t phase = coefficient_phase(keys.secret, r->accumulators + b * glwe_words, t);
        assert_true(fabs(torus_difference(phase, expected)) <= bound);
    }
}

/* 2N N coefficients, each 8 deviations: see testing.h. */
static void every_position_of_a_table_is_reached(void **state) {
    (void)state;
    rotations r = new_rotations();
    for (uint32_t first = 0; first < 2 * N; first += MOST_AT_ONCE) {
        reset_accumulators(&r);
        for (uint32_t b = 0; b < MOST_AT_ONCE; b++) {
            draw_positions(keys.secret, r.positions + b * position_words, first + b);
        }
        tnn_blind_rotate(keys.server, keys.workspace, r.accumulators, r.positions, MOST_AT_ONCE);
        for (uint32_t b = 0; b < MOST_AT_ONCE; b++) {
            assert_rotated(&r, b, first + b);
        }
    }
    free_rotations(&r);
}

/* Some of the exponents of each rotation are 0, which skips a product: not at the same place in all of them. */
static void draw_sparse_positions(const rotations *r) {
    for (size_t i = 0; i < MOST_AT_ONCE * position_words; i++) {
        r->positions[i] = draw_below(3) ? draw_below(2 * N) : 0;
    }
}

static void rotate_one_by_one(const rotations *r) {
    for (size_t b = 0; b < MOST_AT_ONCE; b++) {
        tnn_blind_rotate(keys.server, keys.workspace, r->accumulators + b * glwe_words,
                         r->positions + b * position_words, 1);
    }
}

static void a_batch_changes_no_bit(void **state) {
    (void)state;
    rotations r = new_rotations();
    const size_t words = MOST_AT_ONCE * glwe_words;
    uint32_t *fresh = new_random(words, sizeof *fresh);
    uint32_t *alone = new_array(words, sizeof *alone);
    draw_sparse_positions(&r);
    memcpy(r.accumulators, fresh, words * sizeof *fresh);
    rotate_one_by_one(&r);
    memcpy(alone, r.accumulators, words * sizeof *alone);
    for (size_t batch = 1; batch <= MOST_AT_ONCE; batch++) {
        memcpy(r.accumulators, fresh, words * sizeof *fresh);
        tnn_blind_rotate(keys.server, keys.workspace, r.accumulators, r.positions, batch);
        assert_memory_equal(r.accumulators, alone, batch * glwe_words * sizeof *alone);
        size_t rest = batch * glwe_words;
        assert_memory_equal(r.accumulators + rest, fresh + rest, (words - rest) * sizeof *fresh);
    }
    tnn_free(alone);
    tnn_free(fresh);
    free_rotations(&r);
}

/* X^-body on the mask polynomials too. */
static void without_a_mask_the_rotation_is_exact(void **state) {
    (void)state;
    rotations r = new_rotations();
    uint32_t *fresh = new_random(glwe_words, sizeof *fresh);
    for (uint32_t body = 0; body < 2 * N; body++) {
        memcpy(r.accumulators, fresh, glwe_words * sizeof *fresh);
        r.positions[keys.params->literal.n] = body;
        tnn_blind_rotate(keys.server, keys.workspace, r.accumulators, r.positions, 1);
        for (size_t i = 0; i < glwe_words; i++) {
            uint32_t expected = schoolbook_rotated(fresh + i / N * N, N, (2 * N - body) % (2 * N), (uint32_t)(i % N));
            assert_int_equal(r.accumulators[i], expected);
        }
    }
    tnn_free(fresh);
    free_rotations(&r);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_position_of_a_table_is_reached),
        cmocka_unit_test(a_batch_changes_no_bit),
        cmocka_unit_test(without_a_mask_the_rotation_is_exact),
    };
    engine = argc == 2 ? engine_named(argv[1]) : NULL;
    if (!engine) {
        return 2;
    }
    if (!engine_runs(engine)) {
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, make_fast_keys, free_fast_keys);
}
