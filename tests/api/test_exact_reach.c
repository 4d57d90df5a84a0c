/* What the exact contract says of neurons whose weights carry accumulators beyond their tables. */
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "memory.h"
#include "networks.h"
#include "testing.h"

#include <torusnn/torusnn.h>

#define SIDE 12u /* of an image */
#define PIXELS (SIDE * SIDE)
#define CELLS 8u

static tnn_options exact_options(void) {
    tnn_options options;
    tnn_options_default(&options);
    options.precision = TNN_PRECISION_EXACT;
    return options;
}

/* One neuron adds up all pixels of `levels` levels and reads a table of 8 accumulators, 0 to 7. */
static tnn_model *sum_of_pixels(uint32_t side, uint32_t levels) {
    const int16_t entries[CELLS] = {3, -1, 4, 1, -5, 9, -2, 6};
    network_shape shape = small_shape();
    shape.height = shape.width = side;
    shape.input_levels = levels;
    shape.neurons = shape.outputs = 1;
    shape.table_cells = CELLS;
    tnn_model *model = random_network(&shape);
    tnn_layer *layer = &model->layers[0];
    for (size_t i = 0; i < layer->inputs; i++) {
        layer->weights[i] = 1;
    }
    layer->biases[0] = layer->ranges[0] = 0;
    layer->ranges[1] = CELLS - 1;
    memcpy(layer->tables, entries, sizeof entries);
    model->layers[1].weights[0] = 1;
    return model;
}

static void assert_simulated_right(const tnn_model *model, const tnn_circuit *circuit, const uint8_t *image) {
    const size_t outputs = tnn_model_outputs(model);
    const size_t pixels = tnn_model_pixels(model);
    double *expected = new_array(outputs, sizeof *expected);
    double *logits = new_array(outputs, sizeof *logits);
    assert_ok(tnn_model_predict(model, expected, image, pixels));
    assert_ok(tnn_simulate(circuit, logits, image, pixels, draw_below(1u << 30)));
    assert_memory_equal(logits, expected, outputs * sizeof *logits);
    tnn_free(expected);
    tnn_free(logits);
}

/* A pixel of 32 levels on a table of 8: three quarters of all images leave it, and each reads the end that it left by.
 * Laid out over its range alone, the table would be read negated from level 8 on. */
static void accumulators_far_beyond_a_table_read_its_end(void **state) {
    (void)state;
    tnn_model *model = sum_of_pixels(1, 32);
    const tnn_options options = exact_options();
    tnn_circuit *circuit;
    tnn_circuit_info info;
    assert_ok(tnn_compile(&circuit, NULL, model, &options));
    tnn_circuit_describe(circuit, &info);
    assert_true(info.exact_proven);
    assert_true(info.taken_on_word == 0 && info.unproven_neurons == 0);
    assert_true(info.circuit_error_log2 < -35);
    for (unsigned pixel = 0; pixel < 256; pixel++) {
        const uint8_t image = (uint8_t)pixel;
        assert_simulated_right(model, circuit, &image);
    }
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static tnn_refusal assert_refused(const tnn_model *model, const tnn_options *options) {
    tnn_circuit *circuit = UNSET;
    tnn_refusal refusal;
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_compile(&circuit, &refusal, model, options));
    assert_null(circuit);
    assert_int_equal(refusal.obstacle, TNN_OBSTACLE_REACH);
    assert_true(refusal.layer == 0 && refusal.neuron == 0);
    assert_true(refusal.asked > refusal.reachable);
    assert_non_null(strstr(refusal.sentence, "layer 0, neuron 0: "));
    return refusal;
}

/* Images [count] whose first pixels are at `level` of 255, the others black. */
static uint8_t *images_of(size_t count, size_t lit, uint8_t level) {
    uint8_t *images = new_array(count * PIXELS, 1);
    for (size_t i = 0; i < count; i++) {
        memset(images + i * PIXELS, level, lit * (i + 1) / count);
    }
    return images;
}

