#include "reference.h"

#include "draw.h"
#include "memory.h"
#include "networks.h"
#include "testing.h"

static void check_network(const tnn_model *model) {
    int64_t *expected = new_array(tnn_model_outputs(model), sizeof *expected);
    int64_t *logits = new_array(tnn_model_outputs(model), sizeof *logits);
    for (int image_number = 0; image_number < 5; image_number++) {
        uint8_t *image = random_image(model);
        naive_logits(model, expected, image);
        reference_logits(model, logits, image);
        assert_memory_equal(logits, expected, tnn_model_outputs(model) * sizeof *logits);
        tnn_free(image);
    }
    tnn_free(expected);
    tnn_free(logits);
}

static network_shape drawn_shape(uint32_t table_layers) {
    return (network_shape){.height = 1 + draw_below(5),
                           .width = 1 + draw_below(5),
                           .channels = draw_below(2) ? 3 : 1,
                           .input_levels = 2 + draw_below(255),
                           .table_layers = table_layers,
                           .neurons = 1 + draw_below(4),
                           .tables_per_neuron = 1 + draw_below(3),
                           .table_cells = 1 + draw_below(40),
                           .outputs = 1 + draw_below(11),
                           .weight_magnitude = 1 + draw_below(127),
                           .table_magnitude = 1 + draw_below(100),
                           .tables = TABLES_RANDOM};
}

static void agrees_with_an_evaluator_written_differently(void **state) {
    (void)state;
    for (uint32_t table_layers = 1; table_layers <= 4; table_layers++) {
        for (int round = 0; round < 15; round++) {
            network_shape shape = drawn_shape(table_layers);
            tnn_model *model = random_network(&shape);
            check_network(model);
            tnn_model_free(model);
        }
    }
}

/* Ranges that most accumulators leave: the end cells answer. */
static void agrees_beyond_the_ends_of_the_tables(void **state) {
    (void)state;
    for (int round = 0; round < 20; round++) {
        network_shape shape = drawn_shape(2);
        tnn_model *model = random_network(&shape);
        for (size_t j = 0; j < shape.neurons; j++) {
            int32_t *range = model->layers[draw_below(2)].ranges + 2 * j;
            range[0] = draw_signed(50);
            range[1] = range[0] + (int32_t)shape.table_cells - 1 + (int32_t)draw_below(4);
        }
        check_network(model);
        tnn_model_free(model);
    }
}

/* -128 times -32768, 65536 times, and the largest bias: 2^38 + 2^31 - 1. */
static void extreme_sums_are_exact(void **state) {
    (void)state;
    const uint32_t inputs = 65536;
    int16_t *weights = new_array(inputs, sizeof *weights);
    int32_t *values = new_array(inputs, sizeof *values);
    for (size_t i = 0; i < inputs; i++) {
        weights[i] = INT8_MIN;
        values[i] = INT16_MIN;
    }
    int32_t bias = INT32_MAX;
    int64_t sum;
    tnn_layer layer = {.inputs = inputs, .neurons = 1, .weights = weights, .biases = &bias};
    tnn_layer_accumulate(&layer, &sum, values);
    assert_int_equal(sum, ((int64_t)1 << 38) + INT32_MAX);
    tnn_free(weights);
    tnn_free(values);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_an_evaluator_written_differently),
        cmocka_unit_test(agrees_beyond_the_ends_of_the_tables),
        cmocka_unit_test(extreme_sums_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
