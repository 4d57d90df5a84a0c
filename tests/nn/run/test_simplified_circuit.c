#include <math.h>
#include <string.h>

#include "circuits.h"
#include "compiler.h"
#include "draw.h"
#include "encoding.h"
#include "evaluation.h"
#include "key_fixture.h"
#include "memory.h"
#include "networks.h"
#include "testing.h"

#define NOBODY ((tnn_evaluation_monitor){NULL, NULL})

static tnn_circuit *simplified_circuit(const tnn_model *model, const tnn_requirement *requirement) {
    tnn_circuit *circuit;
    tnn_shortfall shortfall;
    assert_ok(tnn_circuit_compile_simplified(&circuit, &shortfall, model, requirement));
    return circuit;
}

static void set_entries(const tnn_layer *layer, size_t neuron, int16_t value) {
    for (size_t c = 0; c < (size_t)layer->tables_per_neuron * layer->table_cells; c++) {
        tnn_layer_table(layer, neuron, 0)[c] = value;
    }
}

/* Row, bias, range and tables of neuron a to b. */
static void plant_twin(const tnn_layer *layer, size_t a, size_t b) {
    const size_t entries = (size_t)layer->tables_per_neuron * layer->table_cells;
    memcpy(layer->weights + b * layer->inputs, layer->weights + a * layer->inputs,
           layer->inputs * sizeof *layer->weights);
    memcpy(tnn_layer_table(layer, b, 0), tnn_layer_table(layer, a, 0), entries * sizeof(int16_t));
    memcpy(layer->ranges + 2 * b, layer->ranges + 2 * a, 2 * sizeof *layer->ranges);
    layer->biases[b] = layer->biases[a];
}

