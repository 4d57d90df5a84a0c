#include <math.h>
#include <torusnn/torusnn.h>

#include "circuit.h"
#include "deployment.h"
#include "draw.h"
#include "memory.h"
#include "testing.h"

#define IMAGES 200u

static network_shape ranges_shape(void) {
    network_shape shape = small_shape();
    shape.table_layers = 2;
    shape.neurons = 3;
    shape.table_cells = 4;
    return shape;
}

static tnn_neuron_range *ranges_of(const tnn_model *model, uint32_t index, const uint8_t *images, size_t count) {
    tnn_neuron_range *ranges = new_array(model->layers[index].neurons, sizeof *ranges);
    assert_ok(tnn_model_ranges(model, ranges, index, images, tnn_model_pixels(model), count));
    return ranges;
}

/* Accumulator of a neuron, by recursion: a network cut off behind the layer, with the neuron as its only logit. */
static int64_t naive_accumulator(const tnn_model *model, const uint8_t *image, uint32_t index, size_t neuron) {
    tnn_model cut = *model;
    tnn_layer *layers = new_array(index + 1, sizeof *layers);
    int64_t accumulator;
    for (uint32_t i = 0; i <= index; i++) {
        layers[i] = model->layers[i];
    }
    layers[index].weights += neuron * layers[index].inputs;
    layers[index].biases += neuron;
    layers[index].neurons = 1;
    cut.layers = layers;
    cut.layer_count = index + 1;
    naive_logits(&cut, &accumulator, image);
    tnn_free(layers);
    return accumulator;
}

/* The whole of each product's reach, input by input. */
static void naive_reach(const tnn_model *model, uint32_t index, size_t neuron, int64_t *low, int64_t *high) {
    const tnn_layer *layer = &model->layers[index];
    *low = *high = layer->biases[neuron];
    for (size_t i = 0; i < layer->inputs; i++) {
        const size_t values = index == 0 ? model->input_levels : model->layers[index - 1].table_cells;
        int64_t least = INT64_MAX;
        int64_t most = INT64_MIN;
        for (size_t v = 0; v < values; v++) {
            int64_t value = index == 0 ? (int64_t)v : model->layers[index - 1].tables[i * values + v];
            value *= layer->weights[neuron * layer->inputs + i];
            least = value < least ? value : least;
            most = value > most ? value : most;
        }
        *low += least;
        *high += most;
    }
}

/* Whether an accumulator beyond its range reads the same a range's width further in. */
static bool goes_on(const tnn_layer *layer, size_t neuron, int64_t accumulator) {
    const int64_t low = layer->ranges[2 * neuron];
    const int64_t high = layer->ranges[2 * neuron + 1];
    const int64_t width = high - low + 1;
    const int64_t within = accumulator > high ? accumulator - width : accumulator + width;
    const int64_t other_end = accumulator > high ? low : high;
    bool same = true;
    for (int64_t a = within; a != other_end && same; a += within > other_end ? -1 : 1) {
        same = tnn_layer_lookup(layer, neuron, 0, a) == tnn_layer_lookup(layer, neuron, 0, other_end);
    }
    return same && within >= low && within <= high;
}

static bool naive_proof(const tnn_layer *layer, size_t neuron, int64_t low, int64_t high) {
    bool proven = true;
    for (int64_t a = low; a <= high; a++) {
        const bool inside = a >= layer->ranges[2 * neuron] && a <= layer->ranges[2 * neuron + 1];
        proven = proven && (inside || goes_on(layer, neuron, a));
    }
    return proven;
}

static void check_proof(const tnn_model *model, uint32_t index) {
    tnn_neuron_range *ranges = ranges_of(model, index, NULL, 0);
    for (size_t j = 0; j < model->layers[index].neurons; j++) {
        const int32_t *table = model->layers[index].ranges + 2 * j;
        int64_t low;
        int64_t high;
        naive_reach(model, index, j, &low, &high);
        assert_int_equal(ranges[j].table_low, table[0]);
        assert_int_equal(ranges[j].table_high, table[1]);
        assert_int_equal(ranges[j].reach_low, low);
        assert_int_equal(ranges[j].reach_high, high);
        assert_true(ranges[j].proven == naive_proof(&model->layers[index], j, low, high));
        assert_int_equal(ranges[j].left, 0);
    }
    tnn_free(ranges);
}

/* Ranges of the builder hold all that images reach; moved in from one end, neurons leave them. */
static void proofs_compare_reach_and_table(void **state) {
    (void)state;
    for (int round = 0; round < 30; round++) {
        network_shape shape = ranges_shape();
        tnn_model *model = random_network(&shape);
        for (uint32_t index = 0; index < 2; index++) {
            check_proof(model, index);
            for (size_t j = 0; j < shape.neurons; j++) {
                int32_t *range = model->layers[index].ranges + 2 * j;
                const int32_t cut = (int32_t)draw_below((uint32_t)(range[1] - range[0] - 3));
                range[j % 2] += j % 2 ? -cut : cut;
            }
            check_proof(model, index);
        }
        tnn_model_free(model);
    }
}

