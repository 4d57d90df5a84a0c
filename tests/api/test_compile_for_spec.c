/* Circuits for specs that clients have keys for. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "circuit.h"
#include "deployment.h"
#include "draw.h"
#include "memory.h"
#include "spec_file.h"
#include "tables.h"
#include "testing.h"

#define MOST_MODEL_BYTES ((size_t)1 << 24)

/* ---------------------------------------------------------------------------------------------------- comparison -- */

static void assert_equal_tables(const tnn_layer_circuit *a, const tnn_layer_circuit *b, uint32_t N) {
    const size_t tables = (size_t)a->neurons * a->tables_per_neuron;
    if (a->tables_per_neuron == 1) {
        assert_memory_equal(a->tests, b->tests, tables * N * sizeof *a->tests);
        return;
    }
    for (size_t t = 0; t < tables; t++) {
        assert_int_equal(a->steps[t].count, b->steps[t].count);
        assert_memory_equal(a->steps[t].positions, b->steps[t].positions, a->steps[t].count * sizeof(uint32_t));
        assert_memory_equal(a->steps[t].steps, b->steps[t].steps, a->steps[t].count * sizeof(int32_t));
    }
}

static void assert_equal_circuits(const tnn_circuit *a, const tnn_circuit *b) {
    assert_int_equal(a->layer_count, b->layer_count);
    assert_int_equal(a->bootstraps, b->bootstraps);
    assert_true(a->whole_torus == b->whole_torus);
    for (uint32_t i = 0; i < a->layer_count; i++) {
        const tnn_layer_circuit *x = &a->layers[i];
        const tnn_layer_circuit *y = &b->layers[i];
        assert_int_equal(x->neurons, y->neurons);
        assert_int_equal(x->inputs, y->inputs);
        assert_int_equal(x->output_unit, y->output_unit);
        assert_memory_equal(x->weights, y->weights, (size_t)x->neurons * x->inputs * sizeof *x->weights);
        assert_memory_equal(x->offsets, y->offsets, x->neurons * sizeof *x->offsets);
        assert_equal_tables(x, y, tnn_params_positions(&a->spec.params));
        assert_true(a->budget.layers[i].worst_position_noise == b->budget.layers[i].worst_position_noise);
        assert_true(a->budget.layers[i].worst_lookup_log2 == b->budget.layers[i].worst_lookup_log2);
        assert_int_equal(a->reports[i].worst_neuron, b->reports[i].worst_neuron);
    }
}

static tnn_spec *through_bytes(const tnn_circuit *circuit) {
    tnn_spec *spec;
    assert_ok(tnn_circuit_spec(&spec, circuit));
    const size_t size = tnn_spec_size(spec);
    uint8_t *bytes = new_array(size, 1);
    assert_ok(tnn_spec_save(spec, bytes, size));
    tnn_spec_free(spec);
    assert_ok(tnn_spec_load(&spec, bytes, size));
    tnn_free(bytes);
    return spec;
}

static void assert_equal_specs(const tnn_spec *a, const tnn_spec *b) {
    const size_t size = tnn_spec_size(a);
    uint8_t *bytes = new_array(2 * size, 1);
    assert_int_equal(tnn_spec_size(b), size);
    assert_ok(tnn_spec_save(a, bytes, size));
    assert_ok(tnn_spec_save(b, bytes + size, size));
    assert_memory_equal(bytes, bytes + size, size);
    tnn_free(bytes);
}

/* False where the options lead to no circuit. */
static bool check_own_spec(const tnn_model *model, const tnn_options *options) {
    tnn_circuit *circuit;
    tnn_circuit *again;
    if (tnn_compile(&circuit, NULL, model, options) != TNN_OK) {
        return false;
    }
    tnn_spec *spec = through_bytes(circuit);
    assert_ok(tnn_compile_for_spec(&again, NULL, model, spec));
    assert_equal_specs(&circuit->spec, &again->spec);
    assert_equal_circuits(circuit, again);
    tnn_spec_free(spec);
    tnn_circuit_free(again);
    tnn_circuit_free(circuit);
    return true;
}

/* ------------------------------------------------------------------------------------------------------ own specs --
 */

static tnn_model *bundled_model(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.tnn", BUNDLED_MODELS, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *bytes = new_array(MOST_MODEL_BYTES, 1);
    const size_t length = fread(bytes, 1, MOST_MODEL_BYTES, file);
    fclose(file);
    tnn_model *model;
    assert_ok(tnn_model_load(&model, NULL, bytes, length));
    tnn_free(bytes);
    return model;
}

