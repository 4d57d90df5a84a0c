/* Usage: test_split <engine> <rank>. Split accumulators against the polynomials of degree 2^v N that they stand for,
 * turned by plain arithmetic. */
#include "split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "execution.h"
#include "key_fixture.h"
#include "memory.h"
#include "noise.h"
#include "schoolbook.h"
#include "statistics.h"
#include "testing.h"
#include "workspace.h"

#define BATCH 16u
#define KEY_BITS 32u /* of the small key: a blind rotation in a fraction of the time */

static const tnn_engine *engine;
static uint32_t rank;
static key_set keys;
static tnn_params sets[TNN_MAX_LOG2_SPLIT + 1];           /* one for each v, */
static tnn_workspace *workspaces[TNN_MAX_LOG2_SPLIT + 1]; /* all of which one key serves */

/* The fast set with a short s, and S of `rank` polynomials of the least degree; no check has to pass. */
static int make_short_keys(void **state) {
    (void)state;
    keys.params = shipped_params("fast");
    keys.params->literal.n = KEY_BITS;
    keys.params->literal.k = rank;
    keys.params->literal.N = TNN_MIN_RING_DEGREE;
    keys.params->log2_N = 8;
    const tnn_execution execution = tnn_execution_on(keys.params, engine);
    make_keys_for(&keys, keys.params, &execution, 1);
    for (uint32_t v = 0; v <= TNN_MAX_LOG2_SPLIT; v++) {
        sets[v] = *keys.params;
        sets[v].literal.log2_split = v;
        const tnn_execution split = tnn_execution_on(&sets[v], engine);
        assert_ok(tnn_workspace_create_for(&workspaces[v], &split, BATCH));
    }
    return 0;
}

static int free_short_keys(void **state) {
    (void)state;
    for (uint32_t v = 0; v <= TNN_MAX_LOG2_SPLIT; v++) {
        tnn_workspace_free(workspaces[v]);
    }
    free_keys(&keys);
    return 0;
}

/* ------------------------------------------------------------------------------------------------ arithmetic -- */

/* Coefficient t of the residue that a move gives, of a polynomial [2^v N]. */
static uint32_t moved(const uint32_t *residue_of, const tnn_params *params, tnn_split_move move, uint32_t t) {
    const uint32_t N = params->literal.N;
    const uint32_t at = (t - move.exponent) & (2 * N - 1);
    const uint32_t word = residue_of[(size_t)(at & (N - 1)) * tnn_split_residues(params) + move.from];
    return at < N ? word : 0 - word;
}

static void check_moves(const tnn_params *params) {
    const uint32_t positions = tnn_params_positions(params);
    const uint32_t residues = tnn_split_residues(params);
    uint32_t *poly = new_random(positions, sizeof *poly);
    for (uint32_t position = 0; position < 2 * positions; position++) {
        for (uint32_t i = 0; i < positions; i++) {
            const tnn_split_move move = tnn_split_move_to(params, i % residues, position);
            assert_true(move.from < residues && move.exponent < 2 * params->literal.N);
            assert_int_equal(moved(poly, params, move, i / residues), schoolbook_rotated(poly, positions, position, i));
        }
    }
    tnn_free(poly);
}

static void moves_multiply_the_large_polynomial(void **state) {
    (void)state;
    for (uint32_t v = 0; v <= TNN_MAX_LOG2_SPLIT; v++) {
        check_moves(&sets[v]);
    }
}

/* Over all positions but 0, which takes none: as many products each as are stated. */
static void products_are_as_many_as_stated(void **state) {
    (void)state;
    const double each[] = {1, 1.5, 2.75, 5.375};
    for (uint32_t v = 0; v <= TNN_MAX_LOG2_SPLIT; v++) {
        const uint32_t turn = 2 * tnn_params_positions(&sets[v]);
        uint32_t products = 0;
        for (uint32_t position = 1; position < turn; position++) {
            products += tnn_split_residues(&sets[v]) >> tnn_split_stage(&sets[v], position);
        }
        assert_true(products == each[v] * turn - 1);
    }
}

