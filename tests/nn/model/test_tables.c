#include "tables.h"

#include <math.h>

#include "draw.h"
#include "networks.h"
#include "testing.h"

#define N 512u
#define UNIT 4096u /* torus weight of one, a multiple of 4 */

/* A layer of random tables whose first range is `width` wide, and the slope that a circuit would give it. */
typedef struct spread_table {
    tnn_model *model;
    const tnn_layer *layer;
    double middle;
    double slope; /* positions an accumulator: the range fills nearly all of N */
} spread_table;

static spread_table draw_spread_table(uint32_t width) {
    network_shape shape = small_shape();
    shape.tables = TABLES_RANDOM;
    shape.tables_per_neuron = 2;
    shape.table_magnitude = 30000;
    spread_table s = {.model = random_network(&shape)};
    s.layer = s.model->layers;
    int32_t *range = s.layer->ranges;
    range[0] = draw_signed(500);
    range[1] = range[0] + (int32_t)width - 1;
    s.middle = range[0] + 0.5 * (width - 1);
    s.slope = (N - draw_below(20)) / (double)width;
    return s;
}

/* Whether a doubled, centred value is the table's at an accumulator nearest to what `position` stands for: one, or two
 * where rounding decides. */
static bool is_value_at(const spread_table *s, size_t table, uint32_t position, int32_t doubled) {
    const int16_t *entries = s->layer->tables + table * s->layer->table_cells;
    const int32_t ends = entries[0] + entries[s->layer->table_cells - 1];
    const double accumulator = s->middle + (position - (N - 1) / 2.0) / s->slope;
    int32_t below = tnn_layer_lookup(s->layer, 0, table, (int64_t)floor(accumulator + 0.5 - 1e-9));
    int32_t above = tnn_layer_lookup(s->layer, 0, table, (int64_t)floor(accumulator + 0.5 + 1e-9));
    return doubled == 2 * below - ends || doubled == 2 * above - ends;
}

static const uint32_t WIDTHS[] = {16, 17, 100, 301, 512, 513, 5000, 32768};

static void test_polynomial_holds_the_table(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(WIDTHS); i++) {
        spread_table s = draw_spread_table(WIDTHS[i]);
        uint32_t test[N];
        tnn_fill_test(test, N, s.layer, 0, s.slope, UNIT);
        for (uint32_t p = 0; p < N; p++) {
            int32_t value = (int32_t)test[p] / (int32_t)(UNIT / 2);
            assert_int_equal((uint32_t)value * (UNIT / 2), test[p]);
            assert_true(is_value_at(&s, 0, p, value));
        }
        tnn_model_free(s.model);
    }
}

/* Each accumulator of a range with room for it is read right at the position nearest to it. */
static void each_accumulator_reads_its_own_entry(void **state) {
    (void)state;
    for (size_t i = 0; WIDTHS[i] <= N / 2; i++) {
        spread_table s = draw_spread_table(WIDTHS[i]);
        const int32_t doubled_centre = tnn_table_doubled_centre(s.layer, 0, 0);
        uint32_t test[N];
        tnn_fill_test(test, N, s.layer, 0, s.slope, UNIT);
        for (int32_t a = s.layer->ranges[0]; a <= s.layer->ranges[1]; a++) {
            long position = lround((a - s.middle) * s.slope + (N - 1) / 2.0);
            int32_t expected = 2 * tnn_layer_lookup(s.layer, 0, 0, a) - doubled_centre;
            assert_in_range(position, 0, N - 1);
            assert_int_equal(test[position], (UNIT / 2) * (uint32_t)expected);
        }
        tnn_model_free(s.model);
    }
}

/* A rotation reads the negated entry N positions on: past the high end stands -test[0], and that is the high end. */
static void tables_go_on_past_their_ends(void **state) {
    (void)state;
    for (size_t i = 0; WIDTHS[i] <= N / 2; i++) {
        spread_table s = draw_spread_table(WIDTHS[i]);
        uint32_t test[N];
        tnn_fill_test(test, N, s.layer, 0, s.slope, UNIT);
        assert_int_equal(0 - test[0], test[N - 1]);
        tnn_model_free(s.model);
    }
}

static void doubled_centre_adds_both_ends(void **state) {
    (void)state;
    spread_table s = draw_spread_table(40);
    const uint32_t cells = s.layer->table_cells;
    int16_t *second = s.layer->tables + 3 * cells; /* table 1 of neuron 1 */
    second[0] = INT16_MIN;
    second[cells - 1] = INT16_MIN;
    assert_int_equal(tnn_table_doubled_centre(s.layer, 1, 1), 2 * INT16_MIN);
    second[cells - 1] = INT16_MAX;
    assert_int_equal(tnn_table_doubled_centre(s.layer, 1, 1), -1);
    tnn_model_free(s.model);
}

/* The step at 0 is g[0] + g[N - 1], so all steps add up to 2 g[N - 1]: the sum starts from minus half of that. */
static void check_steps(const spread_table *s, size_t table, const tnn_step_table *steps) {
    int64_t total = 0;
    for (size_t i = 0; i < steps->count; i++) {
        total += steps->steps[i];
        assert_true(steps->steps[i] != 0);
        assert_true(steps->positions[i] < N && (i == 0 || steps->positions[i] > steps->positions[i - 1]));
    }
    int64_t value = -total / 2;
    size_t next = 0;
    for (uint32_t p = 0; p < N; p++) {
        value += next < steps->count && steps->positions[next] == p ? steps->steps[next++] : 0;
        assert_true(is_value_at(s, table, p, (int32_t)value));
    }
    assert_int_equal(next, steps->count);
}

static void steps_sum_back_to_the_table(void **state) {
    (void)state;
    uint32_t positions[N];
    int32_t sizes[N];
    for (size_t i = 0; i < COUNT_OF(WIDTHS); i++) {
        spread_table s = draw_spread_table(WIDTHS[i]);
        for (size_t table = 0; table < 2; table++) {
            tnn_step_table steps = tnn_fill_steps(positions, sizes, N, s.layer, 0, table, s.slope);
            assert_ptr_equal(steps.positions, positions);
            assert_ptr_equal(steps.steps, sizes);
            check_steps(&s, table, &steps);
        }
        tnn_model_free(s.model);
    }
}

static void constant_tables_have_no_steps(void **state) {
    (void)state;
    spread_table s = draw_spread_table(64);
    uint32_t positions[N];
    int32_t sizes[N];
    for (size_t c = 0; c < s.layer->table_cells; c++) {
        s.layer->tables[c] = 77;
    }
    tnn_step_table steps = tnn_fill_steps(positions, sizes, N, s.layer, 0, 0, s.slope);
    assert_int_equal(steps.count, 0);
    tnn_model_free(s.model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_polynomial_holds_the_table), cmocka_unit_test(each_accumulator_reads_its_own_entry),
        cmocka_unit_test(tables_go_on_past_their_ends),    cmocka_unit_test(doubled_centre_adds_both_ends),
        cmocka_unit_test(steps_sum_back_to_the_table),     cmocka_unit_test(constant_tables_have_no_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