static void check_bundled(const char *name, double position_noise, double logit_noise) {
    tnn_model *model = bundled_model(name);
    tnn_options options;
    tnn_options_for(&options, model);
    assert_true(check_own_spec(model, &options));
    options.position_noise = position_noise;
    options.logit_noise = logit_noise;
    assert_true(check_own_spec(model, &options));
    tnn_model_free(model);
}

static void bundled_circuits_come_back_for_their_specs(void **state) {
    (void)state;
    check_bundled("pneumoniamnist", 0.014, 0.05);
    check_bundled("pneumoniamnist-accurate", 0.005, 0.05);
    check_bundled("pneumoniamnist-392", 0.03, 0.5);
    check_bundled("breastmnist", 0.004, 0.05);
    check_bundled("breastmnist-accurate", 0.002, 0.05); /* splits its tables */
    check_bundled("breastmnist-392", 0.03, 0.5);
    check_bundled("digits", 0.01, 0.2);
    tnn_model *exact = bundled_model("breastmnist-exact");
    tnn_options options;
    tnn_options_for(&options, exact);
    options.precision = TNN_PRECISION_EXACT;
    assert_true(check_own_spec(exact, &options));
    tnn_model_free(exact);
}

static tnn_model *drawn_network(bool exact) {
    network_shape shape = exact ? three_level_shape() : small_shape();
    shape.table_layers = 1 + draw_below(3);
    shape.tables_per_neuron = 1 + draw_below(2);
    shape.tables = draw_below(2) ? TABLES_RANDOM : TABLES_RAMP;
    tnn_model *model = random_network(&shape);
    if (draw_below(2)) { /* something to simplify */
        const tnn_layer *layer = &model->layers[0];
        for (size_t c = 0; c < (size_t)layer->tables_per_neuron * layer->table_cells; c++) {
            layer->tables[c] = 3;
        }
    }
    return model;
}

static void random_circuits_come_back_for_their_specs(void **state) {
    (void)state;
    size_t compiled = 0;
    for (int round = 0; round < 60; round++) {
        const bool exact = draw_below(3) == 0;
        tnn_model *model = drawn_network(exact);
        tnn_options options;
        tnn_options_default(&options);
        options.precision = exact ? TNN_PRECISION_EXACT : TNN_PRECISION_TOLERANT;
        options.security = draw_below(2) ? TNN_SECURITY_128 : TNN_SECURITY_128_MARGIN;
        options.position_noise = 0.2 * exp2(-(double)draw_below(6));
        options.logit_noise = exp2(-(double)draw_below(6));
        options.log2_lookup_error = -1.0 - draw_below(60);
        compiled += check_own_spec(model, &options);
        tnn_model_free(model);
    }
    print_message("%zu of 60\n", compiled);
    assert_true(compiled >= 20);
}

/* Its contract says nothing of the whole torus, its units do. */
static void circuits_on_the_whole_torus_come_back_too(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_cells = 2;
    tnn_model *model = random_network(&shape);
    tnn_options options;
    tnn_options_default(&options);
    options.whole_torus = true;
    options.logit_noise = 1;
    for (size_t j = 0; j < shape.neurons; j++) {
        model->layers[0].tables[2 * j] = -5;
        model->layers[0].tables[2 * j + 1] = 5;
        model->layers[0].ranges[2 * j] = -300;
        model->layers[0].ranges[2 * j + 1] = 299;
    }
    assert_true(check_own_spec(model, &options));
    tnn_model_free(model);
}

/* ---------------------------------------------------------------------------------------------------- other specs --
 */

static void specs_of_other_models_are_refused(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    deployment d = deploy(&shape, NULL);
    deployment twin = deploy_twin(&d, NULL);
    deployment other = deploy(&shape, NULL);
    tnn_circuit *circuit = UNSET;
    assert_status(TNN_ERR_MODEL_MISMATCH, tnn_compile_for_spec(&circuit, NULL, d.model, twin.spec));
    assert_null(circuit);
    assert_status(TNN_ERR_MODEL_MISMATCH, tnn_compile_for_spec(&circuit, NULL, d.model, other.spec));
    assert_status(TNN_ERR_MISUSE, tnn_compile_for_spec(NULL, NULL, d.model, d.spec));
    circuit = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_compile_for_spec(&circuit, NULL, NULL, d.spec));
    assert_null(circuit);
    assert_status(TNN_ERR_MISUSE, tnn_compile_for_spec(&circuit, NULL, d.model, NULL));
    free_deployment(&other);
    free_deployment(&twin);
    free_deployment(&d);
}

