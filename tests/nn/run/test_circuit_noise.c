/* Noise of encrypted logits and of positions behind a key switch, measured against what the circuit states. Minutes. */
#include <math.h>
#include <string.h>

#include "circuits.h"
#include "draw.h"
#include "encoding.h"
#include "evaluation.h"
#include "key_fixture.h"
#include "memory.h"
#include "networks.h"
#include "statistics.h"
#include "testing.h"

#define NEURONS 32u

/* A network of NEURONS pixels: neuron j reads pixel j alone, all its tables say which half of the range it fell in, and
 * each table is a logit of its own. Lookups do not fail, so a logit is off by its own noise. */
typedef struct logit_bench {
    tnn_model *model;
    tnn_circuit *circuit;
    key_set keys;
    tnn_evaluation *evaluation;
    uint32_t *logits;   /* [outputs][k N + 1] of the last image */
    int64_t *reference; /* [outputs] */
    size_t next;        /* logit to hand out */
} logit_bench;

static void read_one_input_each(tnn_layer *layer) {
    memset(layer->weights, 0, (size_t)layer->neurons * layer->inputs * sizeof *layer->weights);
    memset(layer->biases, 0, layer->neurons * sizeof *layer->biases);
    for (size_t j = 0; j < layer->neurons; j++) {
        layer->weights[j * layer->inputs + j] = 1;
    }
}

static tnn_model *sign_network(uint32_t tables_per_neuron) {
    network_shape shape = small_shape();
    shape.height = 1;
    shape.width = NEURONS;
    shape.neurons = NEURONS;
    shape.input_levels = 2;
    shape.tables_per_neuron = tables_per_neuron;
    shape.table_cells = 2;
    shape.outputs = NEURONS * tables_per_neuron;
    tnn_model *model = random_network(&shape);
    tnn_layer *layer = model->layers;
    read_one_input_each(&model->layers[0]);
    read_one_input_each(&model->layers[1]);
    for (size_t j = 0; j < NEURONS; j++) {
        layer->ranges[2 * j] = 0;
        layer->ranges[2 * j + 1] = 1;
    }
    for (size_t t = 0; t < NEURONS * tables_per_neuron; t++) {
        layer->tables[2 * t] = t % 2 ? -1 : 1;
        layer->tables[2 * t + 1] = t % 2 ? 1 : -1;
    }
    return model;
}

static logit_bench new_logit_bench(uint32_t tables_per_neuron) {
    logit_bench b = {.model = sign_network(tables_per_neuron)};
    make_keys(&b.keys, shipped_params("fast"), 1);
    b.circuit = circuit_under(b.model, b.keys.params, false);
    assert_ok(tnn_evaluation_create(&b.evaluation, b.circuit, b.keys.server, 2, 1));
    const size_t outputs = b.circuit->spec.readout.outputs;
    b.logits = new_array(outputs, (tnn_params_big_dimension(b.keys.params) + 1) * sizeof *b.logits);
    b.reference = new_array(outputs, sizeof *b.reference);
    return b;
}

static void free_logit_bench(logit_bench *b) {
    tnn_free(b->reference);
    tnn_free(b->logits);
    tnn_evaluation_free(b->evaluation);
    free_keys(&b->keys);
    tnn_circuit_free(b->circuit);
    tnn_model_free(b->model);
}

static void evaluate_next_image(logit_bench *b) {
    uint8_t *image = random_image(b->model);
    tnn_packed *packed = packed_image(b->keys.secret, &b->circuit->spec, image);
    const tnn_packed *input = packed;
    reference_logits(b->model, b->reference, image);
    assert_ok(tnn_evaluation_run(b->evaluation, b->logits, &input, 1, (tnn_evaluation_monitor){NULL, NULL}));
    tnn_packed_free(packed);
    tnn_free(image);
    b->next = 0;
}

/* Phase of a logit as its words come back from the wire. */
static uint32_t received_phase(const logit_bench *b, size_t output) {
    const size_t words = tnn_params_big_dimension(b->keys.params) + 1;
    uint32_t *lwe = b->logits + output * words;
    for (size_t i = 0; i < words; i++) {
        lwe[i] = tnn_widen_output(&b->circuit->spec, tnn_round_output(&b->circuit->spec, lwe[i]));
    }
    return tnn_lwe_phase(b->keys.secret, TNN_KEY_BIG, lwe);
}

/* Tables of one neuron share a rotation: only one of them is a new sample. */
static double squared_logit_error(void *context) {
    logit_bench *b = context;
    const size_t per_neuron = b->model->layers[0].tables_per_neuron;
    if (b->next == 0 || b->next == NEURONS * per_neuron) {
        evaluate_next_image(b);
    }
    const size_t output = b->next;
    const uint32_t expected = (uint32_t)b->reference[output] * b->circuit->spec.output_unit;
    double error = torus_difference(received_phase(b, output), expected);
    b->next += per_neuron;
    return error * error;
}

static void check_logit_noise(const char *what, uint32_t tables_per_neuron) {
    logit_bench b = new_logit_bench(tables_per_neuron);
    tally squares = measure_variance(squared_logit_error, &b, b.circuit->budget.logit_variance);
    assert_variance(what, &squares, b.circuit->budget.logit_variance);
    free_logit_bench(&b);
}

static void stated_logit_noise_is_measured(void **state) {
    (void)state;
    check_logit_noise("logit, one table a neuron", 1);
}

