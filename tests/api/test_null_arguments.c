/* What each public function answers to a NULL: one of its pointers at a time, the others as they should be.
 * null_calls.cmake holds this file against the headers, so that no function is forgotten. */
#include <math.h>
#include <string.h>

#include "deployment.h"
#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "testing.h"

#define assert_misuse(call) assert_status(TNN_ERR_MISUSE, (call))

static network_shape shape;
static deployment d;
static client_keys keys;
static tnn_evaluator *evaluator;
static tnn_input *input;
static tnn_output *output;
static uint8_t *image;
static size_t pixels;
static key_set core; /* the tiny set */
static tnn_ggsw *ggsw;
static tnn_packed *packed;
static tnn_packed_masks *masks;
static uint32_t *words; /* any ciphertext of the tiny set */
static uint32_t *other_words;
static int16_t weights[4];
static uint8_t *bytes;

static const uint32_t MESSAGES[4] = {0};

static int make_core(void) {
    const tnn_params_literal tiny = tiny_literal();
    make_keys(&core, params_of(&tiny), 1);
    assert_ok(tnn_ggsw_encrypt(core.secret, &ggsw, true));
    assert_ok(tnn_packed_encrypt(core.secret, &packed, MESSAGES, 4));
    assert_ok(tnn_packed_masks_create(&masks, core.params, 4));
    words = new_array(4 * tnn_params_glwe_words(core.params), sizeof *words);
    other_words = new_array(4 * tnn_params_glwe_words(core.params), sizeof *words);
    return 0;
}

static int make_all(void **state) {
    (void)state;
    shape = small_shape();
    d = deploy(&shape, NULL);
    keys = new_client_keys(&d);
    image = random_image(d.model);
    pixels = tnn_model_pixels(d.model);
    input = encrypted_image(&d, &keys);
    assert_ok(tnn_evaluator_create(&evaluator, d.circuit, keys.eval, 1, 1));
    assert_ok(tnn_infer(evaluator, &output, (const tnn_input *const *)&input, 1, NULL, NULL));
    bytes = new_array(tnn_eval_key_size(keys.eval), 1);
    return make_core();
}

static int free_all(void **state) {
    (void)state;
    tnn_free(bytes);
    tnn_free(other_words);
    tnn_free(words);
    tnn_packed_masks_free(masks);
    tnn_packed_free(packed);
    tnn_ggsw_free(ggsw);
    free_keys(&core);
    tnn_output_free(output);
    tnn_evaluator_free(evaluator);
    tnn_input_free(input);
    tnn_free(image);
    free_client_keys(&keys);
    free_deployment(&d);
    return 0;
}

static void nothing_is_freed(void **state) {
    (void)state;
    tnn_circuit_free(NULL);
    tnn_eval_key_free(NULL);
    tnn_evaluator_free(NULL);
    tnn_ggsw_free(NULL);
    tnn_input_free(NULL);
    tnn_model_free(NULL);
    tnn_output_free(NULL);
    tnn_packed_free(NULL);
    tnn_packed_masks_free(NULL);
    tnn_params_free(NULL);
    tnn_secret_key_free(NULL);
    tnn_server_key_free(NULL);
    tnn_spec_free(NULL);
    tnn_workspace_free(NULL);
}