/* As a library would have made it whose choice of units was another. */
static tnn_spec *spec_with_units(const deployment *d, uint32_t input_unit, uint32_t output_unit) {
    tnn_spec *spec;
    assert_ok(tnn_circuit_spec(&spec, d->circuit));
    spec->input_unit = input_unit;
    spec->output_unit = output_unit;
    assert_ok(tnn_spec_set_fingerprint(spec, d->model->fingerprint));
    return spec;
}

static void units_of_the_spec_are_kept(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    deployment d = deploy(&shape, NULL);
    tnn_circuit *circuit;
    tnn_spec *spec = spec_with_units(&d, d.spec->input_unit - 1, d.spec->output_unit / 8 * 4);
    assert_ok(tnn_compile_for_spec(&circuit, NULL, d.model, spec));
    assert_equal_specs(&circuit->spec, spec);
    assert_int_equal(circuit->layers[0].output_unit, spec->output_unit);
    assert_true(circuit->budget.logit_noise > 1.9 * d.circuit->budget.logit_noise);
    tnn_circuit_free(circuit);
    tnn_spec_free(spec);
    free_deployment(&d);
}

static void check_no_room(const deployment *d, uint32_t input_unit, uint32_t output_unit) {
    tnn_spec *spec = spec_with_units(d, input_unit, output_unit);
    tnn_circuit *circuit = UNSET;
    tnn_refusal refusal;
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_compile_for_spec(&circuit, &refusal, d->model, spec));
    assert_null(circuit);
    assert_int_equal(refusal.obstacle, TNN_OBSTACLE_WIDTH);
    tnn_spec_free(spec);
}

static void units_without_room_are_refused(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    deployment d = deploy(&shape, NULL);
    check_no_room(&d, 8 * d.spec->input_unit, d.spec->output_unit);
    check_no_room(&d, d.spec->input_unit, 8 * d.spec->output_unit);
    check_no_room(&d, d.spec->input_unit, d.spec->output_unit - 1);
    free_deployment(&d);
}

/* Keys and inputs of the spec's clients, on a circuit that was compiled for it; exact, so that logits are equal. */
static void keys_in_use_stay_in_use(void **state) {
    (void)state;
    const network_shape shape = three_level_shape();
    tnn_options options;
    tnn_options_default(&options);
    options.precision = TNN_PRECISION_EXACT;
    deployment d = deploy(&shape, &options);
    client_keys keys = new_client_keys(&d);
    uint8_t *image = random_image(d.model);
    double clear[2];
    double logits[2];
    tnn_circuit *circuit;
    tnn_evaluator *evaluator;
    tnn_input *input;
    tnn_output *output;
    assert_ok(tnn_compile_for_spec(&circuit, NULL, d.model, d.spec));
    assert_ok(tnn_evaluator_create(&evaluator, circuit, keys.eval, 2, 1));
    assert_ok(tnn_encrypt(&input, d.spec, keys.secret, image, tnn_model_pixels(d.model)));
    assert_ok(tnn_infer(evaluator, &output, (const tnn_input *const *)&input, 1, NULL, NULL));
    assert_ok(tnn_decrypt(d.spec, keys.secret, logits, 2, output));
    assert_ok(tnn_model_predict(d.model, clear, image, tnn_model_pixels(d.model)));
    for (size_t i = 0; i < 2; i++) {
        assert_true(fabs(logits[i] - clear[i]) <
                    60); /* of ramps, a few cells off; a wrong key gives noise on the torus */
    }
    tnn_output_free(output);
    tnn_input_free(input);
    tnn_evaluator_free(evaluator);
    tnn_circuit_free(circuit);
    tnn_free(image);
    free_client_keys(&keys);
    free_deployment(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bundled_circuits_come_back_for_their_specs),
        cmocka_unit_test(random_circuits_come_back_for_their_specs),
        cmocka_unit_test(circuits_on_the_whole_torus_come_back_too),
        cmocka_unit_test(specs_of_other_models_are_refused),
        cmocka_unit_test(units_of_the_spec_are_kept),
        cmocka_unit_test(units_without_room_are_refused),
        cmocka_unit_test(keys_in_use_stay_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
