#include "lower.h"

#include <math.h>
#include <string.h>

#include "circuits.h"
#include "compiler.h"
#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "networks.h"
#include "range.h"
#include "reference.h"
#include "statistics.h"
#include "testing.h"

/* --------------------------------------------------------------------------------------------------- positions -- */

/* The integer that a neuron's weights were multiplied by; every weight must agree on it. */
static int32_t strength_of(const tnn_circuit *circuit, const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    const int16_t *weights = layer->weights + neuron * layer->inputs;
    const int16_t *compiled_weights = circuit->layers[index].weights + neuron * layer->inputs;
    int32_t strength = 0;
    for (size_t i = 0; i < layer->inputs; i++) {
        strength = weights[i] ? compiled_weights[i] / weights[i] : strength;
    }
    for (size_t i = 0; i < layer->inputs; i++) {
        assert_int_equal(compiled_weights[i], strength * weights[i]);
    }
    return strength;
}

/* Torus weight of one unit of a layer's input. */
static double input_unit(const tnn_circuit *circuit, uint32_t index) {
    return index == 0 ? circuit->spec.input_unit * exp2(-(double)circuit->spec.params.literal.input_bits)
                      : circuit->layers[index - 1].output_unit * 0x1p-32;
}

/* An input value without noise, on Z/2^32. */
static uint32_t encoded_value(const tnn_circuit *circuit, const tnn_model *model, uint32_t index, size_t input,
                              int32_t value) {
    if (index == 0) {
        return ((uint32_t)value * circuit->spec.input_unit) << (32 - circuit->spec.params.literal.input_bits);
    }
    const tnn_layer *before = &model->layers[index - 1];
    const int16_t *table = before->tables + input * before->table_cells;
    const int32_t doubled = 2 * value - table[0] - table[before->table_cells - 1];
    return (uint32_t)doubled * (circuit->layers[index - 1].output_unit / 2);
}

static int32_t draw_value(const tnn_model *model, uint32_t index, size_t input) {
    if (index == 0) {
        return (int32_t)draw_below(model->input_levels);
    }
    const tnn_layer *before = &model->layers[index - 1];
    return before->tables[input * before->table_cells + draw_below(before->table_cells)];
}

/* Body of a neuron's sum without mask or noise, and its accumulator. */
static uint32_t trivial_sum(const tnn_circuit *circuit, const tnn_model *model, uint32_t index, size_t neuron,
                            int64_t *accumulator) {
    const tnn_layer *layer = &model->layers[index];
    uint32_t body = circuit->layers[index].offsets[neuron];
    *accumulator = layer->biases[neuron];
    for (size_t i = 0; i < layer->inputs; i++) {
        const size_t at = neuron * layer->inputs + i;
        int32_t value = draw_value(model, index, i);
        body += (uint32_t)circuit->layers[index].weights[at] * encoded_value(circuit, model, index, i, value);
        *accumulator += layer->weights[at] * value;
    }
    return body;
}

static double middle_of(const tnn_layer *layer, size_t neuron) {
    return 0.5 * ((double)layer->ranges[2 * neuron] + layer->ranges[2 * neuron + 1]);
}

static double slope_of(const tnn_circuit *circuit, const tnn_model *model, uint32_t index, size_t neuron) {
    return 2.0 * tnn_params_positions(&circuit->spec.params) * strength_of(circuit, model, index, neuron) *
           input_unit(circuit, index);
}

/* Rounding to a position is half of one; that of offsets and units on Z/2^32 shifts it by less than a hundredth. */
static void check_position(const tnn_circuit *circuit, const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_params *params = &circuit->spec.params;
    const double N = tnn_params_positions(params);
    const double slope = slope_of(circuit, model, index, neuron);
    uint32_t *lwe = new_array(params->literal.n + 1, sizeof *lwe);
    uint32_t *positions = new_array(params->literal.n + 1, sizeof *positions);
    int64_t accumulator;
    lwe[params->literal.n] = trivial_sum(circuit, model, index, neuron, &accumulator);
    tnn_modulus_switch(params, positions, lwe);
    double expected = ((double)accumulator - middle_of(&model->layers[index], neuron)) * slope + (N - 1) / 2;
    assert_true(fabs(positions[params->literal.n] - expected) <= 0.51);
    tnn_free(lwe);
    tnn_free(positions);
}

