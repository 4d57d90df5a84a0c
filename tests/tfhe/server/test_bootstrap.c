#include <math.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "schoolbook.h"
#include "testing.h"

#define BATCH 16u

static key_set keys;
static uint32_t N;
static size_t small_words;
static size_t big_words;

static int make_fast_keys(void **state) {
    (void)state;
    make_keys(&keys, shipped_params("fast"), BATCH);
    N = keys.params->literal.N;
    small_words = keys.params->literal.n + 1;
    big_words = tnn_params_big_dimension(keys.params) + 1;
    return 0;
}

static int free_fast_keys(void **state) {
    (void)state;
    free_keys(&keys);
    return 0;
}

/* Where a bootstrap of this ciphertext reads: its phase after the modulus switch, below 2N. */
static uint32_t position_read(const uint32_t *small) {
    uint32_t *positions = new_array(small_words, sizeof *positions);
    tnn_modulus_switch(keys.params, positions, small);
    uint32_t position = position_phase(keys.params, keys.secret, positions);
    tnn_free(positions);
    return position;
}

/* The table on the half [0, 1/2), its negation on the other. */
static uint32_t entry_read(const uint32_t *table, uint32_t position) {
    return position < N ? table[position] : 0 - table[position - N];
}

static double error_of(const uint32_t *big, uint32_t expected) {
    return fabs(torus_difference(tnn_lwe_phase(keys.secret, TNN_KEY_BIG, big), expected));
}

static double bootstrap_bound(double times_variance) {
    return NOISE_DEVIATIONS * sqrt(times_variance * tnn_variance_blind_rotation(keys.params));
}

/* A table of its own for each ciphertext of a batch: random words, so that a neighbour's entry or another ciphertext's
 * table is far off, except with a probability of 0.02 at each of 16. */
static void a_batch_reads_its_tables(void **state) {
    (void)state;
    uint32_t *tables = new_random(BATCH * (size_t)N, sizeof *tables);
    uint32_t *small = new_random(BATCH * small_words, sizeof *small);
    uint32_t *big = new_array(BATCH * big_words, sizeof *big);
    const uint32_t *table_of[BATCH];
    for (size_t b = 0; b < BATCH; b++) {
        table_of[b] = tables + b * N;
    }
    tnn_bootstrap(keys.server, keys.workspace, big, small, table_of, BATCH);
    for (size_t b = 0; b < BATCH; b++) {
        uint32_t expected = entry_read(table_of[b], position_read(small + b * small_words));
        assert_true(error_of(big + b * big_words, expected) <= bootstrap_bound(1));
    }
    tnn_free(big);
    tnn_free(small);
    tnn_free(tables);
}

/* A position is the phase, rounded: off by the modulus switch and the noise of the encryption. */
static void the_table_is_read_at_the_phase(void **state) {
    (void)state;
    const double variance = tnn_variance_small(keys.params) + tnn_variance_modulus_switch(keys.params);
    uint32_t *small = new_array(small_words, sizeof *small);
    for (unsigned round = 0; round < 1000; round++) {
        const uint32_t message = round % 2 ? draw_below(1u << 31) : (1u << 31) + draw_below(1u << 31);
        assert_ok(tnn_lwe_encrypt(keys.secret, TNN_KEY_SMALL, small, message));
        uint32_t read = position_read(small) << (31 - keys.params->log2_N);
        assert_true(fabs(torus_difference(read, message)) <= NOISE_DEVIATIONS * sqrt(variance));
    }
    tnn_free(small);
}

#define CELLS 8u

/* 8 cells of 64 positions each, of random values: wide enough for the noise of positions, 8 deviations of 3.7. */
static void fill_cells(uint32_t *table, uint32_t values[CELLS]) {
    for (uint32_t t = 0; t < N; t++) {
        values[t * CELLS / N] = t % (N / CELLS) == 0 ? draw_below(1u << 31) : values[t * CELLS / N];
        table[t] = values[t * CELLS / N];
    }
}