/* An object output is NULL after a refusal. */
static void makers_of_the_core_refuse(void **state) {
    (void)state;
    const tnn_params_literal tiny = tiny_literal();
    void *object = UNSET;
    assert_misuse(tnn_params_create(NULL, &tiny, TNN_SECURITY_128_MARGIN));
    assert_misuse(tnn_params_create((tnn_params **)&object, NULL, TNN_SECURITY_128_MARGIN));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_secret_key_generate(NULL, core.params));
    assert_misuse(tnn_secret_key_generate((tnn_secret_key **)&object, NULL));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_eval_key_generate(NULL, core.secret, 1));
    assert_misuse(tnn_eval_key_generate((tnn_eval_key **)&object, NULL, 1));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_server_key_expand(NULL, core.eval, 1));
    assert_misuse(tnn_server_key_expand((tnn_server_key **)&object, NULL, 1));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_workspace_create(NULL, core.params, 1));
    assert_misuse(tnn_workspace_create((tnn_workspace **)&object, NULL, 1));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_ggsw_encrypt(NULL, (tnn_ggsw **)&object, true));
    assert_null(object);
    assert_misuse(tnn_ggsw_encrypt(core.secret, NULL, true));
    object = UNSET;
    assert_misuse(tnn_packed_encrypt(NULL, (tnn_packed **)&object, MESSAGES, 4));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_packed_encrypt(core.secret, (tnn_packed **)&object, NULL, 4));
    assert_null(object);
    assert_misuse(tnn_packed_encrypt(core.secret, NULL, MESSAGES, 4));
    object = UNSET;
    assert_misuse(tnn_packed_masks_create(NULL, core.params, 4));
    assert_misuse(tnn_packed_masks_create((tnn_packed_masks **)&object, NULL, 4));
    assert_null(object);
}

static void operations_of_the_core_refuse(void **state) {
    (void)state;
    assert_misuse(tnn_lwe_encrypt(NULL, TNN_KEY_BIG, words, 0));
    assert_misuse(tnn_lwe_encrypt(core.secret, TNN_KEY_BIG, NULL, 0));
    assert_misuse(tnn_glwe_encrypt(NULL, words, other_words));
    assert_misuse(tnn_glwe_encrypt(core.secret, NULL, other_words));
    assert_misuse(tnn_glwe_encrypt(core.secret, words, NULL));
    assert_misuse(tnn_glwe_phase(NULL, words, other_words));
    assert_misuse(tnn_glwe_phase(core.secret, NULL, other_words));
    assert_misuse(tnn_glwe_phase(core.secret, words, NULL));
    assert_misuse(tnn_packed_expand(NULL, packed));
    assert_misuse(tnn_packed_expand(masks, NULL));
    assert_misuse(tnn_key_switch(NULL, words, other_words));
    assert_misuse(tnn_key_switch(core.server, NULL, other_words));
    assert_misuse(tnn_key_switch(core.server, words, NULL));
}

/* Output words are as they were. */
static void assert_untouched(void) {
    for (size_t i = 0; i < tnn_params_glwe_words(core.params); i++) {
        assert_int_equal(words[i], 0x5a5a5a5a);
    }
}

