/* A network of one layer through the public interface: bytes, belonging, descriptions, recompiling, agreement. */
#include <math.h>
#include <string.h>

#include "circuit.h"
#include "deployment.h"
#include "draw.h"
#include "file_checks.h"
#include "keys.h"
#include "memory.h"
#include "objects.h"
#include "spec_file.h"
#include "testing.h"

#define PIXELS 12u
#define OUTPUTS 3u

static deployment exact_net, tolerant_net, deep_net;
static client_keys exact_keys, tolerant_keys, deep_keys;

static network_shape one_layer(void) {
    network_shape shape = small_shape();
    shape.table_layers = 0;
    shape.outputs = OUTPUTS;
    shape.weight_magnitude = 20;
    return shape;
}

static int make_all(void **state) {
    (void)state;
    const network_shape single = one_layer(), deep = small_shape();
    tnn_options options;
    tnn_options_default(&options);
    tolerant_net = deploy(&single, &options);
    deep_net = deploy(&deep, &options);
    options.precision = TNN_PRECISION_EXACT;
    exact_net = deploy(&single, &options);
    exact_keys = new_client_keys(&exact_net);
    tolerant_keys = new_client_keys(&tolerant_net);
    deep_keys = new_client_keys(&deep_net);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_client_keys(&exact_keys);
    free_client_keys(&tolerant_keys);
    free_client_keys(&deep_keys);
    free_deployment(&exact_net);
    free_deployment(&tolerant_net);
    free_deployment(&deep_net);
    return 0;
}

/* ---------------------------------------------------------------------------------------------------- end to end -- */

/* Every object on its way is saved and loaded. */
static tnn_output *inferred(const deployment *d, const client_keys *keys, const uint8_t *image) {
    tnn_input *input;
    tnn_eval_key *eval;
    tnn_evaluator *evaluator;
    tnn_output *output;
    assert_ok(tnn_encrypt(&input, d->spec, keys->secret, image, PIXELS));
    file_bytes sent = saved_file(&INPUT_FORMAT, input), key = saved_file(&EVAL_KEY_FORMAT, keys->eval);
    tnn_input_free(input);
    assert_ok(tnn_input_load(&input, sent.bytes, sent.length));
    assert_ok(tnn_eval_key_load(&eval, key.bytes, key.length));
    assert_ok(tnn_evaluator_create(&evaluator, d->circuit, eval, 2, 1));
    assert_ok(tnn_infer(evaluator, &output, (const tnn_input *const[]){input}, 1, NULL, NULL));
    file_bytes result = saved_file(&OUTPUT_FORMAT, output);
    tnn_output_free(output);
    assert_ok(tnn_output_load(&output, result.bytes, result.length));
    free_file(&result);
    free_file(&key);
    free_file(&sent);
    tnn_evaluator_free(evaluator);
    tnn_eval_key_free(eval);
    tnn_input_free(input);
    return output;
}

static void decrypted(const deployment *d, const client_keys *keys, double *logits, const uint8_t *image) {
    tnn_output *output = inferred(d, keys, image);
    assert_ok(tnn_decrypt(d->spec, keys->secret, logits, OUTPUTS, output));
    tnn_output_free(output);
}

static void exact_logits_are_the_clear_ones(void **state) {
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        uint8_t *image = random_image(exact_net.model);
        double clear[OUTPUTS], logits[OUTPUTS], simulated[OUTPUTS];
        assert_ok(tnn_model_predict(exact_net.model, clear, image, PIXELS));
        decrypted(&exact_net, &exact_keys, logits, image);
        assert_ok(tnn_simulate(exact_net.circuit, simulated, image, PIXELS, i));
        assert_memory_equal(logits, clear, sizeof clear);
        assert_memory_equal(simulated, clear, sizeof clear);
        tnn_free(image);
    }
}

