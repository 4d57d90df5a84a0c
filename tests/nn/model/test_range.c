#include "range.h"

#include <math.h>
#include <string.h>

#include "draw.h"
#include "memory.h"
#include "networks.h"
#include "reference.h"
#include "tables.h"
#include "testing.h"

#define INPUTS 3u
#define LEVELS 3u
#define IMAGES 27u /* LEVELS^INPUTS: all there are */

static network_shape tiny_shape(uint32_t table_layers) {
    network_shape shape = small_shape();
    shape.height = 1;
    shape.width = INPUTS;
    shape.input_levels = LEVELS;
    shape.table_layers = table_layers;
    shape.neurons = INPUTS;
    shape.table_cells = LEVELS;
    shape.tables = TABLES_RANDOM;
    return shape;
}

/* Number `number` of all ways to choose one of `choices` for each input. */
static size_t choice_of(size_t number, size_t input, size_t choices) {
    while (input-- > 0) {
        number /= choices;
    }
    return number % choices;
}

static int64_t choice_value(const tnn_model *model, uint32_t index, size_t number, size_t input) {
    const size_t choice = choice_of(number, input, LEVELS);
    return index == 0 ? (int64_t)choice : model->layers[index - 1].tables[input * LEVELS + choice];
}

/* Every combination of levels, or of entries of the tables before. */
static tnn_interval exhaustive_interval(const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    tnn_interval reach = {INT64_MAX, INT64_MIN};
    for (size_t number = 0; number < IMAGES; number++) {
        int64_t sum = layer->biases[neuron];
        for (size_t i = 0; i < INPUTS; i++) {
            sum += layer->weights[neuron * INPUTS + i] * choice_value(model, index, number, i);
        }
        reach.low = sum < reach.low ? sum : reach.low;
        reach.high = sum > reach.high ? sum : reach.high;
    }
    return reach;
}

static void check_intervals(const tnn_model *model) {
    for (uint32_t index = 0; index < model->layer_count; index++) {
        for (size_t j = 0; j < model->layers[index].neurons; j++) {
            tnn_interval expected = exhaustive_interval(model, index, j);
            tnn_interval interval = reach_of(model, index, j);
            assert_int_equal(interval.low, expected.low);
            assert_int_equal(interval.high, expected.high);
        }
    }
}

static void intervals_equal_what_all_inputs_reach(void **state) {
    (void)state;
    for (int round = 0; round < 200; round++) {
        network_shape shape = tiny_shape(1 + draw_below(3));
        tnn_model *model = random_network(&shape);
        check_intervals(model);
        tnn_model_free(model);
    }
}

/* Neuron 1 of the layer behind reads table 1 alone: 5, -9 and 2. */
static void inputs_are_levels_or_table_entries(void **state) {
    (void)state;
    network_shape shape = tiny_shape(2);
    tnn_model *model = random_network(&shape);
    const int16_t entries[LEVELS] = {5, -9, 2};
    const int16_t pixel[INPUTS] = {0, 0, -1};
    const int16_t table[INPUTS] = {0, 3, 0};
    memcpy(model->layers[0].tables + LEVELS, entries, sizeof entries);
    memcpy(model->layers[0].weights, pixel, sizeof pixel);
    memcpy(model->layers[1].weights + INPUTS, table, sizeof table);
    model->layers[0].biases[0] = model->layers[1].biases[1] = 100;
    assert_int_equal(reach_of(model, 0, 0).low, 100 - (LEVELS - 1));
    assert_int_equal(reach_of(model, 0, 0).high, 100);
    assert_int_equal(reach_of(model, 1, 1).low, 100 - 27);
    assert_int_equal(reach_of(model, 1, 1).high, 100 + 15);
    tnn_model_free(model);
}

static void images_reach_what_they_show(void **state) {
    (void)state;
    network_shape shape = tiny_shape(2);
    tnn_model *model = random_network(&shape);
    int64_t accumulators[INPUTS];
    int32_t values[INPUTS];
    for (uint32_t index = 0; index < model->layer_count; index++) {
        uint8_t *images = new_random(5, INPUTS);
        tnn_interval *reach;
        assert_ok(tnn_images_reach(&reach, model, index, images, 5, NULL));
        for (size_t j = 0; j < model->layers[index].neurons; j++) {
            int64_t low = INT64_MAX;
            int64_t high = INT64_MIN;
            for (size_t i = 0; i < 5; i++) {
                tnn_reference_accumulators(model, accumulators, index, images + i * INPUTS, values);
                low = accumulators[j] < low ? accumulators[j] : low;
                high = accumulators[j] > high ? accumulators[j] : high;
            }
            assert_true(reach[j].low == low && reach[j].high == high);
        }
        tnn_free(reach);
        tnn_free(images);
    }
    tnn_model_free(model);
}

