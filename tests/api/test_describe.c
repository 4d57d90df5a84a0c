#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "circuit.h"
#include "deployment.h"
#include "file_formats.h"
#include "key_fixture.h"
#include "lower.h"
#include "objects.h"
#include "testing.h"

/* -------------------------------------------------------------------------------------------------- description -- */

static void layers_repeat_the_circuit(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_layers = 2;
    shape.outputs = 3;
    deployment d = deploy(&shape, NULL);
    for (uint32_t i = 0; i < 3; i++) {
        const tnn_layer_budget *budget = &d.circuit->budget.layers[i];
        const bool tables = i < 2;
        tnn_layer_info info;
        assert_ok(tnn_circuit_layer(d.circuit, &info, i));
        assert_int_equal(info.inputs, i == 0 ? 12 : shape.neurons);
        assert_int_equal(info.neurons, tables ? shape.neurons : shape.outputs);
        assert_int_equal(info.tables_per_neuron, tables);
        assert_int_equal(info.bootstraps, tables ? shape.neurons : 0);
        assert_int_equal(info.table_cells, tables ? shape.table_cells : 0);
        assert_int_equal(info.unproven_neurons, 0);
        assert_int_equal(info.worst_neuron, budget->worst_neuron);
        assert_true(info.position_noise == budget->worst_position_noise);
        assert_true(info.position_noise_cells == 16 * info.position_noise || !tables);
        assert_true(info.lookup_log2 == budget->worst_lookup_log2);
        assert_true(info.off_by_one_rate == budget->off_by_one_rate);
        assert_true(!tables || (info.off_by_one_rate > 0 && info.off_by_one_rate < 1));
    }
    free_deployment(&d);
}

static double l2_norm(const int16_t *weights, size_t count) {
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        squares += (double)weights[i] * weights[i];
    }
    return sqrt(squares);
}

static double widest_of(const tnn_layer *layer) {
    double widest = 0;
    for (size_t j = 0; j < layer->neurons; j++) {
        widest = fmax(widest, (double)tnn_layer_range_width(layer, j));
    }
    return widest;
}

static void check_neurons(const tnn_circuit *circuit, const tnn_layer *layer, uint32_t index) {
    tnn_neuron_info neurons[4];
    tnn_layer_info info;
    double worst = 0;
    assert_ok(tnn_circuit_neurons(circuit, neurons, index));
    assert_ok(tnn_circuit_layer(circuit, &info, index));
    for (size_t j = 0; j < layer->neurons; j++) {
        const double width = (double)tnn_layer_range_width(layer, j);
        const double norm = l2_norm(layer->weights + j * layer->inputs, layer->inputs);
        const double step = 2 * width * circuit->budget.layers[index].unit_fraction; /* at strength 1 */
        assert_true(neurons[j].bootstrapped);
        assert_true(fabs(neurons[j].width_share - (width / widest_of(layer))) < 1e-12);
        /* what all readers' weights have in common goes into the table that they read, and leaves the row smaller */
        const double gone = norm / width - neurons[j].norm_share;
        assert_true(index == 0 ? fabs(gone) < 1e-12 : gone > -1e-12 && neurons[j].norm_share > 0);
        /* the modulus switch alone: n / 48 positions of 2^(v + 1) N squared, over the share of the torus that the table
         * takes */
        const tnn_params_literal *p = &circuit->spec.params.literal;
        const double strength = floor(1 / step);
        assert_true(neurons[j].position_noise >
                    0.9 * sqrt(p->n / 48.0) / ldexp(p->N, (int)p->log2_split) / (strength * step));
        worst = fmax(worst, neurons[j].position_noise);
    }
    assert_true(fabs(worst - (info.position_noise)) < 1e-12);
    assert_true(fabs(neurons[info.worst_neuron].position_noise - (worst)) < 1e-12);
}