static void tolerant_logits_lie_within_their_noise(void **state) {
    (void)state;
    tnn_circuit_info info;
    tnn_circuit_describe(tolerant_net.circuit, &info);
    for (size_t i = 0; i < 20; i++) {
        uint8_t *image = random_image(tolerant_net.model);
        double clear[OUTPUTS], logits[OUTPUTS];
        assert_ok(tnn_model_predict(tolerant_net.model, clear, image, PIXELS));
        decrypted(&tolerant_net, &tolerant_keys, logits, image);
        for (size_t j = 0; j < OUTPUTS; j++) {
            assert_true(fabs(logits[j] - clear[j]) <= NOISE_DEVIATIONS * info.logit_noise);
        }
        tnn_free(image);
    }
}

/* -------------------------------------------------------------------------------------------------------- bytes -- */

static bool unwelcome(void *user, uint64_t done, uint64_t total) {
    (void)done;
    (void)total;
    *(size_t *)user += 1;
    return false;
}

/* There is nothing to make of the key that could take time. */
static void the_evaluation_key_has_no_content(void **state) {
    (void)state;
    size_t told = 0;
    tnn_keygen_options options;
    client_keys keys;
    tnn_keygen_options_default(&options);
    options.most_eval_key_bytes = 144; /* header, parameters, identity, seed */
    options.progress = unwelcome;
    options.user = &told;
    assert_ok(tnn_keygen(&keys.secret, &keys.eval, exact_net.spec, 1, &options));
    assert_int_equal(tnn_eval_key_size(keys.eval), 144);
    assert_int_equal(told, 0);
    free_client_keys(&keys);
}

static size_t give_bytes(void *user, uint8_t *out, size_t length) {
    const uint8_t **next = user;
    memcpy(out, *next, length);
    *next += length;
    return length;
}

static void the_evaluation_key_is_read_from_a_source(void **state) {
    (void)state;
    file_bytes file = saved_file(&EVAL_KEY_FORMAT, exact_keys.eval);
    const uint8_t *next = file.bytes;
    const tnn_source source = {.read = give_bytes, .user = &next, .most_bytes = 144};
    tnn_eval_key *read;
    tnn_evaluator *evaluator;
    assert_ok(tnn_eval_key_read(&read, &source));
    assert_true(next == file.bytes + file.length && tnn_key_id_equal(&read->id, &exact_keys.eval->id));
    assert_ok(tnn_evaluator_create(&evaluator, exact_net.circuit, read, 1, 1));
    tnn_evaluator_free(evaluator);
    tnn_eval_key_free(read);
    free_file(&file);
}

static void files_survive_what_they_must(void **state) {
    (void)state;
    uint8_t *image = random_image(exact_net.model);
    tnn_output *output = inferred(&exact_net, &exact_keys, image);
    const file_format *const formats[] = {&SPEC_FORMAT, &SECRET_KEY_FORMAT, &EVAL_KEY_FORMAT, &OUTPUT_FORMAT};
    const void *const objects[] = {exact_net.spec, exact_keys.secret, exact_keys.eval, output};
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        file_bytes file = saved_file(formats[i], objects[i]);
        check_round_trip(formats[i], objects[i]);
        check_truncations(formats[i], &file, 1 + file.length / 200);
        check_mutations(formats[i], &file, 128, 3000);
        free_file(&file);
    }
    tnn_output_free(output);
    tnn_free(image);
}

static void sizes_are_told_before_anything_is_made(void **state) {
    (void)state;
    uint8_t *image = random_image(exact_net.model);
    tnn_output *output = inferred(&exact_net, &exact_keys, image);
    tnn_circuit_info info;
    tnn_spec_info spec;
    tnn_circuit_describe(exact_net.circuit, &info);
    tnn_spec_describe(exact_net.spec, &spec);
    assert_true(info.eval_key_bytes == tnn_eval_key_size(exact_keys.eval) &&
                spec.eval_key_bytes == info.eval_key_bytes);
    assert_true(info.secret_key_bytes == tnn_secret_key_size(exact_keys.secret));
    assert_true(info.output_bytes == tnn_output_size(output) && spec.output_bytes == info.output_bytes);
    assert_int_equal(info.server_key_bytes, 0);
    assert_true(info.server_bytes > 0 && info.server_bytes < 1 << 20);
    tnn_output_free(output);
    tnn_free(image);
}