/* Residues that a stage leaves out are read by none behind it. */
static void stages_read_what_they_compute(void **state) {
    (void)state;
    const tnn_params *params = &sets[TNN_MAX_LOG2_SPLIT];
    for (uint32_t position = 1; position < 2 * tnn_params_positions(params); position++) {
        const uint32_t apart = 1u << tnn_split_stage(params, position);
        for (uint32_t r = 0; r < tnn_split_residues(params); r += apart) {
            assert_int_equal(tnn_split_move_to(params, r, position).from % apart, 0);
        }
    }
}

static void each_word_is_one_step_in_the_order_of_stages(void **state) {
    (void)state;
    for (uint32_t v = 0; v <= TNN_MAX_LOG2_SPLIT; v++) {
        uint32_t positions[KEY_BITS];
        bool taken[KEY_BITS] = {false};
        for (size_t i = 0; i < KEY_BITS; i++) {
            positions[i] = draw_below(4) ? draw_below(2 * tnn_params_positions(&sets[v])) : 0;
        }
        uint32_t last = 0;
        size_t step = tnn_split_next(&sets[v], positions, 0);
        for (; step < tnn_split_steps(&sets[v]); step = tnn_split_next(&sets[v], positions, step + 1)) {
            const size_t bit = step % KEY_BITS;
            const uint32_t stage = tnn_split_stage(&sets[v], positions[bit]);
            assert_true(!taken[bit] && positions[bit] != 0 && stage >= last && stage == step / KEY_BITS);
            taken[bit] = true;
            last = stage;
        }
        for (size_t i = 0; i < KEY_BITS; i++) {
            assert_true(taken[i] == (positions[i] != 0));
        }
    }
}

/* ------------------------------------------------------------------------------------------------- rotations -- */

/* Positions [n + 1] with a mask of random positions, none of them 0, whose phase is `target` modulo 2^(v+1) N. */
static void draw_split_positions(const tnn_params *params, uint32_t *positions, uint32_t target) {
    const uint32_t turn = 2 * tnn_params_positions(params);
    positions[KEY_BITS] = target;
    for (size_t i = 0; i < KEY_BITS; i++) {
        positions[i] = 1 + draw_below(turn - 1);
        positions[KEY_BITS] += keys.secret->small[i] * positions[i];
    }
    positions[KEY_BITS] %= turn;
}

/* Random ciphertexts, and the phases [2^v N] of the large polynomial that they hold. */
static uint32_t *new_phases(const tnn_params *params, const uint32_t *accumulator) {
    const uint32_t N = params->literal.N;
    const uint32_t residues = tnn_split_residues(params);
    uint32_t *large = new_array(tnn_params_positions(params), sizeof *large);
    uint32_t *phase = new_array(N, sizeof *phase);
    for (uint32_t r = 0; r < residues; r++) {
        const uint32_t *residue = accumulator + r * tnn_params_glwe_words(params);
        schoolbook_glwe_phase32(phase, residue, keys.secret->big, params->literal.k, N);
        for (uint32_t t = 0; t < N; t++) {
            large[(size_t)t * residues + r] = phase[t];
        }
    }
    tnn_free(phase);
    return large;
}

