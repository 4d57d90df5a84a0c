#include "range.h"

#include <string.h>

#include "draw.h"
#include "networks.h"
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
            tnn_interval interval = tnn_accumulator_interval(model, index, j);
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

static void inputs_are_levels_or_table_entries(void **state) {
    (void)state;
    network_shape shape = tiny_shape(1);
    tnn_model *model = random_network(&shape);
    const int16_t entries[LEVELS] = {5, -9, 2};
    memcpy(model->layers[0].tables + LEVELS, entries, sizeof entries);
    assert_int_equal(tnn_input_interval(model, 0, 2).low, 0);
    assert_int_equal(tnn_input_interval(model, 0, 2).high, LEVELS - 1);
    assert_int_equal(tnn_input_interval(model, 1, 1).low, -9);
    assert_int_equal(tnn_input_interval(model, 1, 1).high, 5);
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
    assert_int_equal(tnn_accumulator_interval(model, 1, 0).high, ((int64_t)1 << 38) + INT32_MAX);
    tnn_model_free(model);
}

/* Ranges of the builder hold all accumulators; what every image reaches exactly is cut by one at either end. */
static void neurons_that_leave_their_range_are_counted(void **state) {
    (void)state;
    network_shape shape = tiny_shape(2);
    tnn_model *model = random_network(&shape);
    for (uint32_t index = 0; index < 2; index++) {
        assert_int_equal(tnn_unproven_neurons(model, index), 0);
        for (size_t j = 0; j < INPUTS; j++) {
            tnn_interval reach = exhaustive_interval(model, index, j);
            int32_t *range = model->layers[index].ranges + 2 * j;
            range[0] = (int32_t)reach.low;
            range[1] = (int32_t)reach.high;
            assert_int_equal(tnn_unproven_neurons(model, index), j);
            range[(index + j) % 2] += (index + j) % 2 ? -1 : 1;
            assert_int_equal(tnn_unproven_neurons(model, index), j + 1);
        }
    }
    tnn_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_equal_what_all_inputs_reach),
        cmocka_unit_test(inputs_are_levels_or_table_entries),
        cmocka_unit_test(widest_layer_does_not_overflow),
        cmocka_unit_test(neurons_that_leave_their_range_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