static void neurons_say_how_they_fill_the_torus(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_layers = 2;
    deployment d = deploy(&shape, NULL);
    tnn_neuron_info neurons[4];
    for (uint32_t i = 0; i < 2; i++) {
        check_neurons(d.circuit, &d.model->layers[i], i);
    }
    assert_status(TNN_ERR_MISUSE, tnn_circuit_neurons(d.circuit, neurons, 2));
    assert_status(TNN_ERR_MISUSE, tnn_circuit_neurons(d.circuit, neurons, 3));
    free_deployment(&d);
}

/* As many as have a bootstrap say something of themselves. */
static void check_simplified_neurons(const tnn_circuit *circuit, uint32_t index, uint64_t bootstraps) {
    tnn_neuron_info neurons[4];
    uint64_t live = 0;
    double widest = 0;
    assert_ok(tnn_circuit_neurons(circuit, neurons, index));
    for (size_t j = 0; j < 4; j++) {
        live += neurons[j].bootstrapped;
        widest = fmax(widest, neurons[j].width_share);
        assert_true(neurons[j].bootstrapped == (neurons[j].width_share > 0));
        assert_true(neurons[j].bootstrapped == (neurons[j].position_noise > 0));
    }
    assert_int_equal(live, bootstraps);
    assert_true(widest == (bootstraps > 0 ? 1 : 0));
    assert_false(index < 2 && neurons[0].bootstrapped && bootstraps > 1);
}