static void voids_of_the_core_do_nothing(void **state) {
    (void)state;
    const uint32_t *const tests[1] = {other_words};
    const uint32_t *const no_test[1] = {NULL};
    const tnn_step_table table = {other_words, (const int32_t *)other_words, 0};
    const tnn_step_table *const tables[1] = {&table};
    const tnn_step_table *const no_table[1] = {NULL};
    tnn_workspace *w = core.workspace;
    memset(words, 0x5a, 4 * tnn_params_glwe_words(core.params) * sizeof *words);
    tnn_lwe_dot(NULL, words, other_words, weights, 1);
    tnn_lwe_dot(core.params, NULL, other_words, weights, 1);
    tnn_lwe_dot(core.params, words, NULL, weights, 1);
    tnn_lwe_dot(core.params, words, other_words, NULL, 1);
    tnn_sample_extract(NULL, words, other_words, 0);
    tnn_sample_extract(core.params, NULL, other_words, 0);
    tnn_sample_extract(core.params, words, NULL, 0);
    tnn_packed_dot(NULL, words, weights);
    tnn_packed_dot(masks, NULL, weights);
    tnn_packed_dot(masks, words, NULL);
    tnn_external_product(NULL, words, ggsw, other_words);
    tnn_external_product(w, NULL, ggsw, other_words);
    tnn_external_product(w, words, NULL, other_words);
    tnn_external_product(w, words, ggsw, NULL);
    tnn_cmux(NULL, words, ggsw, other_words, other_words);
    tnn_cmux(w, NULL, ggsw, other_words, other_words);
    tnn_cmux(w, words, NULL, other_words, other_words);
    tnn_cmux(w, words, ggsw, NULL, other_words);
    tnn_cmux(w, words, ggsw, other_words, NULL);
    tnn_modulus_switch(NULL, words, other_words);
    tnn_modulus_switch(core.params, NULL, other_words);
    tnn_modulus_switch(core.params, words, NULL);
    tnn_blind_rotate(NULL, w, words, other_words, 1);
    tnn_blind_rotate(core.server, NULL, words, other_words, 1);
    tnn_blind_rotate(core.server, w, NULL, other_words, 1);
    tnn_blind_rotate(core.server, w, words, NULL, 1);
    tnn_bootstrap(NULL, w, words, other_words, tests, 1);
    tnn_bootstrap(core.server, NULL, words, other_words, tests, 1);
    tnn_bootstrap(core.server, w, NULL, other_words, tests, 1);
    tnn_bootstrap(core.server, w, words, NULL, tests, 1);
    tnn_bootstrap(core.server, w, words, other_words, NULL, 1);
    tnn_bootstrap(core.server, w, words, other_words, no_test, 1);
    tnn_bootstrap_many(NULL, w, words, other_words, tables, 1, 2, 1);
    tnn_bootstrap_many(core.server, NULL, words, other_words, tables, 1, 2, 1);
    tnn_bootstrap_many(core.server, w, NULL, other_words, tables, 1, 2, 1);
    tnn_bootstrap_many(core.server, w, words, NULL, tables, 1, 2, 1);
    tnn_bootstrap_many(core.server, w, words, other_words, NULL, 1, 2, 1);
    tnn_bootstrap_many(core.server, w, words, other_words, no_table, 1, 2, 1);
    assert_untouched();
}

static void numbers_are_zero(void **state) {
    (void)state;
    assert_int_equal(tnn_params_batch(NULL), 0);
    assert_int_equal(tnn_params_big_dimension(NULL), 0);
    assert_int_equal(tnn_params_server_key_bytes(NULL), 0);
    assert_int_equal(tnn_params_workspace_bytes(NULL, 1), 0);
    assert_int_equal(tnn_params_packed_masks_bytes(NULL, 1), 0);
    assert_int_equal(tnn_lwe_phase(NULL, TNN_KEY_BIG, words), 0);
    assert_int_equal(tnn_lwe_phase(core.secret, TNN_KEY_BIG, NULL), 0);
    assert_int_equal(tnn_class_of(NULL, 2), 0);
    assert_int_equal(tnn_circuit_agreement_points(NULL), 0);
    assert_int_equal(tnn_spec_size(NULL), 0);
    assert_int_equal(tnn_secret_key_size(NULL), 0);
    assert_int_equal(tnn_secret_key_sealed_size(NULL), 0);
    assert_int_equal(tnn_eval_key_size(NULL), 0);
    assert_int_equal(tnn_input_size(NULL), 0);
    assert_int_equal(tnn_output_size(NULL), 0);
}

static void variances_are_not_numbers(void **state) {
    (void)state;
    const tnn_step_table table = {0};
    assert_true(isnan(tnn_variance_small(NULL)));
    assert_true(isnan(tnn_variance_external_product(NULL)));
    assert_true(isnan(tnn_variance_blind_rotation(NULL)));
    assert_true(isnan(tnn_variance_steps(NULL, &table)));
    assert_true(isnan(tnn_variance_steps(core.params, NULL)));
    assert_true(isnan(tnn_variance_key_switch(NULL)));
    assert_true(isnan(tnn_variance_modulus_switch(NULL)));
}