/* Ranges around what a few images give, so that others leave them. */
static void narrow_ranges(tnn_model *model) {
    for (uint32_t index = 0; index < 2; index++) {
        for (size_t j = 0; j < model->layers[index].neurons; j++) {
            uint8_t *image = random_image(model);
            int32_t *range = model->layers[index].ranges + 2 * j;
            range[0] = (int32_t)naive_accumulator(model, image, index, j) - 5;
            range[1] = range[0] + 10;
            tnn_free(image);
        }
    }
}

static void images_that_leave_are_counted(void **state) {
    (void)state;
    network_shape shape = ranges_shape();
    tnn_model *model = random_network(&shape);
    const size_t pixels = tnn_model_pixels(model);
    uint8_t *images = new_random(IMAGES * pixels, 1);
    uint64_t all = 0;
    narrow_ranges(model);
    for (uint32_t index = 0; index < 2; index++) {
        tnn_neuron_range *ranges = ranges_of(model, index, images, IMAGES);
        for (size_t j = 0; j < shape.neurons; j++) {
            uint64_t left = 0;
            for (size_t i = 0; i < IMAGES; i++) {
                int64_t accumulator = naive_accumulator(model, images + i * pixels, index, j);
                left += accumulator < ranges[j].table_low || accumulator > ranges[j].table_high;
            }
            assert_int_equal(ranges[j].left, left);
            all += left;
        }
        tnn_free(ranges);
    }
    assert_true(all > 0 && all < 2 * shape.neurons * IMAGES);
    tnn_free(images);
    tnn_model_free(model);
}

static void check_refused(tnn_status expected, const tnn_model *model, uint32_t index, const uint8_t *images,
                          size_t pixels, size_t count) {
    tnn_neuron_range ranges[3] = {{.table_low = 77}, {.table_low = 77}, {.table_low = 77}};
    assert_status(expected, tnn_model_ranges(model, ranges, index, images, pixels, count));
    for (size_t j = 0; j < COUNT_OF(ranges); j++) {
        assert_int_equal(ranges[j].table_low, 77);
    }
}

static void misuse_is_refused(void **state) {
    (void)state;
    network_shape shape = ranges_shape();
    tnn_model *model = random_network(&shape);
    const size_t pixels = tnn_model_pixels(model);
    uint8_t *image = random_image(model);
    assert_status(TNN_ERR_MISUSE, tnn_model_ranges(model, NULL, 0, image, pixels, 1));
    check_refused(TNN_ERR_MISUSE, NULL, 0, image, pixels, 1);
    check_refused(TNN_ERR_MISUSE, model, 2, image, pixels, 1); /* the logits have no tables */
    check_refused(TNN_ERR_MISUSE, model, 3, image, pixels, 1);
    check_refused(TNN_ERR_MISUSE, model, UINT32_MAX, image, pixels, 1);
    check_refused(TNN_ERR_MISUSE, model, 0, NULL, pixels, 1);
    check_refused(TNN_ERR_SHAPE, model, 0, image, pixels - 1, 1);
    check_refused(TNN_ERR_SHAPE, model, 0, image, pixels + 1, 1);
    check_refused(TNN_ERR_SHAPE, model, 0, image, 0, 1);
    tnn_free(image);
    tnn_model_free(model);
}

/* ---------------------------------------------------------------------------------------------- excursions -- */

/* Ranges cut by a third on either side of what images can reach, tables that rise or fall from flat end to flat end. */
static tnn_model *narrow_network(void) {
    network_shape shape = ranges_shape();
    shape.table_layers = 1;
    shape.table_cells = 16;
    shape.tables = TABLES_RAMP;
    tnn_model *model = random_network(&shape);
    for (size_t j = 0; j < shape.neurons; j++) {
        int32_t *range = model->layers[0].ranges + 2 * j;
        const int32_t third = (range[1] - range[0]) / 3;
        range[0] += third;
        range[1] -= third;
    }
    return model;
}