/* From encryption to decryption: cell c at the phase (c + 1/2) / 16, its negation half a turn on. */
static void messages_in_both_halves_come_out(void **state) {
    (void)state;
    uint32_t *table = new_array(N, sizeof *table);
    uint32_t *small = new_array(BATCH * small_words, sizeof *small);
    uint32_t *big = new_array(BATCH * big_words, sizeof *big);
    const uint32_t *table_of[BATCH];
    uint32_t values[CELLS];
    fill_cells(table, values);
    for (uint32_t b = 0; b < BATCH; b++) {
        table_of[b] = table;
        uint32_t middle_of_cell = b * (1u << 28) + (1u << 27);
        assert_ok(tnn_lwe_encrypt(keys.secret, TNN_KEY_SMALL, small + b * small_words, middle_of_cell));
    }
    tnn_bootstrap(keys.server, keys.workspace, big, small, table_of, BATCH);
    for (uint32_t b = 0; b < BATCH; b++) {
        uint32_t expected = b < CELLS ? values[b] : 0 - values[b - CELLS];
        assert_true(error_of(big + b * big_words, expected) <= bootstrap_bound(1));
    }
    tnn_free(big);
    tnn_free(small);
    tnn_free(table);
}

#define TABLES 3u
#define MOST_STEPS 6u
static const uint32_t UNIT = 1u << 28;

/* One integer table: its entries, the same times UNIT, and its steps. */
typedef struct integer_table {
    int32_t *entries; /* [N] */
    uint32_t *words;  /* [N] */
    uint32_t positions[MOST_STEPS];
    int32_t steps[MOST_STEPS];
    tnn_step_table table;
} integer_table;

/* Entries that change by one at `changes` random positions. Position 0 is one of them, as is the last. */
static void draw_entries(integer_table *t, uint32_t changes) {
    t->entries[0] = draw_signed(1);
    for (uint32_t p = 1; p < N; p++) {
        bool change = p == N - 1 || draw_below(N) < changes;
        int32_t by = t->entries[p - 1] > 0 ? -1 : 1;
        t->entries[p] = t->entries[p - 1] + (change ? by : 0);
    }
}

static int32_t step_at(const integer_table *t, uint32_t p) {
    return p == 0 ? t->entries[0] + t->entries[N - 1] : t->entries[p] - t->entries[p - 1];
}

/* False where there are more steps than there is room for. */
static bool find_steps(integer_table *t) {
    t->table = (tnn_step_table){t->positions, t->steps, 0};
    for (uint32_t p = 0; p < N; p++) {
        t->words[p] = (uint32_t)t->entries[p] * UNIT;
        if (step_at(t, p) == 0) {
            continue;
        }
        if (t->table.count == MOST_STEPS) {
            return false;
        }
        t->positions[t->table.count] = p;
        t->steps[t->table.count++] = step_at(t, p);
    }
    return true;
}

static double step_norm(const tnn_step_table *table) {
    double sum = 0;
    for (size_t i = 0; i < table->count; i++) {
        sum += (double)table->steps[i] * table->steps[i];
    }
    return sum;
}

static void draw_integer_table(integer_table *t) {
    t->entries = new_array(N, sizeof *t->entries);
    t->words = new_array(N, sizeof *t->words);
    do {
        draw_entries(t, 3);
    } while (!find_steps(t));
}

static void free_integer_tables(integer_table *tables) {
    for (size_t i = 0; i < TABLES; i++) {
        tnn_free(tables[i].entries);
        tnn_free(tables[i].words);
    }
}

/* Both ways agree with the entry at the position read, so they agree with each other. UNIT is more than twice the noise
 * of the first way. */
static void check_both_ways(const integer_table *t, const uint32_t *many, const uint32_t *single, uint32_t position) {
    const uint32_t expected = entry_read(t->words, position);
    const double noise = bootstrap_bound(step_norm(&t->table));
    assert_true(2 * noise < UNIT * 0x1p-32);
    assert_true(error_of(many, expected) <= noise);
    assert_true(error_of(single, expected) <= bootstrap_bound(1));
}