/* Neuron 0 of layers 0 and 1 is constant, and so are all of layer 2 or none. All others are read by all. */
static void check_simplified(bool layer_gone) {
    network_shape shape = small_shape();
    shape.table_layers = 3;
    tnn_model *model = random_network(&shape);
    for (size_t c = 0; c < 16; c++) {
        model->layers[0].tables[c] = model->layers[1].tables[c] = 1;
    }
    for (size_t c = 0; layer_gone && c < 4 * 16; c++) {
        model->layers[2].tables[c] = 2;
    }
    for (size_t w = 0; w < 4 * 4; w++) {
        model->layers[1].weights[w] |= 1;
        model->layers[2].weights[w] |= 1;
    }
    /* where the logits are constant, nothing reads layer 1, of which one neuron stays all the same */
    const uint64_t bootstraps[] = {3, layer_gone ? 1 : 3, layer_gone ? 0 : 4, 0};
    tnn_circuit *circuit;
    tnn_circuit_info whole;
    assert_ok(tnn_compile(&circuit, NULL, model, NULL));
    tnn_circuit_describe(circuit, &whole);
    assert_int_equal(whole.layers, 4);
    assert_int_equal(whole.neurons, 3 * shape.neurons);
    assert_int_equal(whole.bootstraps, layer_gone ? 4 : 10);
    for (uint32_t i = 0; i < 4; i++) {
        tnn_layer_info info;
        assert_ok(tnn_circuit_layer(circuit, &info, i));
        assert_int_equal(info.inputs, model->layers[i].inputs);
        assert_int_equal(info.neurons, model->layers[i].neurons);
        assert_int_equal(info.bootstraps, bootstraps[i]);
        assert_true(bootstraps[i] == 0 || info.position_noise > 0);
        assert_true(bootstraps[i] > 0 || i == 3 || (info.position_noise == 0 && info.lookup_log2 == -INFINITY));
        if (i < 3) {
            check_simplified_neurons(circuit, i, bootstraps[i]);
        }
    }
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static void layers_with_fewer_bootstraps_say_so(void **state) {
    (void)state;
    check_simplified(false);
    check_simplified(true);
}

static void misused_layers_are_refused(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    deployment d = deploy(&shape, NULL);
    tnn_layer_info info = {.neurons = 77};
    assert_status(TNN_ERR_MISUSE, tnn_circuit_layer(NULL, &info, 0));
    assert_status(TNN_ERR_MISUSE, tnn_circuit_layer(d.circuit, NULL, 0));
    assert_status(TNN_ERR_MISUSE, tnn_circuit_layer(d.circuit, &info, 2));
    assert_status(TNN_ERR_MISUSE, tnn_circuit_layer(d.circuit, &info, UINT32_MAX));
    assert_int_equal(info.neurons, 77);
    free_deployment(&d);
}

static void description_repeats_the_circuit(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_layers = 2;
    deployment d = deploy(&shape, NULL);
    tnn_circuit_info info;
    tnn_circuit_describe(d.circuit, &info);
    const tnn_params *params = &d.spec->params;
    const tnn_layer_budget *layers = d.circuit->budget.layers;
    assert_int_equal(info.parameters.n, params->literal.n);
    assert_int_equal(info.parameters.N, params->literal.N);
    assert_int_equal(info.parameters.bs_levels, params->literal.bs_levels);
    assert_int_equal(info.layers, 3);
    assert_int_equal(info.outputs, shape.outputs);
    assert_true(info.predicted_ms == d.circuit->milliseconds && info.predicted_ms > 0);
    assert_int_equal(info.security_bits, 128);
    assert_int_equal(info.estimated_bits, 132);
    assert_int_equal(info.neurons, 2 * shape.neurons);
    assert_int_equal(info.bootstraps, 2 * shape.neurons);
    assert_int_equal(info.server_key_bytes, tnn_params_server_key_bytes(params));
    assert_int_equal(info.unproven_neurons, 0);
    assert_true(info.worst_position_noise == fmax(layers[0].worst_position_noise, layers[1].worst_position_noise));
    assert_true(info.worst_lookup_log2 == fmax(layers[0].worst_lookup_log2, layers[1].worst_lookup_log2));
    const double torus = sqrt(d.circuit->budget.logit_variance);
    assert_true(fabs(info.logit_noise - torus * 0x1p32 / d.spec->output_unit * 0.125) <= 1e-12 * info.logit_noise);
    free_deployment(&d);
}

static void lower_row_of_the_curve_is_told(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    tnn_options options;
    tnn_options_default(&options);
    options.security = TNN_SECURITY_128;
    deployment d = deploy(&shape, &options);
    tnn_circuit_info info;
    tnn_circuit_describe(d.circuit, &info);
    assert_int_equal(info.security_bits, 125);
    assert_int_equal(info.estimated_bits, 128);
    free_deployment(&d);
}

/* --------------------------------------------------------------------------------------------------------- sizes -- */

static tnn_output *empty_output(const tnn_spec *spec) {
    tnn_output *output;
    const uint32_t dimension = (uint32_t)tnn_params_big_dimension(&spec->params);
    assert_ok(tnn_output_new(&output, spec->output_bits, spec->readout.outputs, dimension));
    return output;
}

static void check_sizes(const deployment *d, const tnn_circuit_info *info) {
    client_keys keys = new_client_keys(d);
    tnn_input *input = encrypted_image(d, &keys);
    tnn_output *output = empty_output(d->spec);
    const struct {
        const file_format *format;
        const void *object;
        size_t stated;
    } objects[] = {
        {&SPEC_FORMAT, d->spec, info->spec_bytes},           {&SECRET_KEY_FORMAT, keys.secret, info->secret_key_bytes},
        {&EVAL_KEY_FORMAT, keys.eval, info->eval_key_bytes}, {&INPUT_FORMAT, input, info->input_bytes},
        {&OUTPUT_FORMAT, output, info->output_bytes},
    };
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
        assert_int_equal(objects[i].format->size(objects[i].object), objects[i].stated);
    }
    tnn_output_free(output);
    tnn_input_free(input);
    free_client_keys(&keys);
}

static network_shape image_shape(uint32_t table_layers) {
    network_shape shape = small_shape();
    shape.height = shape.width = 28;
    shape.weight_magnitude = 1;
    shape.outputs = 1;
    shape.table_layers = table_layers;
    return shape;
}

