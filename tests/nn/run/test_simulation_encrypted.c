/* Simulated logits of one image and circuit against encrypted ones. Minutes. */
#include <math.h>
#include <stdlib.h>

#include "circuits.h"
#include "draw.h"
#include "encoding.h"
#include "evaluation.h"
#include "key_fixture.h"
#include "memory.h"
#include "networks.h"
#include "simulation.h"
#include "statistics.h"
#include "testing.h"

#define ENCRYPTED 1000u
#define SIMULATED 20000u

/* First logits of both kinds, in integer logits. */
typedef struct comparison {
    tnn_model *model;
    tnn_circuit *circuit;
    key_set keys;
    uint8_t *image;
    double *encrypted; /* [ENCRYPTED] */
    double *simulated; /* [SIMULATED] */
} comparison;

typedef enum reach { TABLES_HOLD_ALL, TABLES_ARE_NARROW } reach;

/* First tables of a quarter of what they must hold, about its middle. */
static void narrow_tables(tnn_model *model) {
    tnn_layer *layer = model->layers;
    for (size_t j = 0; j < layer->neurons; j++) {
        int32_t *range = layer->ranges + 2 * j;
        const int32_t cut = (range[1] - range[0] + 1) * 3 / 8;
        range[0] += cut;
        range[1] -= cut;
    }
}

/* Does an accumulator of the first layer lie outside its table? */
static bool is_astray(const comparison *c, const uint8_t *image) {
    const tnn_layer *layer = c->model->layers;
    const size_t pixels = tnn_model_pixels(c->model);
    bool astray = false;
    for (size_t j = 0; j < layer->neurons; j++) {
        int64_t sum = layer->biases[j];
        for (size_t i = 0; i < pixels; i++) {
            sum += (int64_t)layer->weights[j * pixels + i] * c->model->input_map[image[i]];
        }
        astray = astray || sum < layer->ranges[2 * j] || sum > layer->ranges[2 * j + 1];
    }
    return astray;
}

static uint8_t *image_for(const comparison *c, reach tables) {
    uint8_t *image = random_image(c->model);
    for (int tries = 0; is_astray(c, image) != (tables == TABLES_ARE_NARROW); tries++) {
        assert_true(tries < 1000);
        tnn_free(image);
        image = random_image(c->model);
    }
    return image;
}

/* Takes over the parameters. */
static comparison new_comparison(uint32_t table_layers, uint32_t tables_per_neuron, reach tables, tnn_params *params) {
    network_shape shape = small_shape();
    shape.table_layers = table_layers;
    shape.tables_per_neuron = tables_per_neuron;
    shape.table_magnitude = 4;
    shape.neurons = 2;
    comparison c = {.model = random_network(&shape)};
    if (tables == TABLES_ARE_NARROW) {
        narrow_tables(c.model);
    }
    make_keys(&c.keys, params, 1);
    c.circuit = circuit_under(c.model, c.keys.params, false);
    c.image = image_for(&c, tables);
    c.encrypted = new_array(ENCRYPTED, sizeof *c.encrypted);
    c.simulated = new_array(SIMULATED, sizeof *c.simulated);
    return c;
}

static void free_comparison(comparison *c) {
    tnn_free(c->simulated);
    tnn_free(c->encrypted);
    tnn_free(c->image);
    tnn_circuit_free(c->circuit);
    free_keys(&c->keys);
    tnn_model_free(c->model);
}

/* As results cross the wire; simulated logits have that rounding, too. */
static void round_words(const tnn_spec *spec, uint32_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        words[i] = tnn_widen_output(spec, tnn_round_output(spec, words[i]));
    }
}

static void draw_encrypted(comparison *c) {
    const size_t words = c->circuit->spec.readout.outputs * (tnn_params_big_dimension(c->keys.params) + 1);
    uint32_t *logits = new_array(words, sizeof *logits);
    tnn_evaluation *evaluation;
    assert_ok(tnn_evaluation_create(&evaluation, c->circuit, c->keys.server, 2, 1));
    for (size_t i = 0; i < ENCRYPTED; i++) {
        tnn_packed *packed = packed_image(c->keys.secret, &c->circuit->spec, c->image);
        const tnn_packed *input = packed;
        assert_ok(tnn_evaluation_run(evaluation, logits, &input, 1, (tnn_evaluation_monitor){NULL, NULL}));
        round_words(&c->circuit->spec, logits, words);
        const uint32_t phase = tnn_lwe_phase(c->keys.secret, TNN_KEY_BIG, logits);
        c->encrypted[i] = (double)(int32_t)phase / c->circuit->spec.output_unit;
        tnn_packed_free(packed);
    }
    tnn_evaluation_free(evaluation);
    tnn_free(logits);
}