static void bootstrap_one(uint32_t *big, const uint32_t *small, const uint32_t *table) {
    tnn_bootstrap(keys.server, keys.workspace, big, small, &table, 1);
}

/* Each ciphertext of the batch has three tables of its own order. */
static void check_many(const integer_table *tables) {
    uint32_t *small = new_random(BATCH * small_words, sizeof *small);
    uint32_t *many = new_array((size_t)BATCH * TABLES * big_words, sizeof *many);
    uint32_t *single = new_array(big_words, sizeof *single);
    tnn_step_table steps[BATCH][TABLES];
    const tnn_step_table *steps_of[BATCH];
    for (size_t i = 0; i < (size_t)BATCH * TABLES; i++) {
        steps_of[i / TABLES] = steps[i / TABLES];
        steps[i / TABLES][i % TABLES] = tables[(i / TABLES + i) % TABLES].table;
    }
    tnn_bootstrap_many(keys.server, keys.workspace, many, small, steps_of, TABLES, UNIT, BATCH);
    for (size_t i = 0; i < (size_t)BATCH * TABLES; i++) {
        const integer_table *table = &tables[(i / TABLES + i) % TABLES];
        const uint32_t *input = small + i / TABLES * small_words;
        bootstrap_one(single, input, table->words);
        check_both_ways(table, many + i * big_words, single, position_read(input));
    }
    tnn_free(single);
    tnn_free(many);
    tnn_free(small);
}

static void many_tables_agree_with_single_ones(void **state) {
    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        integer_table tables[TABLES];
        for (size_t i = 0; i < TABLES; i++) {
            draw_integer_table(&tables[i]);
        }
        check_many(tables);
        free_integer_tables(tables);
    }
}

/* One step at each position of the table: all 2N places where an extract can wrap round. */
static void steps_at_every_position(void **state) {
    (void)state;
    uint32_t *small = new_random(small_words, sizeof *small);
    uint32_t *big = new_array(N * big_words, sizeof *big);
    uint32_t *positions = new_array(N, sizeof *positions);
    tnn_step_table *tables = new_array(N, sizeof *tables);
    const tnn_step_table *tables_of_one = tables;
    const int32_t step = 2;
    for (uint32_t p = 0; p < N; p++) {
        positions[p] = p;
        tables[p] = (tnn_step_table){&positions[p], &step, 1};
    }
    tnn_bootstrap_many(keys.server, keys.workspace, big, small, &tables_of_one, N, UNIT, 1);
    const uint32_t read = position_read(small);
    for (uint32_t p = 0; p < N; p++) {
        bool up = read < N ? read >= p : read - N < p; /* entries -1 below the step, 1 from there on, negacyclic */
        assert_true(error_of(big + p * big_words, up ? UNIT : 0 - UNIT) <= bootstrap_bound(4));
    }
    tnn_free(tables);
    tnn_free(positions);
    tnn_free(big);
    tnn_free(small);
}

static void a_table_without_steps_gives_zeros(void **state) {
    (void)state;
    uint32_t *small = new_random(small_words, sizeof *small);
    uint32_t *big = new_random(big_words, sizeof *big);
    const tnn_step_table zero = {NULL, NULL, 0};
    const tnn_step_table *zero_of_one = &zero;
    tnn_bootstrap_many(keys.server, keys.workspace, big, small, &zero_of_one, 1, UNIT, 1);
    for (size_t i = 0; i < big_words; i++) {
        assert_int_equal(big[i], 0);
    }
    tnn_free(big);
    tnn_free(small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_reads_its_tables),         cmocka_unit_test(the_table_is_read_at_the_phase),
        cmocka_unit_test(messages_in_both_halves_come_out), cmocka_unit_test(many_tables_agree_with_single_ones),
        cmocka_unit_test(steps_at_every_position),          cmocka_unit_test(a_table_without_steps_gives_zeros),
    };
    return cmocka_run_group_tests(tests, make_fast_keys, free_fast_keys);
}