static void pointers_are_null(void **state) {
    (void)state;
    assert_null(tnn_params_get(NULL));
    assert_null(tnn_params_engine(NULL));
    assert_null(tnn_shipped_params_list(NULL));
    assert_null(tnn_secret_key_params(NULL));
    assert_null(tnn_eval_key_params(NULL));
    assert_null(tnn_server_key_params(NULL));
    assert_null(tnn_model_class_name(NULL, 0));
    assert_null(tnn_spec_class_name(NULL, 0));
}

static void describers_do_nothing(void **state) {
    (void)state;
    tnn_model_info model_info = {.layers = 77};
    tnn_circuit_info circuit_info = {.layers = 77};
    tnn_spec_info spec_info = {.outputs = 77};
    uint32_t height = 77;
    tnn_model_describe(NULL, &model_info);
    tnn_model_describe(d.model, NULL);
    tnn_circuit_describe(NULL, &circuit_info);
    tnn_circuit_describe(d.circuit, NULL);
    tnn_spec_describe(NULL, &spec_info);
    tnn_spec_describe(d.spec, NULL);
    tnn_spec_shape(NULL, &height, NULL, NULL, NULL);
    tnn_spec_shape(d.spec, NULL, NULL, NULL, NULL);
    tnn_options_default(NULL);
    tnn_options_for(NULL, d.model);
    tnn_keygen_options_default(NULL);
    tnn_seal_options_default(NULL);
    assert_true(model_info.layers == 77 && circuit_info.layers == 77 && spec_info.outputs == 77 && height == 77);
}

static void options_for_no_model_are_the_defaults(void **state) {
    (void)state;
    tnn_options defaults = {.position_noise = 7};
    tnn_options chosen = {.position_noise = 8};
    tnn_options_default(&defaults);
    tnn_options_for(&chosen, NULL);
    assert_true(chosen.position_noise == defaults.position_noise && chosen.max_bytes == defaults.max_bytes);
}

static void compilers_and_readers_of_models_refuse(void **state) {
    (void)state;
    void *object = UNSET;
    double logits[16];
    tnn_neuron_range *ranges = new_array(shape.neurons, sizeof *ranges);
    tnn_neuron_info *neurons = new_array(shape.neurons, sizeof *neurons);
    tnn_excursion excursion;
    tnn_layer_info layer;
    tnn_agreement_point point;
    assert_misuse(tnn_compile(NULL, NULL, d.model, NULL));
    assert_misuse(tnn_compile((tnn_circuit **)&object, NULL, NULL, NULL));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_compile_for_spec(NULL, NULL, d.model, d.spec));
    assert_misuse(tnn_compile_for_spec((tnn_circuit **)&object, NULL, NULL, d.spec));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_compile_for_spec((tnn_circuit **)&object, NULL, d.model, NULL));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_circuit_spec(NULL, d.circuit));
    assert_misuse(tnn_circuit_spec((tnn_spec **)&object, NULL));
    assert_null(object);
    assert_misuse(tnn_circuit_layer(NULL, &layer, 0));
    assert_misuse(tnn_circuit_layer(d.circuit, NULL, 0));
    assert_misuse(tnn_circuit_neurons(NULL, neurons, 0));
    assert_misuse(tnn_circuit_neurons(d.circuit, NULL, 0));
    assert_misuse(tnn_circuit_agreement(NULL, &point, 0));
    assert_misuse(tnn_circuit_agreement(d.circuit, NULL, 0));
    assert_misuse(tnn_model_predict(NULL, logits, image, pixels));
    assert_misuse(tnn_model_predict(d.model, NULL, image, pixels));
    assert_misuse(tnn_model_predict(d.model, logits, NULL, pixels));
    assert_misuse(tnn_model_ranges(NULL, ranges, 0, image, pixels, 1));
    assert_misuse(tnn_model_ranges(d.model, NULL, 0, image, pixels, 1));
    assert_misuse(tnn_model_ranges(d.model, ranges, 0, NULL, pixels, 1));
    assert_ok(tnn_model_ranges(d.model, ranges, 0, NULL, 0, 0));
    assert_misuse(tnn_circuit_excursions(NULL, &excursion, d.model, image, pixels, 1));
    assert_misuse(tnn_circuit_excursions(d.circuit, NULL, d.model, image, pixels, 1));
    assert_misuse(tnn_circuit_excursions(d.circuit, &excursion, NULL, image, pixels, 1));
    assert_misuse(tnn_circuit_excursions(d.circuit, &excursion, d.model, NULL, pixels, 1));
    assert_ok(tnn_circuit_excursions(d.circuit, &excursion, d.model, NULL, 0, 0));
    assert_misuse(tnn_simulate(NULL, logits, image, pixels, 0));
    assert_misuse(tnn_simulate(d.circuit, NULL, image, pixels, 0));
    assert_misuse(tnn_simulate(d.circuit, logits, NULL, pixels, 0));
    tnn_free(neurons);
    tnn_free(ranges);
}

