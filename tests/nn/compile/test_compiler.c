#include "compiler.h"

#include <math.h>
#include <string.h>

#include "circuits.h"
#include "networks.h"
#include "range.h"
#include "testing.h"

/* ------------------------------------------------------------------------------------------ choice of parameters -- */

static double worst_position_noise(const tnn_circuit *circuit) {
    double worst = 0;
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        worst = fmax(worst, circuit->budget.layers[i].worst_position_noise);
    }
    return worst;
}

static double worst_lookup_log2(const tnn_circuit *circuit) {
    double worst = -INFINITY;
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        worst = fmax(worst, circuit->budget.layers[i].worst_lookup_log2);
    }
    return worst;
}

/* Asks for less noise until nothing reaches it, and returns how many different costs there were on the way. */
static size_t tighten(const tnn_model *model) {
    double cost = 0;
    size_t costs = 0;
    tnn_circuit *circuit;
    tnn_shortfall shortfall;
    tnn_requirement requirement = tolerant(0.2);
    while (tnn_circuit_compile(&circuit, &shortfall, model, &requirement) == TNN_OK) {
        assert_true(worst_position_noise(circuit) > 0);
        assert_true(worst_position_noise(circuit) <= requirement.position_noise);
        assert_true(circuit->milliseconds >= cost);
        costs += circuit->milliseconds > cost;
        cost = circuit->milliseconds;
        requirement.position_noise /= 1.4;
        tnn_circuit_free(circuit);
    }
    assert_null(circuit);
    return costs;
}

static void stricter_requests_cost_more_until_nothing_meets_them(void **state) {
    (void)state;
    for (uint32_t table_layers = 1; table_layers <= 2; table_layers++) {
        network_shape shape = small_shape();
        shape.table_layers = table_layers;
        tnn_model *model = random_network(&shape);
        assert_true(tighten(model) >= 3);
        tnn_model_free(model);
    }
}

/* The same for the noise of logits. */
static void stricter_requests_get_quieter_logits_until_nothing_meets_them(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    tnn_circuit *circuit;
    tnn_shortfall shortfall;
    tnn_requirement requirement = tolerant(0.2);
    double cost = 0;
    for (requirement.logit_noise = 8; tnn_circuit_compile(&circuit, &shortfall, model, &requirement) == TNN_OK;
         requirement.logit_noise /= 1.5) {
        const double units = sqrt(circuit->budget.logit_variance) * 0x1p32 / circuit->spec.output_unit;
        assert_true(fabs(circuit->budget.logit_noise - units) <= 1e-12 * units);
        assert_true(circuit->budget.logit_noise_share <= requirement.logit_noise);
        assert_true(circuit->milliseconds >= cost);
        cost = circuit->milliseconds;
        tnn_circuit_free(circuit);
    }
    assert_true(cost > 0);
    assert_true(shortfall.is_logit);
    assert_null(circuit);
    tnn_model_free(model);
}

static void bootstraps_are_counted_and_deeper_layers_switch_keys(void **state) {
    (void)state;
    const tnn_requirement requirement = tolerant(0.02);
    for (uint32_t table_layers = 1; table_layers <= 4; table_layers++) {
        network_shape shape = small_shape();
        shape.table_layers = table_layers;
        tnn_model *model = random_network(&shape);
        tnn_circuit *circuit = searched_circuit(model, &requirement);
        assert_true((circuit->spec.params.literal.ks_levels > 0) == (table_layers > 1));
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
    tnn_circuit *circuit = searched_circuit(model, &requirement);
    assert_int_equal(circuit->spec.params.security, TNN_SECURITY_128);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static void exact_contract_is_given_for_narrow_accumulators(void **state) {
    (void)state;
    const double requests[] = {-1, -40, -128};
    network_shape shape = three_level_shape();
    tnn_model *model = random_network(&shape);
    double cost = 0;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        const tnn_requirement requirement = exact(requests[i]);
        tnn_circuit *circuit = searched_circuit(model, &requirement);
        assert_true(worst_lookup_log2(circuit) <= requests[i]);
        assert_true(circuit->milliseconds >= cost);
        assert_true(circuit->spec.exact);
        assert_int_equal(circuit->spec.output_bits, 32);
        cost = circuit->milliseconds;
        tnn_circuit_free(circuit);
    }
    tnn_model_free(model);
}

static void exact_contract_is_refused_for_wide_accumulators(void **state) {
    (void)state;
    network_shape shape = three_level_shape();
    shape.height = 20;
    shape.width = 20;
    tnn_model *model = random_network(&shape);
    const tnn_requirement requirement = exact(-40);
    tnn_circuit *circuit = UNSET;
    tnn_shortfall shortfall;
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_circuit_compile(&circuit, &shortfall, model, &requirement));
    assert_null(circuit);
    tnn_model_free(model);
}

static void assert_unsatisfiable(tnn_model *model) {
    const tnn_requirement requirement = tolerant(0.24);
    tnn_circuit *circuit = UNSET;
    tnn_shortfall shortfall;
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_circuit_compile(&circuit, &shortfall, model, &requirement));
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
    for (size_t i = 0; i < (size_t)loud->layers[1].neurons * loud->layers[1].inputs; i++) {
        loud->layers[1].weights[i] = 127;
    }
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
    tnn_circuit *circuit = searched_circuit(model, &requirement);
    assert_int_equal(circuit->spec.params.literal.input_bits, 32);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

/* A ramp is flat for at most a quarter of its range: none covers the half that is cut off. */
static void neurons_without_proof_are_counted(void **state) {
    (void)state;
    network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    const tnn_requirement requirement = tolerant(0.05);
    model->layers[0].ranges[2] = (int32_t)(reach_of(model, 0, 1).low + reach_of(model, 0, 1).high) / 2;
    tnn_circuit *circuit = searched_circuit(model, &requirement);
    assert_int_equal(circuit->reports[0].unproven_neurons, 1);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stricter_requests_cost_more_until_nothing_meets_them),
        cmocka_unit_test(stricter_requests_get_quieter_logits_until_nothing_meets_them),
        cmocka_unit_test(bootstraps_are_counted_and_deeper_layers_switch_keys),
        cmocka_unit_test(security_row_is_kept),
        cmocka_unit_test(exact_contract_is_given_for_narrow_accumulators),
        cmocka_unit_test(exact_contract_is_refused_for_wide_accumulators),
        cmocka_unit_test(numbers_too_large_for_the_torus_are_refused),
        cmocka_unit_test(wide_ranges_take_wide_inputs),
        cmocka_unit_test(neurons_without_proof_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