/* What a blind rotation without noise reads at an accumulator, and what stands at the end of its table. */
static bool reads_something_else(const tnn_circuit *circuit, const tnn_layer *layer, size_t neuron,
                                 int64_t accumulator) {
    const uint32_t N = circuit->spec.params.literal.N;
    const tnn_layer_circuit *compiled = &circuit->layers[0];
    const int32_t *range = layer->ranges + 2 * neuron;
    size_t input = 0;
    while (layer->weights[neuron * layer->inputs + input] == 0) {
        input++;
    }
    const int strength =
        compiled->weights[neuron * layer->inputs + input] / layer->weights[neuron * layer->inputs + input];
    const double slope = 2.0 * N * strength * circuit->budget.layers[0].unit_fraction;
    const double middle = (range[0] + (double)range[1]) / 2;
    const uint32_t position =
        (uint32_t)(int64_t)floor((N - 1) / 2.0 + slope * ((double)accumulator - middle) + 0.5) & (2 * N - 1);
    const uint32_t *test = compiled->tests + neuron * N;
    const uint32_t value = position < N ? test[position] : 0 - test[position - N];
    return value != test[accumulator < range[0] ? 0 : N - 1];
}

/* beyond: accumulators that are added away from the table. */
static tnn_excursion naive_excursion(const tnn_circuit *circuit, const tnn_model *model, const uint8_t *image,
                                     int64_t beyond) {
    tnn_excursion excursion = {0};
    for (size_t j = 0; j < model->layers[0].neurons; j++) {
        const int32_t *range = model->layers[0].ranges + 2 * j;
        const int64_t accumulator = naive_accumulator(model, image, 0, j);
        if (accumulator < range[0] || accumulator > range[1]) {
            excursion.outside++;
            excursion.astray += reads_something_else(circuit, &model->layers[0], j,
                                                     accumulator + (accumulator < range[0] ? -beyond : beyond));
        }
    }
    return excursion;
}

/* Random pixels meet the middle of what can be reached; images of black and white go further. */
static void black_and_white(uint8_t *images, size_t count) {
    for (size_t i = 0; i < count; i++) {
        images[i] = images[i] < 128 ? 0 : 255;
    }
}

static void check_excursions(uint64_t *outside, uint64_t *astray, uint64_t *border) {
    tnn_model *model = narrow_network();
    const size_t pixels = tnn_model_pixels(model);
    uint8_t *images = new_random(IMAGES * pixels, 1);
    tnn_excursion excursions[IMAGES];
    tnn_circuit *circuit;
    black_and_white(images + IMAGES / 2 * pixels, IMAGES / 2 * pixels);
    assert_ok(tnn_compile(&circuit, NULL, model, NULL));
    assert_int_equal(circuit->bootstraps, model->layers[0].neurons);
    assert_ok(tnn_circuit_excursions(circuit, excursions, model, images, pixels, IMAGES));
    for (size_t i = 0; i < IMAGES; i++) {
        /* the half torus holds no whole number of accumulators: one at its border may count as astray */
        const tnn_excursion least = naive_excursion(circuit, model, images + i * pixels, 0);
        const tnn_excursion most = naive_excursion(circuit, model, images + i * pixels, 1);
        assert_int_equal(excursions[i].outside, least.outside);
        assert_in_range(excursions[i].astray, least.astray, most.astray);
        *outside += least.outside;
        *astray += least.astray;
        *border += most.astray - least.astray;
    }
    tnn_circuit_free(circuit);
    tnn_free(images);
    tnn_model_free(model);
}

static void excursions_are_what_rotations_would_read(void **state) {
    (void)state;
    uint64_t outside = 0;
    uint64_t astray = 0;
    uint64_t border = 0;
    for (int round = 0; round < 20; round++) {
        check_excursions(&outside, &astray, &border);
    }
    assert_true(astray > 100 && outside > 2 * astray && border < astray);
}

static void circuits_of_other_models_are_refused(void **state) {
    (void)state;
    network_shape shape = small_shape();
    deployment d = deploy(&shape, NULL);
    deployment twin = deploy_twin(&d, NULL);
    uint8_t *image = random_image(d.model);
    const size_t pixels = tnn_model_pixels(d.model);
    tnn_excursion excursion = {.outside = 77};
    assert_status(TNN_ERR_MODEL_MISMATCH, tnn_circuit_excursions(d.circuit, &excursion, twin.model, image, pixels, 1));
    assert_status(TNN_ERR_SHAPE, tnn_circuit_excursions(d.circuit, &excursion, d.model, image, pixels - 1, 1));
    assert_int_equal(excursion.outside, 77);
    assert_ok(tnn_circuit_excursions(d.circuit, &excursion, d.model, image, pixels, 1));
    assert_int_equal(excursion.outside, 0);
    tnn_free(image);
    free_deployment(&twin);
    free_deployment(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_compare_reach_and_table),
        cmocka_unit_test(images_that_leave_are_counted),
        cmocka_unit_test(misuse_is_refused),
        cmocka_unit_test(excursions_are_what_rotations_would_read),
        cmocka_unit_test(circuits_of_other_models_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