/* Mean square of residue 0's errors after the rotation of a random accumulator. */
static double rotation_error(uint32_t v) {
    const tnn_params *params = &sets[v];
    const uint32_t N = params->literal.N;
    const uint32_t turn = 2 * tnn_params_positions(params);
    const uint32_t target = draw_below(turn);
    uint32_t positions[KEY_BITS + 1];
    uint32_t *accumulator = new_random(tnn_split_words(params), sizeof *accumulator);
    uint32_t *before = new_phases(params, accumulator);
    uint32_t *phase = new_array(N, sizeof *phase);
    draw_split_positions(params, positions, target);
    tnn_blind_rotate(keys.server, workspaces[v], accumulator, positions, 1);
    schoolbook_glwe_phase32(phase, accumulator, keys.secret->big, params->literal.k, N);
    double squares = 0;
    for (uint32_t t = 0; t < N; t++) {
        const uint32_t expected =
            schoolbook_rotated(before, turn / 2, (turn - target) % turn, t * tnn_split_residues(params));
        squares += torus_difference(phase[t], expected) * torus_difference(phase[t], expected);
    }
    tnn_free(accumulator);
    tnn_free(before);
    tnn_free(phase);
    return squares / N;
}

/* Of random words, so a wrong place would be off by 2^-4 in the mean square. */
static void rotations_turn_the_large_polynomial(void **state) {
    (void)state;
    for (uint32_t v = 0; v <= TNN_MAX_LOG2_SPLIT; v++) {
        for (unsigned round = 0; round < 4; round++) {
            assert_true(rotation_error(v) < 4 * tnn_variance_blind_rotation(&sets[v]));
        }
    }
}

static double draw_rotation_error(void *context) {
    return rotation_error(*(const uint32_t *)context);
}

/* Of a product for each key bit, whatever v is. */
static void noise_is_that_of_one_product_a_bit(void **state) {
    (void)state;
    for (uint32_t v = 1; v <= TNN_MAX_LOG2_SPLIT; v++) {
        const double expected =
            tnn_coarse_variance_blind_rotation(&sets[v], tnn_execution_on(&sets[v], engine).coarse_bits);
        assert_true(tnn_variance_blind_rotation(&sets[v]) == tnn_variance_blind_rotation(&sets[0]));
        tally squares = measure_variance(draw_rotation_error, &v, expected);
        assert_variance("split rotation", &squares, expected);
    }
}

/* Some steps of a ciphertext, and all of the third one's. */
static void leave_out(uint32_t *positions, size_t b) {
    for (size_t i = 0; i < KEY_BITS; i++) {
        positions[i] = b != 2 && draw_below(4) ? positions[i] : 0;
    }
}

static void check_batches(uint32_t v) {
    const tnn_params *params = &sets[v];
    const size_t words = tnn_split_words(params);
    const size_t row = KEY_BITS + 1;
    uint32_t *positions = new_array(BATCH * row, sizeof *positions);
    uint32_t *fresh = new_random(BATCH * words, sizeof *fresh);
    uint32_t *alone = new_array(BATCH * words, sizeof *alone);
    uint32_t *together = new_array(BATCH * words, sizeof *together);
    memcpy(alone, fresh, BATCH * words * sizeof *fresh);
    for (size_t b = 0; b < BATCH; b++) {
        draw_split_positions(params, positions + b * row, draw_below(2 * tnn_params_positions(params)));
        leave_out(positions + b * row, b);
        tnn_blind_rotate(keys.server, workspaces[v], alone + b * words, positions + b * row, 1);
    }
    for (size_t batch = 1; batch <= BATCH; batch++) {
        memcpy(together, fresh, BATCH * words * sizeof *fresh);
        tnn_blind_rotate(keys.server, workspaces[v], together, positions, batch);
        assert_memory_equal(together, alone, batch * words * sizeof *alone);
        assert_memory_equal(together + batch * words, fresh + batch * words, (BATCH - batch) * words * sizeof *fresh);
    }
    tnn_free(positions);
    tnn_free(fresh);
    tnn_free(alone);
    tnn_free(together);
}

static void a_batch_changes_no_bit(void **state) {
    (void)state;
    for (uint32_t v = 1; v <= TNN_MAX_LOG2_SPLIT; v++) {
        check_batches(v);
    }
}

/* ------------------------------------------------------------------------------------------------ bootstraps -- */