/* The range fits the half torus and no larger strength would, as long as weights stay int16. */
static void check_strength(const tnn_circuit *circuit, const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    const double width = (double)tnn_layer_range_width(layer, neuron) * input_unit(circuit, index);
    const int32_t strength = strength_of(circuit, model, index, neuron);
    int32_t largest = 1;
    for (size_t i = 0; i < layer->inputs; i++) {
        int32_t weight = layer->weights[neuron * layer->inputs + i];
        largest = weight > largest ? weight : -weight > largest ? -weight : largest;
    }
    assert_true(strength >= 1 && strength * width <= 0.5);
    assert_true((strength + 1) * width > 0.5 || (strength + 1) * largest > INT16_MAX);
}

/* Offsets of logits are exact up to the torus' own step. */
static void check_logit(const tnn_circuit *circuit, const tnn_model *model, size_t output) {
    int64_t logit;
    uint32_t body = trivial_sum(circuit, model, model->layer_count - 1, output, &logit);
    assert_true(fabs((double)(int32_t)body - (double)logit * circuit->spec.output_unit) <= 1);
}

static void check_all_sums(const tnn_circuit *circuit, const tnn_model *model) {
    const uint32_t last = model->layer_count - 1;
    for (uint32_t index = 0; index < last; index++) {
        for (size_t j = 0; j < model->layers[index].neurons; j++) {
            check_strength(circuit, model, index, j);
            check_position(circuit, model, index, j);
        }
    }
    for (size_t j = 0; j < model->layers[last].neurons; j++) {
        check_logit(circuit, model, j);
    }
}