static void images_that_are_counted_must_be_there(void **state) {
    (void)state;
    tnn_options options;
    void *object = UNSET;
    tnn_options_default(&options);
    options.image_count = 1;
    options.pixels = pixels;
    assert_misuse(tnn_compile((tnn_circuit **)&object, NULL, d.model, &options));
    assert_null(object);
}

static void verbs_refuse(void **state) {
    (void)state;
    void *object = UNSET;
    void *second = UNSET;
    double logits[16];
    const tnn_input *none = NULL;
    assert_misuse(tnn_keygen(NULL, (tnn_eval_key **)&second, d.spec, 1, NULL));
    assert_misuse(tnn_keygen((tnn_secret_key **)&object, NULL, d.spec, 1, NULL));
    assert_null(object);
    assert_null(second);
    object = second = UNSET;
    assert_misuse(tnn_keygen((tnn_secret_key **)&object, (tnn_eval_key **)&second, NULL, 1, NULL));
    assert_null(object);
    assert_null(second);
    object = UNSET;
    assert_misuse(tnn_encrypt(NULL, d.spec, keys.secret, image, pixels));
    assert_misuse(tnn_encrypt((tnn_input **)&object, NULL, keys.secret, image, pixels));
    assert_null(object);
    assert_misuse(tnn_encrypt((tnn_input **)&object, d.spec, NULL, image, pixels));
    assert_misuse(tnn_encrypt((tnn_input **)&object, d.spec, keys.secret, NULL, pixels));
    object = UNSET;
    assert_misuse(tnn_evaluator_create(NULL, d.circuit, keys.eval, 1, 1));
    assert_misuse(tnn_evaluator_create((tnn_evaluator **)&object, NULL, keys.eval, 1, 1));
    assert_null(object);
    assert_misuse(tnn_evaluator_create((tnn_evaluator **)&object, d.circuit, NULL, 1, 1));
    object = UNSET;
    assert_misuse(tnn_infer(NULL, (tnn_output **)&object, (const tnn_input *const *)&input, 1, NULL, NULL));
    assert_null(object);
    assert_misuse(tnn_infer(evaluator, NULL, (const tnn_input *const *)&input, 1, NULL, NULL));
    assert_misuse(tnn_infer(evaluator, (tnn_output **)&object, NULL, 1, NULL, NULL));
    assert_misuse(tnn_infer(evaluator, (tnn_output **)&object, &none, 1, NULL, NULL));
    assert_misuse(tnn_decrypt(NULL, keys.secret, logits, 16, output));
    assert_misuse(tnn_decrypt(d.spec, NULL, logits, 16, output));
    assert_misuse(tnn_decrypt(d.spec, keys.secret, NULL, 16, output));
    assert_misuse(tnn_decrypt(d.spec, keys.secret, logits, 16, NULL));
}