/* A ciphertext whose words are whole positions: the modulus switch changes nothing, so it is known what is read. */
static void draw_small(const tnn_params *params, uint32_t *small, uint32_t target) {
    draw_split_positions(params, small, target);
    for (size_t i = 0; i <= KEY_BITS; i++) {
        small[i] <<= 31 - tnn_params_log2_positions(params);
    }
}

/* BATCH positions from `first` on, of a table of random words. */
static void check_entries(uint32_t v, const uint32_t *table, uint32_t first) {
    const tnn_params *params = &sets[v];
    const uint32_t entries = tnn_params_positions(params);
    const size_t big_words = tnn_params_big_dimension(params) + 1;
    const double bound = NOISE_DEVIATIONS * sqrt(tnn_variance_blind_rotation(params));
    uint32_t small[BATCH * (KEY_BITS + 1)];
    const uint32_t *tables[BATCH];
    uint32_t *big = new_array(BATCH * big_words, sizeof *big);
    for (uint32_t b = 0; b < BATCH; b++) {
        tables[b] = table;
        draw_small(params, small + b * (KEY_BITS + 1), first + b);
    }
    tnn_bootstrap(keys.server, workspaces[v], big, small, tables, BATCH);
    for (uint32_t b = 0; b < BATCH; b++) {
        const uint32_t position = first + b;
        const uint32_t expected = position < entries ? table[position] : 0 - table[position - entries];
        const uint32_t phase = tnn_lwe_phase(keys.secret, TNN_KEY_BIG, big + b * big_words);
        assert_true(fabs(torus_difference(phase, expected)) <= bound);
    }
    tnn_free(big);
}

static void every_position_of_a_split_table_is_read(void **state) {
    (void)state;
    for (uint32_t v = 0; v <= TNN_MAX_LOG2_SPLIT; v++) {
        const uint32_t entries = tnn_params_positions(&sets[v]);
        uint32_t *table = new_random(entries, sizeof *table);
        for (uint32_t first = 0; first < 2 * entries; first += BATCH) {
            check_entries(v, table, first);
        }
        tnn_free(table);
    }
}

/* It would read coefficients that were not computed. */
static void several_tables_of_a_split_rotation_do_nothing(void **state) {
    (void)state;
    const size_t big_words = tnn_params_big_dimension(&sets[1]) + 1;
    const uint32_t at = 7;
    const int32_t step = 2;
    const tnn_step_table steps = {&at, &step, 1};
    const tnn_step_table *tables = &steps;
    uint32_t small[KEY_BITS + 1];
    uint32_t *big = new_random(big_words, sizeof *big);
    uint32_t *kept = new_array(big_words, sizeof *kept);
    memcpy(kept, big, big_words * sizeof *big);
    draw_small(&sets[1], small, 0);
    tnn_bootstrap_many(keys.server, workspaces[1], big, small, &tables, 1, 1u << 20, 1);
    assert_memory_equal(big, kept, big_words * sizeof *big);
    tnn_free(big);
    tnn_free(kept);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_multiply_the_large_polynomial),
        cmocka_unit_test(products_are_as_many_as_stated),
        cmocka_unit_test(stages_read_what_they_compute),
        cmocka_unit_test(each_word_is_one_step_in_the_order_of_stages),
        cmocka_unit_test(rotations_turn_the_large_polynomial),
        cmocka_unit_test(noise_is_that_of_one_product_a_bit),
        cmocka_unit_test(a_batch_changes_no_bit),
        cmocka_unit_test(every_position_of_a_split_table_is_read),
        cmocka_unit_test(several_tables_of_a_split_rotation_do_nothing),
    };
    engine = argc == 3 ? engine_named(argv[1]) : NULL;
    rank = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    if (!engine || rank < 1 || rank > 3) {
        return 2;
    }
    if (!engine_runs(engine)) {
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, make_short_keys, free_short_keys);
}