/* Issue 2 names these limits for an image of 28 x 28 pixels. */
static void fast_set_keeps_objects_small(void **state) {
    (void)state;
    const network_shape shape = image_shape(1);
    deployment d = {.model = random_network(&shape)};
    tnn_params *params = shipped_params("fast");
    assert_ok(tnn_circuit_compile_with(&d.circuit, d.model, params, false));
    assert_ok(tnn_circuit_spec(&d.spec, d.circuit));
    tnn_params_free(params);
    tnn_circuit_info info;
    tnn_circuit_describe(d.circuit, &info);
    assert_true(info.input_bytes <= 1700);
    assert_true(info.output_bytes <= 4096);
    assert_true(info.eval_key_bytes <= 8000000);
    check_sizes(&d, &info);
    free_deployment(&d);
}

static void stated_sizes_hold_with_a_key_switch(void **state) {
    (void)state;
    network_shape shape = image_shape(2);
    shape.outputs = 3;
    deployment d = deploy(&shape, NULL);
    tnn_circuit_info info;
    tnn_circuit_describe(d.circuit, &info);
    assert_true(info.parameters.ks_levels > 0);
    check_sizes(&d, &info);
    free_deployment(&d);
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
static size_t bytes_in_use(void) {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* What compiling and making an evaluator of one thread really takes, server key included. */
static void stated_server_memory_is_what_is_allocated(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_layers = 2;
    shape.neurons = 20;
    deployment d = deploy(&shape, NULL);
    client_keys keys = new_client_keys(&d);
    const size_t before = bytes_in_use();
    tnn_circuit *circuit;
    tnn_evaluator *evaluator;
    assert_ok(tnn_compile(&circuit, NULL, d.model, NULL));
    assert_ok(tnn_evaluator_create(&evaluator, circuit, keys.eval, 1, 1));
    const double used = (double)(bytes_in_use() - before);
    tnn_circuit_info info;
    tnn_circuit_describe(circuit, &info);
    print_message("server: stated %.0f bytes, allocated %.0f\n", (double)info.server_bytes, used);
    assert_true(info.server_bytes > info.server_key_bytes);
    assert_true(fabs(used / (double)info.server_bytes - 1) < 0.1);
    tnn_evaluator_free(evaluator);
    tnn_circuit_free(circuit);
    free_client_keys(&keys);
    free_deployment(&d);
}
#endif

/* ---------------------------------------------------------------------------------------------------------- spec -- */

static void spec_says_what_the_client_needs(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.channels = 3;
    shape.outputs = 10;
    deployment d = deploy(&shape, NULL);
    uint32_t height, width, channels, outputs;
    tnn_spec_shape(d.spec, &height, &width, &channels, &outputs);
    assert_int_equal(height, 4);
    assert_int_equal(width, 3);
    assert_int_equal(channels, 3);
    assert_int_equal(outputs, 10);
    assert_int_equal(d.spec->input_levels, 8);
    assert_true(d.spec->readout.scales[0] == 0.125);
    tnn_circuit_free(d.circuit); /* the spec does not refer to it */
    d.circuit = NULL;
    file_bytes saved = saved_file(&SPEC_FORMAT, d.spec);
    free_file(&saved);
    free_deployment(&d);
}

static void misused_spec_is_null(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    deployment d = deploy(&shape, NULL);
    tnn_spec *spec = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_circuit_spec(NULL, d.circuit));
    assert_status(TNN_ERR_MISUSE, tnn_circuit_spec(&spec, NULL));
    assert_null(spec);
    free_deployment(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(description_repeats_the_circuit),
        cmocka_unit_test(layers_repeat_the_circuit),
        cmocka_unit_test(neurons_say_how_they_fill_the_torus),
        cmocka_unit_test(layers_with_fewer_bootstraps_say_so),
        cmocka_unit_test(misused_layers_are_refused),
        cmocka_unit_test(lower_row_of_the_curve_is_told),
        cmocka_unit_test(fast_set_keeps_objects_small),
        cmocka_unit_test(stated_sizes_hold_with_a_key_switch),
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
        cmocka_unit_test(stated_server_memory_is_what_is_allocated),
#endif
        cmocka_unit_test(spec_says_what_the_client_needs),
        cmocka_unit_test(misused_spec_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