/* Sums of 65536 extreme products do not wrap. */
static void widest_layer_does_not_overflow(void **state) {
    (void)state;
    const uint32_t inputs = 65536;
    network_shape shape = small_shape();
    shape.neurons = 1;
    shape.tables_per_neuron = inputs;
    shape.table_cells = 1;
    shape.outputs = 1;
    tnn_model *model = random_network(&shape);
    for (size_t i = 0; i < inputs; i++) {
        model->layers[0].tables[i] = INT16_MIN;
        model->layers[1].weights[i] = INT8_MIN;
    }
    model->layers[1].biases[0] = INT32_MAX;
    assert_int_equal(reach_of(model, 1, 0).high, ((int64_t)1 << 38) + INT32_MAX);
    tnn_model_free(model);
}

/* ---------------------------------------------------------------------------------------- what a table covers -- */

#define N 512u
#define WIDEST 24

/* A neuron with up to three tables whose ends are flat for a while, laid out so that W accumulators take N positions.
 */
typedef struct laid_out {
    tnn_model *model;
    const tnn_layer *layer;
    int64_t W;
    double slope;
} laid_out;

static void draw_flat_ends(int16_t *table, uint32_t cells) {
    const uint32_t low = draw_below(cells);
    const uint32_t high = draw_below(cells);
    for (uint32_t c = 0; c < cells; c++) {
        table[c] = (int16_t)draw_signed(2);
    }
    for (uint32_t c = 0; c < low; c++) {
        table[c] = table[0];
    }
    for (uint32_t c = 0; c < high; c++) {
        table[cells - 1 - c] = table[cells - 1];
    }
}

/* Cells of one accumulator and of several, equally wide and not; some tables are flat throughout. */
static laid_out draw_laid_out(void) {
    network_shape shape = tiny_shape(1);
    shape.tables_per_neuron = 1 + draw_below(3);
    shape.table_cells = 1 + draw_below(8);
    laid_out l = {.model = random_network(&shape)};
    l.layer = l.model->layers;
    for (size_t m = 0; m < shape.tables_per_neuron; m++) {
        draw_flat_ends(tnn_layer_table(l.layer, 0, m), shape.table_cells);
    }
    const int32_t width = (int32_t)(shape.table_cells + draw_below(WIDEST - shape.table_cells + 1));
    l.layer->ranges[0] = draw_signed(50);
    l.layer->ranges[1] = l.layer->ranges[0] + width - 1;
    l.W = width + draw_below(2 * WIDEST);
    l.slope = N / (double)l.W;
    return l;
}

static int64_t read_steps(const tnn_step_table *steps, uint32_t position) {
    int64_t doubled = 0;
    for (size_t i = 0; i < steps->count; i++) {
        doubled += steps->positions[i] <= position % N ? steps->steps[i] : -(int64_t)steps->steps[i];
    }
    return (position < N ? doubled : -doubled) / 2;
}

/* Twice a centred entry, as a blind rotation reads it at a position below 2N. */
static int64_t read_table(const laid_out *l, size_t table, uint32_t position) {
    uint32_t positions[N];
    int32_t sizes[N];
    uint32_t test[N];
    if (l->layer->tables_per_neuron > 1) {
        const tnn_step_table steps = tnn_fill_steps(positions, sizes, N, l->layer, 0, table, l->slope);
        return read_steps(&steps, position);
    }
    tnn_fill_test(test, N, l->layer, 0, l->slope, 4);
    return (int32_t)(position < N ? test[position] : 0 - test[position - N]) / 2;
}

static bool reads_right_at(const laid_out *l, int64_t accumulator, int64_t position) {
    const uint32_t wrapped = (uint32_t)(position + 64 * (int64_t)N) % (2 * N);
    for (size_t m = 0; m < l->layer->tables_per_neuron; m++) {
        const int64_t expected =
            2 * (int64_t)tnn_layer_lookup(l->layer, 0, m, accumulator) - tnn_table_doubled_centre(l->layer, 0, m);
        if (read_table(l, m, wrapped) != expected) {
            return false;
        }
    }
    return true;
}

static double exact_position(const laid_out *l, int64_t accumulator) {
    const double middle = 0.5 * ((double)l->layer->ranges[0] + l->layer->ranges[1]);
    return ((double)accumulator - middle) * l->slope + (N - 1) / 2.0;
}

static bool reads_right(const laid_out *l, int64_t accumulator) {
    return reads_right_at(l, accumulator, llround(exact_position(l, accumulator)));
}

/* At every position that is nearer to it than half the distance to the next accumulator. */
static bool reads_right_with_noise(const laid_out *l, int64_t accumulator) {
    const double position = exact_position(l, accumulator);
    bool right = true;
    for (int64_t p = (int64_t)ceil(position - l->slope / 2 + 1e-6); p < position + l->slope / 2 - 1e-6; p++) {
        right = right && reads_right_at(l, accumulator, p);
    }
    return right;
}

