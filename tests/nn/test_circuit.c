#include "circuit.h"

#include <math.h>
#include <string.h>

#include "draw.h"
#include "encoding.h"
#include "key_fixture.h"
#include "memory.h"
#include "networks.h"
#include "noise.h"
#include "reference.h"
#include "statistics.h"
#include "testing.h"

static tnn_requirement tolerant(double position_noise) {
    return (tnn_requirement){.security = TNN_SECURITY_128_MARGIN, .position_noise = position_noise};
}

static tnn_requirement exact(double log2_lookup_error) {
    return (tnn_requirement){.security = TNN_SECURITY_128_MARGIN, .exact = true,
                             .log2_lookup_error = log2_lookup_error};
}

static tnn_circuit *compiled(const tnn_model *model, const tnn_requirement *requirement) {
    tnn_circuit *circuit;
    assert_ok(tnn_circuit_compile(&circuit, model, requirement));
    return circuit;
}

/* ------------------------------------------------------------------------------------------ choice of parameters -- */

/* Place of a set in the list of shipped sets, which rises in cost. */
static size_t place_of(const char *name) {
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    size_t place = 0;
    while (place < count && strcmp(sets[place].name, name) != 0) {
        place++;
    }
    assert_true(place < count);
    return place;
}

static double worst_position_noise(const tnn_circuit *circuit) {
    double worst = 0;
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        worst = fmax(worst, circuit->layers[i].worst_position_noise);
    }
    return worst;
}

static double worst_lookup_log2(const tnn_circuit *circuit) {
    double worst = -INFINITY;
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        worst = fmax(worst, circuit->layers[i].worst_lookup_log2);
    }
    return worst;
}

/* Halves the noise until nothing reaches it, and returns how many different sets were chosen on the way. */
static size_t tighten(const tnn_model *model) {
    size_t place = 0;
    size_t chosen = 0;
    tnn_circuit *circuit;
    tnn_requirement requirement = tolerant(0.2);
    while (tnn_circuit_compile(&circuit, model, &requirement) == TNN_OK) {
        assert_true(worst_position_noise(circuit) > 0);
        assert_true(worst_position_noise(circuit) <= requirement.position_noise);
        assert_true(place_of(circuit->params_name) >= place);
        chosen += chosen == 0 || place_of(circuit->params_name) > place;
        place = place_of(circuit->params_name);
        requirement.position_noise /= 2;
        tnn_circuit_free(circuit);
    }
    assert_null(circuit);
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_circuit_compile(&circuit, model, &requirement));
    return chosen;
}

static void stricter_requests_get_better_sets_until_none_is_left(void **state) {
    (void)state;
    for (uint32_t table_layers = 1; table_layers <= 2; table_layers++) {
        network_shape shape = small_shape();
        shape.table_layers = table_layers;
        tnn_model *model = random_network(&shape);
        assert_true(tighten(model) >= 2);
        tnn_model_free(model);
    }
}

static void cheapest_set_that_does_is_taken(void **state) {
    (void)state;
    network_shape shape = small_shape();
    const tnn_requirement requirement = tolerant(0.02);
    tnn_model *shallow = random_network(&shape);
    tnn_circuit *circuit = compiled(shallow, &requirement);
    assert_string_equal(circuit->params_name, "fast");
    assert_int_equal(circuit->bootstraps, shape.neurons);
    tnn_circuit_free(circuit);
    tnn_model_free(shallow);
}

static void several_table_layers_need_a_key_switch(void **state) {
    (void)state;
    const tnn_requirement requirement = tolerant(0.02);
    for (uint32_t table_layers = 2; table_layers <= 4; table_layers++) {
        network_shape shape = small_shape();
        shape.table_layers = table_layers;
        tnn_model *model = random_network(&shape);
        tnn_circuit *circuit = compiled(model, &requirement);
        assert_true(circuit->spec.params.literal.ks_levels > 0);
        assert_int_equal(circuit->layer_count, table_layers + 1);
        assert_int_equal(circuit->bootstraps, table_layers * shape.neurons);
        tnn_circuit_free(circuit);
        tnn_model_free(model);
    }
}

static void security_row_is_kept(void **state) {
    (void)state;
    network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    tnn_requirement requirement = tolerant(0.05);
    requirement.security = TNN_SECURITY_128;
    tnn_circuit *circuit = compiled(model, &requirement);
    assert_int_equal(circuit->spec.params.security, TNN_SECURITY_128);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

/* Inputs of a few levels and weights of size 1: accumulators of a few dozen values. */
static network_shape narrow_shape(void) {
    network_shape shape = small_shape();
    shape.height = 2;
    shape.width = 2;
    shape.input_levels = 3;
    shape.weight_magnitude = 1;
    shape.table_cells = 4;
    shape.table_magnitude = 3;
    shape.tables = TABLES_RANDOM;
    return shape;
}

static void exact_contract_is_given_for_narrow_accumulators(void **state) {
    (void)state;
    const double requests[] = {-1, -40, -128};
    network_shape shape = narrow_shape();
    tnn_model *model = random_network(&shape);
    size_t place = 0;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        const tnn_requirement requirement = exact(requests[i]);
        tnn_circuit *circuit = compiled(model, &requirement);
        assert_true(worst_lookup_log2(circuit) <= requests[i]);
        assert_true(place_of(circuit->params_name) >= place);
        assert_true(circuit->spec.exact);
        assert_int_equal(circuit->spec.output_bits, 32);
        place = place_of(circuit->params_name);
        tnn_circuit_free(circuit);
    }
    tnn_model_free(model);
}