/* The weights allow 144 times 255, the table has 8. Images of up to 10 are taken at their word; those of 36720 not. */
static void what_cannot_be_proven_is_refused_or_taken_on_word(void **state) {
    (void)state;
    tnn_model *model = sum_of_pixels(SIDE, 256);
    tnn_options options = exact_options();
    uint8_t *dark = images_of(10, 10, 1);
    uint8_t *bright = images_of(10, PIXELS, 255);
    tnn_circuit *circuit;
    tnn_circuit_info info;
    options.images = dark;
    options.pixels = PIXELS;
    options.image_count = 10;
    assert_refused(model, &options);
    options.take_images_word = true;
    assert_ok(tnn_compile(&circuit, NULL, model, &options));
    tnn_circuit_describe(circuit, &info);
    assert_false(info.exact_proven);
    assert_true(info.taken_on_word == 1 && info.unproven_neurons == 1);
    assert_true(info.circuit_error_log2 == 0);
    assert_true(info.worst_lookup_log2 <= -40);
    for (size_t i = 0; i < 10; i++) {
        assert_simulated_right(model, circuit, dark + i * PIXELS);
    }
    options.images = bright;
    assert_refused(model, &options);
    tnn_circuit_free(circuit);
    tnn_free(dark);
    tnn_free(bright);
    tnn_model_free(model);
}

static void word_without_images_is_misuse(void **state) {
    (void)state;
    tnn_model *model = sum_of_pixels(1, 4);
    tnn_options options = exact_options();
    const uint8_t image = 3;
    tnn_circuit *circuit = UNSET;
    tnn_refusal refusal;
    options.take_images_word = true;
    assert_status(TNN_ERR_MISUSE, tnn_compile(&circuit, &refusal, model, &options));
    assert_null(circuit);
    assert_non_null(strstr(refusal.sentence, "take_images_word"));
    options.images = &image;
    assert_status(TNN_ERR_MISUSE, tnn_compile(&circuit, &refusal, model, &options));
    options.image_count = 1;
    options.pixels = 2;
    assert_status(TNN_ERR_SHAPE, tnn_compile(&circuit, &refusal, model, &options));
    options.pixels = 1;
    assert_ok(tnn_compile(&circuit, &refusal, model, &options));
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

/* ------------------------------------------------------------------------------------------------- random networks --
 */

/* Ranges no longer hold all that images reach. */
static void cut_ranges(const tnn_model *model) {
    for (uint32_t index = 0; index + 1 < model->layer_count; index++) {
        const tnn_layer *layer = &model->layers[index];
        for (size_t j = 0; j < layer->neurons; j++) {
            int32_t *range = layer->ranges + 2 * j;
            const int32_t spare = range[1] - range[0] + 1 - (int32_t)layer->table_cells;
            range[0] += (int32_t)draw_below((uint32_t)spare / 2 + 1);
            range[1] -= (int32_t)draw_below((uint32_t)spare / 2 + 1);
        }
    }
}

static network_shape drawn_shape(void) {
    network_shape shape = three_level_shape();
    shape.height = shape.width = 3;
    shape.table_layers = 1 + draw_below(2);
    shape.tables_per_neuron = 1 + draw_below(2);
    shape.tables = draw_below(2) ? TABLES_RANDOM : TABLES_RAMP;
    return shape;
}

static uint64_t unproven_by_range_alone(const tnn_model *model) {
    uint64_t all = 0;
    for (uint32_t index = 0; index + 1 < model->layer_count; index++) {
        uint64_t unproven;
        assert_ok(tnn_unproven_neurons(&unproven, model, index, false, NULL));
        all += unproven;
    }
    return all;
}

/* Whatever compiles says what the reference says of every image. */
static void exact_circuits_are_right_wherever_weights_carry_accumulators(void **state) {
    (void)state;
    const tnn_options options = exact_options();
    size_t compiled = 0;
    for (int round = 0; round < 40; round++) {
        const network_shape shape = drawn_shape();
        tnn_model *model = random_network(&shape);
        tnn_circuit *circuit;
        tnn_refusal refusal;
        cut_ranges(model);
        const tnn_status status = tnn_compile(&circuit, &refusal, model, &options);
        assert_true(status == TNN_OK || status == TNN_ERR_UNSATISFIABLE);
        for (int i = 0; status == TNN_OK && i < 100; i++) {
            uint8_t *image = random_image(model);
            assert_simulated_right(model, circuit, image);
            tnn_free(image);
        }
        compiled += status == TNN_OK && unproven_by_range_alone(model) > 0;
        tnn_circuit_free(circuit);
        tnn_model_free(model);
    }
    assert_true(compiled >= 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accumulators_far_beyond_a_table_read_its_end),
        cmocka_unit_test(what_cannot_be_proven_is_refused_or_taken_on_word),
        cmocka_unit_test(word_without_images_is_misuse),
        cmocka_unit_test(exact_circuits_are_right_wherever_weights_carry_accumulators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