static void stated_logit_noise_of_several_tables_is_measured(void **state) {
    (void)state;
    check_logit_noise("logit, two tables a neuron", 2);
}

/* --------------------------------------------------------------------------------------- behind a key switch -- */

#define WEIGHT 30
#define RANGE 100

/* The neuron of the second layer, evaluated by hand up to its table. */
typedef struct deep_bench {
    tnn_model *model;
    tnn_circuit *circuit;
    key_set keys;
    tnn_packed_masks *masks;
} deep_bench;

/* First layer: the sign of one pixel, as above. The second layer takes it with a weight at which the noise of the
 * rotation counts as well as that of both switches. */
static tnn_model *deep_network(void) {
    network_shape shape = small_shape();
    shape.height = 1;
    shape.width = 1;
    shape.neurons = 1;
    shape.input_levels = 2;
    shape.table_layers = 2;
    shape.table_cells = 2;
    tnn_model *model = random_network(&shape);
    tnn_layer *first = &model->layers[0];
    tnn_layer *second = &model->layers[1];
    read_one_input_each(first);
    read_one_input_each(second);
    first->ranges[0] = 0;
    first->ranges[1] = 1;
    first->tables[0] = -1;
    first->tables[1] = 1;
    second->weights[0] = WEIGHT;
    second->ranges[0] = -RANGE;
    second->ranges[1] = RANGE;
    return model;
}

/* Bootstrapped output of the first layer [k N + 1]. */
static uint32_t *first_layer(deep_bench *b, const uint8_t *image) {
    const tnn_layer_circuit *layer = b->circuit->layers;
    const size_t n = b->keys.params->literal.n;
    const uint32_t *test = layer->tests;
    uint32_t *small = new_array(n + 1, sizeof *small);
    uint32_t *big = new_array(tnn_params_big_dimension(b->keys.params) + 1, sizeof *big);
    tnn_packed *packed = packed_image(b->keys.secret, &b->circuit->spec, image);
    assert_ok(tnn_packed_expand(b->masks, packed));
    tnn_packed_dot(b->masks, small, layer->weights);
    small[n] += layer->offsets[0];
    tnn_bootstrap(b->keys.server, b->keys.workspace, big, small, &test, 1);
    tnn_packed_free(packed);
    tnn_free(small);
    return big;
}

static uint32_t second_layer_position(deep_bench *b, const uint32_t *value) {
    const tnn_layer_circuit *layer = &b->circuit->layers[1];
    const tnn_params *params = b->keys.params;
    uint32_t *sum = new_array(tnn_params_big_dimension(params) + 1, sizeof *sum);
    uint32_t *small = new_array(params->literal.n + 1, sizeof *small);
    uint32_t *positions = new_array(params->literal.n + 1, sizeof *positions);
    tnn_lwe_dot(params, sum, value, layer->weights, 1);
    assert_ok(tnn_key_switch(b->keys.server, small, sum));
    small[params->literal.n] += layer->offsets[0];
    tnn_modulus_switch(params, positions, small);
    uint32_t position = position_phase(b->keys.params, b->keys.secret, positions);
    tnn_free(positions);
    tnn_free(small);
    tnn_free(sum);
    return position;
}

/* Positions an accumulator of the second layer. */
static double second_slope(const deep_bench *b) {
    const double strength = b->circuit->layers[1].weights[0] / (double)WEIGHT;
    return 2.0 * tnn_params_positions(b->keys.params) * strength * b->circuit->layers[0].output_unit * 0x1p-32;
}

static double squared_position_error(void *context) {
    deep_bench *b = context;
    const double N = tnn_params_positions(b->keys.params);
    uint8_t *image = random_image(b->model);
    double accumulator = (image[0] > 127) ? WEIGHT : -WEIGHT;
    uint32_t *value = first_layer(b, image);
    double expected = accumulator * second_slope(b) + (N - 1) / 2;
    double error = remainder(second_layer_position(b, value) - expected, 2 * N);
    tnn_free(value);
    tnn_free(image);
    return error * error;
}

static void stated_position_noise_behind_a_key_switch_is_measured(void **state) {
    (void)state;
    deep_bench b = {.model = deep_network()};
    make_keys(&b.keys, shipped_params("deep"), 1);
    b.circuit = circuit_under(b.model, b.keys.params, false);
    assert_ok(tnn_packed_masks_create(&b.masks, b.keys.params, 1));
    double deviation = b.circuit->budget.layers[1].worst_position_noise * second_slope(&b) * (2 * RANGE + 1);
    double switches = 4 * b.keys.params->literal.N * (double)b.keys.params->literal.N *
                      (tnn_variance_modulus_switch(b.keys.params) + tnn_variance_key_switch(b.keys.params));
    const double share_of_switches = switches / (deviation * deviation);
    assert_true(0.05 < share_of_switches && share_of_switches < 0.95);
    tally squares = measure_variance(squared_position_error, &b, deviation * deviation);
    assert_variance("position behind a key switch", &squares, deviation * deviation);
    tnn_packed_masks_free(b.masks);
    free_keys(&b.keys);
    tnn_circuit_free(b.circuit);
    tnn_model_free(b.model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stated_logit_noise_is_measured),
        cmocka_unit_test(stated_logit_noise_of_several_tables_is_measured),
        cmocka_unit_test(stated_position_noise_behind_a_key_switch_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