static void savers_refuse(void **state) {
    (void)state;
    const size_t capacity = tnn_eval_key_size(keys.eval);
    assert_misuse(tnn_spec_save(NULL, bytes, capacity));
    assert_misuse(tnn_spec_save(d.spec, NULL, capacity));
    assert_misuse(tnn_secret_key_save(NULL, bytes, capacity));
    assert_misuse(tnn_secret_key_save(keys.secret, NULL, capacity));
    assert_misuse(tnn_secret_key_seal(NULL, bytes, capacity, "passphrase", 10, NULL));
    assert_misuse(tnn_secret_key_seal(keys.secret, NULL, capacity, "passphrase", 10, NULL));
    assert_misuse(tnn_secret_key_seal(keys.secret, bytes, capacity, NULL, 10, NULL));
    assert_misuse(tnn_eval_key_save(NULL, bytes, capacity));
    assert_misuse(tnn_eval_key_save(keys.eval, NULL, capacity));
    assert_misuse(tnn_input_save(NULL, bytes, capacity));
    assert_misuse(tnn_input_save(input, NULL, capacity));
    assert_misuse(tnn_output_save(NULL, bytes, capacity));
    assert_misuse(tnn_output_save(output, NULL, capacity));
}

static void loaders_refuse(void **state) {
    (void)state;
    void *object = UNSET;
    assert_misuse(tnn_model_load(NULL, NULL, bytes, 64));
    assert_misuse(tnn_model_load((tnn_model **)&object, NULL, NULL, 64));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_spec_load(NULL, bytes, 64));
    assert_misuse(tnn_spec_load((tnn_spec **)&object, NULL, 64));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_secret_key_load(NULL, bytes, 64));
    assert_misuse(tnn_secret_key_load((tnn_secret_key **)&object, NULL, 64));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_secret_key_open(NULL, bytes, 64, "passphrase", 10));
    assert_misuse(tnn_secret_key_open((tnn_secret_key **)&object, NULL, 64, "passphrase", 10));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_secret_key_open((tnn_secret_key **)&object, bytes, 64, NULL, 10));
    assert_null(object);
    assert_false(tnn_secret_key_is_sealed(NULL, 64));
    object = UNSET;
    assert_misuse(tnn_eval_key_load(NULL, bytes, 64));
    assert_misuse(tnn_eval_key_load((tnn_eval_key **)&object, NULL, 64));
    assert_null(object);
    object = UNSET;
    const tnn_source no_source = {.read = NULL};
    assert_misuse(tnn_eval_key_read(NULL, &no_source));
    assert_misuse(tnn_eval_key_read((tnn_eval_key **)&object, NULL));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_eval_key_read((tnn_eval_key **)&object, &no_source));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_input_load(NULL, bytes, 64));
    assert_misuse(tnn_input_load((tnn_input **)&object, NULL, 64));
    assert_null(object);
    object = UNSET;
    assert_misuse(tnn_output_load(NULL, bytes, 64));
    assert_misuse(tnn_output_load((tnn_output **)&object, NULL, 64));
    assert_null(object);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_freed),
        cmocka_unit_test(makers_of_the_core_refuse),
        cmocka_unit_test(operations_of_the_core_refuse),
        cmocka_unit_test(voids_of_the_core_do_nothing),
        cmocka_unit_test(numbers_are_zero),
        cmocka_unit_test(variances_are_not_numbers),
        cmocka_unit_test(pointers_are_null),
        cmocka_unit_test(describers_do_nothing),
        cmocka_unit_test(options_for_no_model_are_the_defaults),
        cmocka_unit_test(compilers_and_readers_of_models_refuse),
        cmocka_unit_test(images_that_are_counted_must_be_there),
        cmocka_unit_test(verbs_refuse),
        cmocka_unit_test(savers_refuse),
        cmocka_unit_test(loaders_refuse),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