static void draw_simulated(comparison *c) {
    uint32_t *phases = new_array(c->circuit->spec.readout.outputs, sizeof *phases);
    tnn_simulation *simulation;
    assert_ok(tnn_simulation_create(&simulation, c->circuit));
    for (size_t i = 0; i < SIMULATED; i++) {
        tnn_simulation_run(simulation, phases, c->image, i);
        c->simulated[i] = (double)(int32_t)phases[0] / c->circuit->spec.output_unit;
    }
    tnn_simulation_free(simulation);
    tnn_free(phases);
}

/* ---------------------------------------------------------------------------------------------------- comparisons --
 */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov for two samples, sorted here: 1e-9 at 3.27. */
static double distribution_distance(double *a, size_t count_a, double *b, size_t count_b) {
    size_t j = 0;
    double distance = 0;
    qsort(a, count_a, sizeof *a, by_value);
    qsort(b, count_b, sizeof *b, by_value);
    for (size_t i = 0; i < count_a; i++) {
        while (j < count_b && b[j] <= a[i]) {
            j++;
        }
        distance = fmax(distance, fabs((double)(i + 1) / (double)count_a - (double)j / (double)count_b));
    }
    return distance * sqrt((double)count_a * (double)count_b / (double)(count_a + count_b));
}

static tally tally_of(const double *values, size_t count) {
    tally samples = {0};
    for (size_t i = 0; i < count; i++) {
        tally_add(&samples, values[i]);
    }
    return samples;
}

static void print_samples(const char *what, const double *values, size_t count) {
    const tally samples = tally_of(values, count);
    print_message("%s: mean %.3f, deviation %.3f\n", what, tally_mean(&samples),
                  tally_standard_error(&samples) * sqrt((double)count));
}

/* A key is balanced, but one key is not all keys: its noise is off by percents, which 1000 samples do not see. */
static void check_agreement(uint32_t table_layers, uint32_t tables_per_neuron, reach tables, tnn_params *params) {
    comparison c = new_comparison(table_layers, tables_per_neuron, tables, params);
    draw_encrypted(&c);
    draw_simulated(&c);
    print_samples("encrypted", c.encrypted, ENCRYPTED);
    print_samples("simulated", c.simulated, SIMULATED);
    assert_true(distribution_distance(c.encrypted, ENCRYPTED, c.simulated, SIMULATED) <= 3.27);
    const tally simulated = tally_of(c.simulated, SIMULATED);
    for (size_t i = 0; i < SIMULATED; i++) { /* three times the deviation is seen */
        c.simulated[i] = 3 * c.simulated[i] - 2 * tally_mean(&simulated);
    }
    assert_true(distribution_distance(c.encrypted, ENCRYPTED, c.simulated, SIMULATED) > 3.27);
    free_comparison(&c);
}

static void simulated_logits_are_distributed_as_encrypted_ones(void **state) {
    (void)state;
    check_agreement(1, 1, TABLES_HOLD_ALL, shipped_params("fast"));
    check_agreement(2, 1, TABLES_HOLD_ALL, shipped_params("deep"));
}

/* Tables of one neuron share a rotation, so their noises add up or cancel out. */
static void simulated_logits_of_several_tables_are_distributed_as_encrypted_ones(void **state) {
    (void)state;
    check_agreement(1, 2, TABLES_HOLD_ALL, shipped_params("fast"));
    check_agreement(2, 2, TABLES_HOLD_ALL, shipped_params("deep"));
}

/* What lies outside a table is read from the other half of the torus. */
static void simulated_logits_of_images_beyond_their_tables_are_distributed_as_encrypted_ones(void **state) {
    (void)state;
    check_agreement(1, 1, TABLES_ARE_NARROW, shipped_params("fast"));
    check_agreement(1, 2, TABLES_ARE_NARROW, shipped_params("fast"));
    check_agreement(2, 1, TABLES_ARE_NARROW, shipped_params("deep"));
}

/* With transforms that round as much as the gadget does. */
static void simulated_logits_hold_the_rounding_of_transforms(void **state) {
    (void)state;
    tnn_params_literal wide = *shipped_literal("fine");
    wide.bs_base_log = 23;
    check_agreement(1, 2, TABLES_HOLD_ALL, params_of(&wide));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simulated_logits_are_distributed_as_encrypted_ones),
        cmocka_unit_test(simulated_logits_of_several_tables_are_distributed_as_encrypted_ones),
        cmocka_unit_test(simulated_logits_of_images_beyond_their_tables_are_distributed_as_encrypted_ones),
        cmocka_unit_test(simulated_logits_hold_the_rounding_of_transforms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
