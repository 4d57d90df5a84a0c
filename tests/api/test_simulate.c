#include <math.h>
#include <string.h>

#include "deployment.h"
#include "draw.h"
#include "memory.h"
#include "noisy_logits.h"
#include "testing.h"

#define OUTPUTS 3u

static deployment d;
static uint8_t *image;
static size_t pixels;

static int make_all(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_layers = 2;
    shape.channels = 3;
    shape.outputs = OUTPUTS;
    shape.weight_magnitude = 1;
    d = deploy(&shape, NULL);
    image = random_image(d.model);
    pixels = tnn_model_pixels(d.model);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    tnn_free(image);
    free_deployment(&d);
    return 0;
}

static void seeds_decide_all_noise(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        double first[OUTPUTS];
        double again[OUTPUTS];
        double next[OUTPUTS];
        assert_ok(tnn_simulate(d.circuit, first, image, pixels, seed));
        assert_ok(tnn_simulate(d.circuit, again, image, pixels, seed));
        assert_ok(tnn_simulate(d.circuit, next, image, pixels, seed + 1));
        assert_memory_equal(first, again, sizeof first);
        assert_memory_not_equal(first, next, sizeof first);
    }
}

/* Every part of a seed counts. */
static void large_seeds_differ(void **state) {
    (void)state;
    double base[OUTPUTS];
    assert_ok(tnn_simulate(d.circuit, base, image, pixels, 0));
    for (int bit = 0; bit < 64; bit++) {
        double logits[OUTPUTS];
        assert_ok(tnn_simulate(d.circuit, logits, image, pixels, (uint64_t)1 << bit));
        assert_memory_not_equal(logits, base, sizeof base);
    }
}

static void logits_lie_within_the_stated_noise(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 500; seed++) {
        double logits[OUTPUTS];
        logit_bounds bounds[OUTPUTS];
        uint8_t *other = random_image(d.model);
        assert_ok(tnn_simulate(d.circuit, logits, other, pixels, seed));
        bound_noisy_logits(d.circuit, d.model, bounds, other);
        for (size_t j = 0; j < OUTPUTS; j++) {
            const double integer = logits[j] / d.spec->readout.scales[j];
            assert_true(bounds[j].low <= integer && integer <= bounds[j].high);
        }
        tnn_free(other);
    }
}

static void exact_circuits_simulate_the_reference(void **state) {
    (void)state;
    network_shape shape = small_shape();
    tnn_options options;
    shape.height = shape.width = shape.input_levels = 2;
    shape.weight_magnitude = shape.table_magnitude = 1;
    shape.table_cells = 3;
    shape.outputs = OUTPUTS;
    shape.tables = TABLES_RANDOM;
    tnn_options_default(&options);
    options.precision = TNN_PRECISION_EXACT;
    deployment narrow = deploy(&shape, &options);
    for (uint64_t seed = 0; seed < 500; seed++) {
        double logits[OUTPUTS];
        double expected[OUTPUTS];
        uint8_t *other = random_image(narrow.model);
        assert_ok(tnn_simulate(narrow.circuit, logits, other, 4, seed));
        assert_ok(tnn_model_predict(narrow.model, expected, other, 4));
        assert_memory_equal(logits, expected, sizeof logits);
        tnn_free(other);
    }
    free_deployment(&narrow);
}

/* One pixel, black or white, and the half of its range that it lies in; both far from the middle and from the ends,
 * where a table on the whole torus turns round. */
static void sign_tables_take_the_whole_torus(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.height = shape.width = shape.neurons = shape.outputs = 1;
    shape.table_cells = 2;
    tnn_model *model = random_network(&shape);
    tnn_layer *layers = model->layers;
    layers[0].weights[0] = layers[1].weights[0] = 1;
    layers[0].biases[0] = layers[1].biases[0] = 0;
    layers[0].ranges[0] = -4;
    layers[0].ranges[1] = 11;
    layers[0].tables[0] = 9;
    layers[0].tables[1] = 3;
    tnn_options options;
    tnn_options_default(&options);
    options.whole_torus = true;
    tnn_circuit *circuit;
    assert_ok(tnn_compile(&circuit, NULL, model, &options));
    for (uint64_t seed = 0; seed < 200; seed++) {
        const uint8_t pixel = seed % 2 ? 255 : 0;
        double logit;
        assert_ok(tnn_simulate(circuit, &logit, &pixel, 1, seed));
        assert_true(fabs(logit / 0.125 - (seed % 2 ? 3 : 9)) < 8 * 0.1 / 0.125);
    }
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static void check_refused(tnn_status expected, const tnn_circuit *circuit, const uint8_t *bytes, size_t count) {
    double logits[OUTPUTS] = {7, 7, 7};
    assert_status(expected, tnn_simulate(circuit, logits, bytes, count, 1));
    for (size_t j = 0; j < OUTPUTS; j++) {
        assert_true(logits[j] == 7);
    }
}

static void misuse_is_refused(void **state) {
    (void)state;
    check_refused(TNN_ERR_MISUSE, NULL, image, pixels);
    check_refused(TNN_ERR_MISUSE, d.circuit, NULL, pixels);
    check_refused(TNN_ERR_SHAPE, d.circuit, image, pixels - 1);
    check_refused(TNN_ERR_SHAPE, d.circuit, image, pixels + 1);
    check_refused(TNN_ERR_SHAPE, d.circuit, image, 0);
    assert_status(TNN_ERR_MISUSE, tnn_simulate(d.circuit, NULL, image, pixels, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_decide_all_noise),
        cmocka_unit_test(large_seeds_differ),
        cmocka_unit_test(logits_lie_within_the_stated_noise),
        cmocka_unit_test(exact_circuits_simulate_the_reference),
        cmocka_unit_test(sign_tables_take_the_whole_torus),
        cmocka_unit_test(misuse_is_refused),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