static bool covered(const laid_out *l, int64_t low, int64_t high) {
    return tnn_covering_width(l->layer, 0, (tnn_interval){low, high}) <= l->W;
}

/* Every accumulator on both halves of the torus: right as far as the rule says, wrong on the first beyond. */
static void check_coverage(const laid_out *l, size_t *beyond) {
    const int32_t *range = l->layer->ranges;
    const bool constant = tnn_neuron_flat_ends(l->layer, 0).constant;
    int64_t high = range[1];
    int64_t low = range[0];
    assert_true(covered(l, low, high) && reads_right_with_noise(l, low) && reads_right_with_noise(l, high));
    while (high < range[1] + 2 * l->W && covered(l, range[0], high + 1)) {
        assert_true(reads_right_with_noise(l, ++high));
    }
    while (low > range[0] - 2 * l->W && covered(l, low - 1, range[1])) {
        assert_true(reads_right_with_noise(l, --low));
    }
    assert_true(covered(l, low, high));
    assert_true(constant == (high == range[1] + 2 * l->W));
    assert_true(constant || (!reads_right(l, high + 1) && !reads_right(l, low - 1)));
    *beyond += (size_t)(high - range[1] + range[0] - low);
}

static void tables_are_right_as_far_as_they_cover_and_no_further(void **state) {
    (void)state;
    size_t beyond = 0;
    for (int round = 0; round < 300; round++) {
        laid_out l = draw_laid_out();
        check_coverage(&l, &beyond);
        tnn_model_free(l.model);
    }
    assert_true(beyond > 300);
}

/* -1 for one half of a range, 1 for the other: right for half a range beyond either end, where it is alone on its half
 * of the torus; a table on the whole torus for none. */
static void sign_tables_cover_half_their_width_beyond(void **state) {
    (void)state;
    network_shape shape = tiny_shape(1);
    shape.table_cells = 2;
    tnn_model *model = random_network(&shape);
    tnn_layer *layer = &model->layers[0];
    layer->ranges[0] = -10;
    layer->ranges[1] = 9;
    layer->tables[0] = -1;
    layer->tables[1] = 1;
    assert_true(tnn_range_proven(layer, 0, (tnn_interval){-20, 19}, false));
    assert_false(tnn_range_proven(layer, 0, (tnn_interval){-21, 19}, false));
    assert_false(tnn_range_proven(layer, 0, (tnn_interval){-20, 20}, false));
    assert_true(tnn_range_proven(layer, 0, (tnn_interval){-10, 9}, true));
    assert_false(tnn_range_proven(layer, 0, (tnn_interval){-11, 9}, true));
    assert_false(tnn_range_proven(layer, 0, (tnn_interval){-10, 10}, true));
    tnn_model_free(model);
}

static void assert_unproven(uint64_t expected, const tnn_model *model, uint32_t index, bool whole_torus) {
    uint64_t unproven;
    assert_ok(tnn_unproven_neurons(&unproven, model, index, whole_torus, NULL));
    assert_int_equal(unproven, expected);
}

/* Tables that rise, over all that each neuron reaches. */
static void fit_rising_tables(const tnn_model *model, uint32_t index) {
    const int16_t rising[LEVELS] = {-1000, 0, 1000};
    for (size_t j = 0; j < INPUTS; j++) {
        const tnn_interval reach = reach_of(model, index, j);
        memcpy(tnn_layer_table(&model->layers[index], j, 0), rising, sizeof rising);
        model->layers[index].ranges[2 * j] = (int32_t)reach.low;
        model->layers[index].ranges[2 * j + 1] = (int32_t)reach.high;
    }
}

/* Cut by one accumulator, a range on half the torus still covers all, as its table goes on by at least one; cut by
 * half of them it does not. */
static void neurons_that_leave_their_range_are_counted(void **state) {
    (void)state;
    network_shape shape = tiny_shape(2);
    shape.input_levels = 256;
    tnn_model *model = random_network(&shape);
    for (uint32_t index = 0; index < 2; index++) {
        fit_rising_tables(model, index);
        for (size_t j = 0; j < INPUTS; j++) {
            const tnn_interval reach = reach_of(model, index, j);
            int32_t *low = model->layers[index].ranges + 2 * j;
            assert_unproven(j, model, index, true);
            (*low)++;
            assert_unproven(j, model, index, false);
            assert_unproven(j + 1, model, index, true);
            *low = (int32_t)((reach.low + reach.high) / 2);
            assert_unproven(j + 1, model, index, false);
        }
    }
    tnn_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_equal_what_all_inputs_reach),
        cmocka_unit_test(inputs_are_levels_or_table_entries),
        cmocka_unit_test(images_reach_what_they_show),
        cmocka_unit_test(widest_layer_does_not_overflow),
        cmocka_unit_test(tables_are_right_as_far_as_they_cover_and_no_further),
        cmocka_unit_test(sign_tables_cover_half_their_width_beyond),
        cmocka_unit_test(neurons_that_leave_their_range_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