static void check_sums_of(const network_shape *shape) {
    const char *const shallow[] = {"fast", "accurate", "fine"};
    const char *const deep[] = {"deep", "deep-fine"};
    tnn_model *model = random_network(shape);
    tnn_circuit *circuit =
        shipped_circuit(model, shape->table_layers > 1 ? deep[draw_below(2)] : shallow[draw_below(3)]);
    check_all_sums(circuit, model);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

/* Large weights, and several layers or tables of small ones. */
static void sums_without_noise_lie_where_tables_and_logits_are_read(void **state) {
    (void)state;
    for (int round = 0; round < 40; round++) {
        network_shape heavy = small_shape();
        heavy.weight_magnitude = 1 + draw_below(127);
        heavy.tables = draw_below(2) ? TABLES_RANDOM : TABLES_RAMP;
        check_sums_of(&heavy);
        network_shape deep = small_shape();
        deep.table_layers = 1 + draw_below(3);
        deep.tables_per_neuron = 1 + draw_below(3);
        deep.weight_magnitude = 1;
        deep.table_magnitude = 3;
        deep.tables = heavy.tables;
        check_sums_of(&deep);
    }
}

/* A neuron of weight 127 with a 300th of its neighbour's range: 258 times 127 is the most that int16 holds. */
static void strength_stops_where_weights_would_overflow(void **state) {
    (void)state;
    network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    tnn_layer *layer = model->layers;
    memset(layer->weights, 0, layer->inputs * sizeof *layer->weights);
    layer->weights[0] = -127;
    layer->ranges[1] = layer->ranges[0] + 15;
    layer->ranges[2] = -2400;
    layer->ranges[3] = 2399;
    tnn_circuit *circuit = shipped_circuit(model, "fast");
    assert_int_equal(strength_of(circuit, model, 0, 0), 258);
    check_strength(circuit, model, 0, 1);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

/* Share of the torus that the logits which weights and tables allow can fill. */
static double logit_share(const tnn_circuit *circuit, const tnn_model *model) {
    double largest = 1;
    for (size_t j = 0; j < circuit->spec.readout.outputs; j++) {
        tnn_interval reach = reach_of(model, model->layer_count - 1, j);
        largest = fmax(largest, fmax((double)-reach.low, (double)reach.high));
    }
    return 2 * largest * circuit->spec.output_unit * 0x1p-32;
}

static void logits_fill_the_torus_but_for_room_for_noise(void **state) {
    (void)state;
    network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    const tnn_requirement requirement = tolerant(0.05);
    tnn_circuit *circuit = searched_circuit(model, &requirement);
    const double most = fmin(0.9, 1 - 2 * STATISTIC_DEVIATIONS * sqrt(circuit->budget.logit_variance));
    assert_true(0.79 * most < logit_share(circuit, model) && logit_share(circuit, model) <= most);
    assert_int_equal(circuit->spec.output_unit % 4, 0);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

/* Steps of large tables, several a neuron, multiply the noise of the rotation they share. A logit that noise carries
 * past the end of the torus comes out with the wrong sign, however much noise was allowed. */
static void room_holds_the_noise_of_logits(void **state) {
    (void)state;
    for (int round = 0; round < 20; round++) {
        network_shape shape = small_shape();
        shape.tables_per_neuron = 3;
        shape.tables = TABLES_RANDOM;
        tnn_model *model = random_network(&shape);
        const tnn_requirement requirement = tolerant(0.05);
        tnn_circuit *circuit;
        tnn_shortfall shortfall;
        tnn_status status = tnn_circuit_compile(&circuit, &shortfall, model, &requirement);
        assert_true(status == TNN_OK || status == TNN_ERR_UNSATISFIABLE);
        if (circuit) {
            const double room = (1 - logit_share(circuit, model)) / 2;
            assert_true(STATISTIC_DEVIATIONS * sqrt(circuit->budget.logit_variance) <= room);
        }
        tnn_circuit_free(circuit);
        tnn_model_free(model);
    }
}

/* ------------------------------------------------------------------------------------------------------- noise -- */

/* One neuron on encrypted images. */
typedef struct encrypted_neuron {
    const tnn_model *model;
    const tnn_circuit *circuit;
    tnn_secret_key *secret;
    tnn_packed_masks *masks;
} encrypted_neuron;

/* Position of the neuron's table for an image, modulo 2N. */
static uint32_t encrypted_position(const encrypted_neuron *e, const uint8_t *image) {
    const tnn_params *params = &e->circuit->spec.params;
    const tnn_layer_circuit *layer = e->circuit->layers;
    uint32_t *lwe = new_array(params->literal.n + 1, sizeof *lwe);
    uint32_t *positions = new_array(params->literal.n + 1, sizeof *positions);
    tnn_packed *packed = packed_image(e->secret, &e->circuit->spec, image);
    assert_ok(tnn_packed_expand(e->masks, packed));
    tnn_packed_dot(e->masks, lwe, layer->weights);
    lwe[params->literal.n] += layer->offsets[0];
    tnn_modulus_switch(params, positions, lwe);
    uint32_t position = position_phase(params, e->secret, positions);
    tnn_packed_free(packed);
    tnn_free(positions);
    tnn_free(lwe);
    return position;
}

/* Square of a position's distance from where the accumulator of a random image belongs. */
static double squared_position_error(void *context) {
    const encrypted_neuron *e = context;
    const double N = tnn_params_positions(&e->circuit->spec.params);
    uint8_t *image = random_image(e->model);
    int32_t values[64];
    int64_t accumulator;
    for (size_t i = 0; i < tnn_model_pixels(e->model); i++) {
        values[i] = e->model->input_map[image[i]];
    }
    tnn_layer_accumulate(e->model->layers, &accumulator, values);
    double expected = ((double)accumulator - middle_of(e->model->layers, 0)) * slope_of(e->circuit, e->model, 0, 0);
    double error = remainder(encrypted_position(e, image) - expected - (N - 1) / 2, 2 * N);
    tnn_free(image);
    return error * error;
}

/* The share of the input's noise in the variance of a position says which part of the formula the case is about. */
static void check_position_noise(const char *what, uint32_t weight_magnitude, uint32_t log2_split, double low_share,
                                 double high_share) {
    network_shape shape = small_shape();
    shape.height = shape.width = 8;
    shape.neurons = 1;
    shape.weight_magnitude = weight_magnitude;
    tnn_model *model = random_network(&shape);
    tnn_params *split = shipped_params("fast");
    split->literal.log2_split = log2_split;
    tnn_circuit *circuit = circuit_under(model, split, false);
    const tnn_params *params = &circuit->spec.params;
    encrypted_neuron e = {model, circuit, balanced_secret_key(params), NULL};
    assert_ok(tnn_packed_masks_create(&e.masks, params, tnn_model_pixels(model)));
    double deviation = circuit->budget.layers[0].worst_position_noise * slope_of(circuit, model, 0, 0) *
                       (double)tnn_layer_range_width(model->layers, 0);
    double two_N = 2.0 * tnn_params_positions(params);
    double input_share = 1 - tnn_variance_modulus_switch(params) * two_N * two_N / (deviation * deviation);
    assert_true(low_share <= input_share && input_share <= high_share);
    tally squares = measure_variance(squared_position_error, &e, deviation * deviation);
    assert_variance(what, &squares, deviation * deviation);
    tnn_packed_masks_free(e.masks);
    tnn_secret_key_free(e.secret);
    tnn_params_free(split);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static void stated_position_noise_is_measured(void **state) {
    (void)state;
    check_position_noise("position, noise of the modulus switch and the input", 1, 0, 0, 0.9);
    check_position_noise("position of a split table, noise of both", 1, 1, 0, 0.9);
    check_position_noise("position, noise of the input", 100, 0, 0.9, 1);
}

/* The stated probability of a neighbouring cell is the tail beyond half a cell, less the half position of rounding. */
static void stated_lookup_error_is_a_gaussian_tail(void **state) {
    (void)state;
    network_shape shape = three_level_shape();
    shape.neurons = 1;
    tnn_model *model = random_network(&shape);
    tnn_circuit *circuit = shipped_circuit(model, "fast");
    const double slope = slope_of(circuit, model, 0, 0);
    const double deviation =
        circuit->budget.layers[0].worst_position_noise * slope * (double)tnn_layer_range_width(model->layers, 0);
    const double expected = log2(erfc((slope / 2 - 0.5) / deviation / sqrt(2)));
    assert_true(fabs(circuit->budget.layers[0].worst_lookup_log2 - expected) < 1e-6 * fabs(expected));
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

/* What several tables of a rotation read, a split one does not compute. */
static void several_tables_are_not_split(void **state) {
    (void)state;
    for (uint32_t tables = 1; tables <= 2; tables++) {
        network_shape shape = small_shape();
        shape.tables_per_neuron = tables;
        tnn_model *model = random_network(&shape);
        tnn_params *params = shipped_params("fast");
        tnn_circuit *circuit = UNSET;
        params->literal.log2_split = 1;
        const tnn_status expected = tables == 1 ? TNN_OK : TNN_ERR_UNSATISFIABLE;
        assert_status(expected, tnn_circuit_compile_with(&circuit, model, params, false));
        assert_true(tables == 1 ? circuit->spec.version == TNN_SPLIT_SPEC_VERSION : !circuit);
        tnn_circuit_free(circuit);
        tnn_params_free(params);
        tnn_model_free(model);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_tables_are_not_split),
        cmocka_unit_test(sums_without_noise_lie_where_tables_and_logits_are_read),
        cmocka_unit_test(strength_stops_where_weights_would_overflow),
        cmocka_unit_test(logits_fill_the_torus_but_for_room_for_noise),
        cmocka_unit_test(room_holds_the_noise_of_logits),
        cmocka_unit_test(stated_position_noise_is_measured),
        cmocka_unit_test(stated_lookup_error_is_a_gaussian_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