/* --------------------------------------------------------------------------------------------------- descriptions --
 */

static void circuits_say_that_nothing_is_bootstrapped(void **state) {
    (void)state;
    tnn_circuit_info info;
    tnn_model_info model;
    tnn_layer_info layer;
    tnn_circuit_describe(exact_net.circuit, &info);
    tnn_model_describe(exact_net.model, &model);
    assert_ok(tnn_circuit_layer(exact_net.circuit, &layer, 0));
    assert_int_equal(info.bootstraps + info.neurons + model.table_lookups + layer.bootstraps, 0);
    assert_int_equal(info.layers, 1);
    assert_true(info.exact_proven && info.circuit_error_log2 <= -38 && info.worst_position_noise == 0);
    assert_true(isfinite(info.predicted_ms) && info.predicted_ms > 0);
    assert_string_equal(tnn_params_engine(&exact_net.spec->params), "none");
    assert_status(TNN_ERR_MISUSE, tnn_circuit_layer(exact_net.circuit, &layer, 1));
    tnn_neuron_range ranges[OUTPUTS];
    assert_status(TNN_ERR_MISUSE, tnn_model_ranges(exact_net.model, ranges, 0, NULL, PIXELS, 0));
}

/* ------------------------------------------------------------------------------------------------------ belonging --
 */

static void keys_and_results_of_others_are_refused(void **state) {
    (void)state;
    client_keys others = new_client_keys(&exact_net);
    uint8_t *image = random_image(exact_net.model);
    double logits[OUTPUTS];
    tnn_evaluator *evaluator;
    tnn_output *output = inferred(&exact_net, &exact_keys, image), *none;
    tnn_input *input = encrypted_image(&exact_net, &others);
    assert_status(TNN_ERR_KEY_MISMATCH, tnn_decrypt(exact_net.spec, others.secret, logits, OUTPUTS, output));
    assert_status(TNN_ERR_PARAMS_MISMATCH, tnn_decrypt(exact_net.spec, deep_keys.secret, logits, OUTPUTS, output));
    assert_status(TNN_ERR_MODEL_MISMATCH, tnn_decrypt(deep_net.spec, deep_keys.secret, logits, OUTPUTS, output));
    assert_status(TNN_ERR_PARAMS_MISMATCH, tnn_evaluator_create(&evaluator, exact_net.circuit, deep_keys.eval, 1, 1));
    assert_status(TNN_ERR_PARAMS_MISMATCH, tnn_evaluator_create(&evaluator, deep_net.circuit, exact_keys.eval, 1, 1));
    assert_ok(tnn_evaluator_create(&evaluator, exact_net.circuit, exact_keys.eval, 1, 1));
    assert_status(TNN_ERR_KEY_MISMATCH, tnn_infer(evaluator, &none, (const tnn_input *const[]){input}, 1, NULL, NULL));
    tnn_evaluator_free(evaluator);
    tnn_input_free(input);
    tnn_output_free(output);
    tnn_free(image);
    free_client_keys(&others);
}

/* As long as a result under S would be, if there were one. */
static void results_of_another_dimension_are_malformed(void **state) {
    (void)state;
    double logits[OUTPUTS];
    tnn_output *output;
    assert_ok(tnn_output_new(&output, exact_net.spec->output_bits, OUTPUTS, 1024));
    memcpy(output->fingerprint, exact_net.spec->fingerprint, sizeof output->fingerprint);
    output->id = exact_keys.secret->id;
    assert_status(TNN_ERR_MALFORMED, tnn_decrypt(exact_net.spec, exact_keys.secret, logits, OUTPUTS, output));
    tnn_output_free(output);
}