static void exact_contract_is_refused_for_wide_accumulators(void **state) {
    (void)state;
    network_shape shape = narrow_shape();
    shape.height = 20;
    shape.width = 20;
    tnn_model *model = random_network(&shape);
    const tnn_requirement requirement = exact(-1);
    tnn_circuit *circuit = UNSET;
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_circuit_compile(&circuit, model, &requirement));
    assert_null(circuit);
    tnn_model_free(model);
}

static void assert_unsatisfiable(tnn_model *model) {
    const tnn_requirement requirement = tolerant(0.24);
    tnn_circuit *circuit = UNSET;
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_circuit_compile(&circuit, model, &requirement));
    assert_null(circuit);
    tnn_model_free(model);
}

/* A range of 2^32 accumulators leaves no unit for a pixel or a table value, logits of 2^30 none for a logit. */
static void numbers_too_large_for_the_torus_are_refused(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_layers = 2;
    for (size_t index = 0; index < 2; index++) {
        tnn_model *wide = random_network(&shape);
        wide->layers[index].ranges[0] = INT32_MIN;
        wide->layers[index].ranges[1] = INT32_MAX;
        assert_unsatisfiable(wide);
    }
    shape.tables_per_neuron = 100;
    shape.table_magnitude = 32767;
    shape.table_layers = 1;
    tnn_model *loud = random_network(&shape);
    memset(loud->layers[1].weights, 127, (size_t)loud->layers[1].neurons * loud->layers[1].inputs);
    assert_unsatisfiable(loud);
}

/* More accumulators than a 16-bit input has places for: a set with 32-bit inputs. */
static void wide_ranges_take_wide_inputs(void **state) {
    (void)state;
    network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    const tnn_requirement requirement = tolerant(0.02);
    model->layers[0].ranges[0] = -20000;
    model->layers[0].ranges[1] = 20000;
    tnn_circuit *circuit = compiled(model, &requirement);
    assert_int_equal(circuit->spec.params.literal.input_bits, 32);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static void neurons_without_proof_are_counted(void **state) {
    (void)state;
    network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    const tnn_requirement requirement = tolerant(0.05);
    model->layers[0].weights[0] = 1;
    model->layers[0].ranges[0] = 1000;
    model->layers[0].ranges[1] = 1100;
    tnn_circuit *circuit = compiled(model, &requirement);
    assert_int_equal(circuit->unproven_neurons, 1);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

/* --------------------------------------------------------------------------------------------------- positions -- */

/* The integer that a neuron's weights were multiplied by; every weight must agree on it. */
static int32_t strength_of(const tnn_circuit *circuit, const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    const int8_t *weights = layer->weights + neuron * layer->inputs;
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
    return 2.0 * circuit->spec.params.literal.N * strength_of(circuit, model, index, neuron) *
           input_unit(circuit, index);
}

/* Rounding to a position is half of one; that of offsets and units on Z/2^32 shifts it by less than a hundredth. */
static void check_position(const tnn_circuit *circuit, const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_params *params = &circuit->spec.params;
    const double N = params->literal.N;
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

static void check_table_layers(const tnn_circuit *circuit, const tnn_model *model) {
    for (uint32_t index = 0; index + 1 < model->layer_count; index++) {
        for (size_t j = 0; j < model->layers[index].neurons; j++) {
            model->layers[index].weights[j * model->layers[index].inputs] |= 1; /* no neuron without weights */
        }
    }
    (void)circuit;
}

static void positions_stand_for_accumulators(void **state) {
    (void)state;
    const tnn_requirement requirement = tolerant(0.05);
    for (int round = 0; round < 30; round++) {
        network_shape shape = small_shape();
        shape.table_layers = 1 + draw_below(3);
        shape.tables_per_neuron = 1 + draw_below(3);
        shape.weight_magnitude = 1 + draw_below(20);
        shape.tables = draw_below(2) ? TABLES_RANDOM : TABLES_RAMP;
        tnn_model *model = random_network(&shape);
        tnn_circuit *circuit = compiled(model, &requirement);
        check_table_layers(circuit, model);
        tnn_circuit_free(circuit);
        tnn_model_free(model);
    }
}

int main(void) {
    return 0;
}