/* Tables that say their accumulator: every range is the reach, of no more accumulators than cells. */
static void plant_straight_layer(const tnn_layer *layer) {
    for (size_t j = 0; j < layer->neurons; j++) {
        for (size_t c = 0; c < layer->table_cells; c++) {
            tnn_layer_table(layer, j, 0)[c] = (int16_t)(layer->ranges[2 * j] + (int32_t)c);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------ encrypted --
 */

/* Narrow enough for exact lookups: pixels of 2 levels, weights and tables of size 1. */
static network_shape narrow_shape(uint32_t table_layers) {
    network_shape shape = small_shape();
    shape.height = shape.width = shape.input_levels = 2;
    shape.table_layers = table_layers;
    shape.neurons = 5;
    shape.table_cells = 12;
    shape.outputs = 3;
    shape.weight_magnitude = 1;
    shape.table_magnitude = 1;
    shape.tables = TABLES_RANDOM;
    return shape;
}

static void evaluate(const tnn_circuit *circuit, const key_set *keys, uint32_t *logits, const uint8_t *image) {
    tnn_packed *packed = packed_image(keys->secret, &circuit->spec, image);
    const tnn_packed *input = packed;
    tnn_evaluation *evaluation;
    assert_ok(tnn_evaluation_create(&evaluation, circuit, keys->server, 1, 1));
    assert_ok(tnn_evaluation_run(evaluation, logits, &input, 1, NOBODY));
    tnn_evaluation_free(evaluation);
    tnn_packed_free(packed);
}

/* Squared errors of the logits of one image, in variances that the circuit states. */
static double check_exact_image(const tnn_circuit *circuit, const tnn_model *model, const key_set *keys,
                                const uint8_t *image) {
    const size_t outputs = circuit->spec.readout.outputs;
    const size_t words = tnn_params_big_dimension(keys->params) + 1;
    uint32_t *logits = new_array(outputs * words, sizeof *logits);
    int64_t *reference = new_array(outputs, sizeof *reference);
    double squares = 0;
    evaluate(circuit, keys, logits, image);
    reference_logits(model, reference, image);
    for (size_t j = 0; j < outputs; j++) {
        const uint32_t phase = tnn_lwe_phase(keys->secret, TNN_KEY_BIG, logits + j * words);
        const double logit = (double)(int32_t)phase / circuit->spec.output_unit;
        assert_int_equal(lround(logit), reference[j]);
        squares += pow((logit - (double)reference[j]) / circuit->budget.logit_noise, 2);
    }
    tnn_free(reference);
    tnn_free(logits);
    return squares;
}

/* Encrypted under the circuit, compared with the model as it was given. The three logits of an image may
 * share their noise: of 16 independent squares, the mean is above 5 variances once in 10^9. */
static void check_encrypted(const tnn_model *model, uint64_t bootstraps) {
    const tnn_requirement requirement = exact(-40);
    tnn_circuit *circuit = simplified_circuit(model, &requirement);
    key_set keys;
    double squares = 0;
    assert_int_equal(circuit->bootstraps, bootstraps);
    make_keys(&keys, params_of(&circuit->spec.params.literal), 1);
    for (unsigned number = 0; number < 16; number++) {
        const uint8_t image[4] = {number & 1 ? 255 : 0, number & 2 ? 255 : 0, number & 4 ? 255 : 0,
                                  number & 8 ? 255 : 0};
        squares += check_exact_image(circuit, model, &keys, image);
    }
    print_message("logit noise: %.2f of what is stated\n", sqrt(squares / (16 * circuit->spec.readout.outputs)));
    assert_true(squares < 5 * 16 * circuit->spec.readout.outputs);
    free_keys(&keys);
    tnn_circuit_free(circuit);
}

/* Rows of weights that are not alike, none of them 0, and as many values as cells. */
static tnn_model *narrow_network(uint32_t table_layers) {
    const network_shape shape = narrow_shape(table_layers);
    const int8_t rows[5][4] = {{1, 1, 1, 1}, {1, -1, 1, 1}, {1, 1, -1, 1}, {1, 1, 1, -1}, {1, -1, -1, 1}};
    tnn_model *model = random_network(&shape);
    for (uint32_t i = 0; i < table_layers; i++) {
        const tnn_layer *layer = &model->layers[i];
        for (size_t j = 0; j < 5; j++) {
            for (size_t k = 0; k < layer->inputs; k++) {
                layer->weights[j * layer->inputs + k] = k < 4 ? rows[j][k] : 1;
            }
            for (size_t c = 0; c < 12; c++) {
                tnn_layer_table(layer, j, 0)[c] = c % (j + 2) == 1 ? 1 : -1;
            }
            layer->biases[j] = 0;
            layer->ranges[2 * j] = i == 0 ? -3 : -5;
            layer->ranges[2 * j + 1] = layer->ranges[2 * j] + 11;
        }
    }
    for (size_t w = 0; w < 15; w++) { /* columns (1 1 1), (1 1 -1), (1 -1 1), (1 -1 -1), (1 1 1) */
        const size_t column = w % 5;
        model->layers[table_layers].weights[w] = (w / 5 == 1 && (column & 2)) || (w / 5 == 2 && (column & 1)) ? -1 : 1;
    }
    return model;
}

static void networks_without_idle_neurons_are_evaluated_as_they_are(void **state) {
    (void)state;
    tnn_model *model = narrow_network(1);
    check_encrypted(model, 5);
    tnn_model_free(model);
}

/* Twins whose weights are added, then twins whose tables are as well, then a constant neuron. */
static void simplified_networks_give_the_same_logits_encrypted(void **state) {
    (void)state;
    tnn_model *model = narrow_network(1);
    plant_twin(&model->layers[0], 1, 3);
    check_encrypted(model, 4);
    plant_twin(&model->layers[0], 0, 4);
    tnn_layer_table(&model->layers[0], 4, 0)[5] += 2;
    tnn_layer_table(&model->layers[0], 4, 0)[6] -= 2;
    check_encrypted(model, 3);
    set_entries(&model->layers[0], 2, -1);
    check_encrypted(model, 2);
    tnn_model_free(model);
}

static void networks_without_their_straight_layers_give_the_same_logits_encrypted(void **state) {
    (void)state;
    for (uint32_t index = 0; index < 2; index++) {
        tnn_model *model = narrow_network(2);
        const int16_t pixels[20] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, -1, 0, 0};
        memcpy(model->layers[0].weights, pixels, index == 0 ? sizeof pixels : 0);
        plant_straight_layer(&model->layers[index]);
        check_encrypted(model, 5);
        tnn_model_free(model);
    }
}

/* -------------------------------------------------------------------------------------------------------- reports --
 */

static network_shape report_shape(void) {
    network_shape shape = small_shape();
    shape.table_layers = 2;
    shape.neurons = 6;
    shape.outputs = 3;
    return shape;
}

/* Neurons 0 and 2 of both layers are idle, the others of layer 1 read all of layer 0; one of them can leave its range.
 */
static void reports_speak_of_the_given_model(void **state) {
    (void)state;
    const network_shape shape = report_shape();
    const tnn_requirement requirement = tolerant(0.1);
    tnn_model *model = random_network(&shape);
    for (uint32_t index = 0; index < 2; index++) {
        set_entries(&model->layers[index], 0, 3);
        set_entries(&model->layers[index], 2, 3);
    }
    for (size_t w = 0; w < 36; w++) {
        model->layers[1].weights[w] |= 1;
    }
    for (size_t j = 0; j < 6; j++) { /* what those weights reach is below 4 * 3 * 20 + 2 * 3 * 3 + 9, and above 50 */
        model->layers[1].ranges[2 * j] = j == 4 ? -40 : -270;
        model->layers[1].ranges[2 * j + 1] = j == 4 ? 40 : 270;
        for (size_t c = 0; c < 16; c++) {
            model->layers[1].tables[16 * j + c] = (int16_t)(c * (j + 1));
        }
    }
    set_entries(&model->layers[1], 0, 3);
    set_entries(&model->layers[1], 2, 3);
    tnn_circuit *circuit = simplified_circuit(model, &requirement);
    assert_int_equal(circuit->bootstraps, 8);
    assert_int_equal(circuit->report_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        const tnn_layer_report *report = &circuit->reports[i];
        assert_int_equal(report->inputs, model->layers[i].inputs);
        assert_int_equal(report->neurons, model->layers[i].neurons);
        assert_int_equal(report->tables_per_neuron, i < 2);
        assert_int_equal(report->table_cells, model->layers[i].table_cells);
        assert_int_equal(report->circuit_layer, i);
    }
    const uint32_t left[] = {1, 3, 4, 5};
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(circuit->reports[i].worst_neuron, left[circuit->budget.layers[i].worst_neuron]);
    }
    assert_int_equal(circuit->reports[1].unproven_neurons, 1);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static void layers_that_are_gone_are_reported_as_such(void **state) {
    (void)state;
    const tnn_requirement requirement = exact(-40);
    tnn_model *model = narrow_network(2);
    plant_straight_layer(&model->layers[1]);
    tnn_circuit *circuit = simplified_circuit(model, &requirement);
    assert_int_equal(circuit->layer_count, 2);
    assert_int_equal(circuit->report_count, 3);
    assert_int_equal(circuit->reports[0].circuit_layer, 0);
    assert_int_equal(circuit->reports[1].circuit_layer, TNN_NO_LAYER);
    assert_int_equal(circuit->reports[1].neurons, 5);
    assert_int_equal(circuit->reports[2].circuit_layer, 1);
    assert_int_equal(circuit->spec.params.literal.ks_levels, 0);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static tnn_shortfall refused(const tnn_model *model, const tnn_requirement *requirement) {
    tnn_circuit *circuit = UNSET;
    tnn_shortfall shortfall;
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_circuit_compile_simplified(&circuit, &shortfall, model, requirement));
    assert_null(circuit);
    return shortfall;
}

/* Neuron 4 of layer 1 stands in the way, behind two that are idle; an idle one that is wider does not. */
static void refusals_name_the_given_models_neuron(void **state) {
    (void)state;
    const network_shape shape = report_shape();
    const tnn_requirement requirement = tolerant(0.1);
    tnn_model *model = random_network(&shape);
    int32_t *ranges = model->layers[1].ranges;
    set_entries(&model->layers[1], 0, 3);
    set_entries(&model->layers[1], 2, 3);
    ranges[0] = INT32_MIN;
    ranges[1] = INT32_MAX;
    tnn_circuit_free(simplified_circuit(model, &requirement));
    ranges[8] = INT32_MIN / 2;
    ranges[9] = INT32_MAX / 2;
    for (size_t c = 0; c < 16; c++) {
        tnn_layer_table(&model->layers[1], 4, 0)[c] = c < 8 ? -1 : 1; /* not constant about 0 */
    }
    model->layers[1].biases[4] = 0;
    const tnn_shortfall wide = refused(model, &requirement);
    assert_int_equal(wide.kind, TNN_SHORTFALL_WIDTH);
    assert_int_equal(wide.layer, 1);
    assert_int_equal(wide.neuron, 4);
    tnn_model_free(model);
}

/* Its table would be constant, but it is a mistake. */
static void tables_out_of_reach_are_refused_all_the_same(void **state) {
    (void)state;
    const network_shape shape = report_shape();
    const tnn_requirement requirement = tolerant(0.1);
    tnn_model *model = random_network(&shape);
    model->layers[1].ranges[6] = 100000;
    model->layers[1].ranges[7] = 200000;
    const tnn_shortfall outside = refused(model, &requirement);
    assert_int_equal(outside.kind, TNN_SHORTFALL_RANGE);
    assert_int_equal(outside.layer, 1);
    assert_int_equal(outside.neuron, 3);
    tnn_model_free(model);
}

/* --------------------------------------------------------------------------------------------------------- choice --
 */

/* One of 16 neurons less, read with sums of weights: at some requirements its noise asks for parameters that cost more
 * than the neuron. Then the model is compiled as it stands. */
static void the_cheaper_circuit_is_taken(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.neurons = 16;
    shape.outputs = 2;
    tnn_model *model = random_network(&shape);
    tnn_requirement requirement = tolerant(0.1);
    const int8_t columns[2][2] = {{30, 25}, {25, 29}};
    size_t seen[2] = {0, 0};
    plant_twin(&model->layers[0], 0, 15);
    for (size_t r = 0; r < 2; r++) {
        model->layers[1].weights[16 * r] = columns[r][0];
        model->layers[1].weights[16 * r + 15] = columns[r][1];
    }
    for (requirement.logit_noise = 8; requirement.logit_noise > 0.01; requirement.logit_noise /= 1.3) {
        tnn_circuit *plain;
        tnn_shortfall shortfall;
        if (tnn_circuit_compile(&plain, &shortfall, model, &requirement) != TNN_OK) {
            break;
        }
        tnn_circuit *circuit = simplified_circuit(model, &requirement);
        assert_true(circuit->milliseconds <= plain->milliseconds);
        assert_true(circuit->bootstraps == 15 || circuit->milliseconds == plain->milliseconds);
        assert_int_equal(circuit->report_count, 2);
        seen[circuit->bootstraps == 15]++;
        tnn_circuit_free(circuit);
        tnn_circuit_free(plain);
    }
    print_message("as it stands %zu times, simplified %zu times\n", seen[0], seen[1]);
    assert_true(seen[0] > 0 && seen[1] > 0);
    tnn_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_without_idle_neurons_are_evaluated_as_they_are),
        cmocka_unit_test(simplified_networks_give_the_same_logits_encrypted),
        cmocka_unit_test(networks_without_their_straight_layers_give_the_same_logits_encrypted),
        cmocka_unit_test(reports_speak_of_the_given_model),
        cmocka_unit_test(layers_that_are_gone_are_reported_as_such),
        cmocka_unit_test(refusals_name_the_given_models_neuron),
        cmocka_unit_test(tables_out_of_reach_are_refused_all_the_same),
        cmocka_unit_test(the_cheaper_circuit_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