/* What needs a ring says that there is none. */
static void the_core_refuses_what_takes_a_ring(void **state) {
    (void)state;
    const tnn_params *params = &exact_net.spec->params;
    uint32_t word[1] = {0};
    tnn_workspace *workspace;
    tnn_ggsw *ggsw;
    assert_status(TNN_ERR_MISUSE, tnn_workspace_create(&workspace, params, 1));
    assert_status(TNN_ERR_MISUSE, tnn_ggsw_encrypt(exact_keys.secret, &ggsw, true));
    assert_status(TNN_ERR_MISUSE, tnn_glwe_encrypt(exact_keys.secret, word, word));
    assert_status(TNN_ERR_MISUSE, tnn_glwe_phase(exact_keys.secret, word, word));
    assert_status(TNN_ERR_MISUSE, tnn_lwe_encrypt(exact_keys.secret, TNN_KEY_BIG, word, 0));
    assert_int_equal(tnn_params_big_dimension(params) + tnn_params_server_key_bytes(params), 0);
}

/* ----------------------------------------------------------------------------------------------------- recompiling --
 */

static void check_given_back(const deployment *d) {
    tnn_circuit *circuit;
    assert_ok(tnn_compile_for_spec(&circuit, NULL, d->model, d->spec));
    assert_memory_equal(circuit->spec.fingerprint, d->spec->fingerprint, TNN_FINGERPRINT_BYTES);
    const tnn_layer_circuit *a = &circuit->layers[0], *b = &d->circuit->layers[0];
    assert_memory_equal(a->weights, b->weights, OUTPUTS * PIXELS * sizeof *a->weights);
    assert_memory_equal(a->offsets, b->offsets, OUTPUTS * sizeof *a->offsets);
    assert_true(circuit->budget.logit_variance == d->circuit->budget.logit_variance);
    assert_int_equal(circuit->spec.output_unit, d->spec->output_unit);
    tnn_circuit_free(circuit);
}

static void specs_give_their_circuits_back(void **state) {
    (void)state;
    check_given_back(&exact_net);
    check_given_back(&tolerant_net);
}

/* A spec of this model, but with the parameters of the other kind of network. */
static void check_unsuited(const deployment *d, const deployment *other) {
    tnn_spec crossed = *d->spec;
    tnn_circuit *circuit = UNSET;
    crossed.params = other->spec->params;
    assert_ok(tnn_spec_set_fingerprint(&crossed, d->model->fingerprint));
    assert_status(TNN_ERR_MODEL_MISMATCH, tnn_compile_for_spec(&circuit, NULL, d->model, &crossed));
    assert_null(circuit);
}

static void specs_of_the_other_kind_of_parameters_are_refused(void **state) {
    (void)state;
    check_unsuited(&exact_net, &deep_net);
    check_unsuited(&deep_net, &exact_net);
}

/* ------------------------------------------------------------------------------------------------------- agreement --
 */

static void circuits_are_found_by_agreement(void **state) {
    (void)state;
    const size_t count = 200;
    uint8_t *images = new_random(count * PIXELS, 1);
    tnn_options options;
    tnn_circuit *circuit;
    tnn_options_default(&options);
    options.agreement = 0.9;
    options.images = images;
    options.image_count = count;
    options.pixels = PIXELS;
    assert_ok(tnn_compile(&circuit, NULL, tolerant_net.model, &options));
    tnn_agreement_point last;
    assert_ok(tnn_circuit_agreement(circuit, &last, tnn_circuit_agreement_points(circuit) - 1));
    assert_true(last.agreement_low >= 0.9 && last.position_noise == 0);
    tnn_circuit_free(circuit);
    tnn_free(images);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_logits_are_the_clear_ones),
        cmocka_unit_test(tolerant_logits_lie_within_their_noise),
        cmocka_unit_test(the_evaluation_key_has_no_content),
        cmocka_unit_test(the_evaluation_key_is_read_from_a_source),
        cmocka_unit_test(files_survive_what_they_must),
        cmocka_unit_test(sizes_are_told_before_anything_is_made),
        cmocka_unit_test(circuits_say_that_nothing_is_bootstrapped),
        cmocka_unit_test(keys_and_results_of_others_are_refused),
        cmocka_unit_test(results_of_another_dimension_are_malformed),
        cmocka_unit_test(the_core_refuses_what_takes_a_ring),
        cmocka_unit_test(specs_give_their_circuits_back),
        cmocka_unit_test(specs_of_the_other_kind_of_parameters_are_refused),
        cmocka_unit_test(circuits_are_found_by_agreement),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
