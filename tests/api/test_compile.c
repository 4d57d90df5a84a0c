#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "circuit.h"
#include "deployment.h"
#include "lower.h"
#include "objects.h"
#include "testing.h"

/* ------------------------------------------------------------------------------------------------------ options -- */

static void defaults_are_the_documented_ones(void **state) {
    (void)state;
    tnn_options options;
    tnn_options_default(&options);
    assert_int_equal(options.security, TNN_SECURITY_128_MARGIN);
    assert_int_equal(options.precision, TNN_PRECISION_TOLERANT);
    assert_true(options.position_noise == 0.015);
    assert_true(options.logit_noise == 0.05);
    assert_true(options.log2_lookup_error == -40);
}

static void check_compile_refused(const tnn_model *model, const tnn_options *options, tnn_status expected) {
    tnn_circuit *circuit = UNSET;
    assert_status(expected, tnn_compile(&circuit, NULL, model, options));
    assert_null(circuit);
}

static void check_position_noise_refused(const tnn_model *model, double noise) {
    tnn_options options;
    tnn_options_default(&options);
    options.position_noise = noise;
    check_compile_refused(model, &options, TNN_ERR_MISUSE);
}

static void check_logit_noise_refused(const tnn_model *model, double noise) {
    tnn_options options;
    tnn_options_default(&options);
    options.logit_noise = noise;
    check_compile_refused(model, &options, TNN_ERR_MISUSE);
}

static void check_lookup_error_refused(const tnn_model *model, double log2_error) {
    tnn_options options;
    tnn_options_default(&options);
    options.log2_lookup_error = log2_error;
    check_compile_refused(model, &options, TNN_ERR_MISUSE);
}

static void options_outside_their_range_are_misuse(void **state) {
    (void)state;
    const double noises[] = {0, -0.01, 0.25, 1, INFINITY, -INFINITY, NAN};
    const double logit_noises[] = {0, -0.1, -INFINITY, NAN};
    const double errors[] = {0, -0.5, 40, -256.5, INFINITY, -INFINITY, NAN};
    const network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    for (size_t i = 0; i < COUNT_OF(noises); i++) {
        check_position_noise_refused(model, noises[i]);
        check_lookup_error_refused(model, errors[i]);
    }
    for (size_t i = 0; i < COUNT_OF(logit_noises); i++) {
        check_logit_noise_refused(model, logit_noises[i]);
    }
    tnn_options options;
    tnn_options_default(&options);
    options.security = (tnn_security)2;
    check_compile_refused(model, &options, TNN_ERR_MISUSE);
    tnn_options_default(&options);
    options.precision = (tnn_precision)2;
    check_compile_refused(model, &options, TNN_ERR_MISUSE);
    check_compile_refused(NULL, NULL, TNN_ERR_MISUSE);
    assert_status(TNN_ERR_MISUSE, tnn_compile(NULL, NULL, model, NULL));
    tnn_model_free(model);
}

static void options_at_their_ends_are_taken(void **state) {
    (void)state;
    network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    tnn_circuit *circuit;
    const tnn_options loosest = {
        .security = TNN_SECURITY_128, .position_noise = 0.2499, .logit_noise = 1e300, .log2_lookup_error = -1};
    const tnn_options strictest = {.position_noise = 1e-300, .logit_noise = 1e-300, .log2_lookup_error = -256};
    assert_ok(tnn_compile(&circuit, NULL, model, &loosest));
    tnn_circuit_free(circuit);
    tnn_circuit_free(NULL);
    check_compile_refused(model, &strictest, TNN_ERR_UNSATISFIABLE);
    tnn_model_free(model);
}

/* ------------------------------------------------------------------------------------------------------ refusals -- */

static tnn_options default_options(void) {
    tnn_options options;
    tnn_options_default(&options);
    return options;
}

/* A refusal in place of rubbish, ended inside its sentence. */
static tnn_refusal refused(tnn_status expected, tnn_obstacle obstacle, const tnn_model *model,
                           const tnn_options *options) {
    tnn_circuit *circuit = UNSET;
    tnn_refusal refusal;
    memset(&refusal, 'x', sizeof refusal);
    assert_status(expected, tnn_compile(&circuit, &refusal, model, options));
    assert_null(circuit);
    assert_non_null(memchr(refusal.sentence, 0, sizeof refusal.sentence));
    assert_int_equal(refusal.obstacle, obstacle);
    return refusal;
}

static void assert_sentence_names(const tnn_refusal *refusal, uint32_t layer, const char *what, uint32_t neuron) {
    char name[64];
    snprintf(name, sizeof name, "layer %u, %s %u: ", layer, what, neuron);
    assert_int_equal(refusal->layer, layer);
    assert_int_equal(refusal->neuron, neuron);
    assert_true(strncmp(refusal->sentence, name, strlen(name)) == 0);
    assert_null(strstr(refusal->sentence, "inf"));
    assert_null(strstr(refusal->sentence, "nan"));
}

static void noise_is_refused_with_what_is_least(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    tnn_options options = default_options();
    options.position_noise = 1e-6;
    tnn_refusal refusal = refused(TNN_ERR_UNSATISFIABLE, TNN_OBSTACLE_NOISE, model, &options);
    assert_sentence_names(&refusal, 0, "neuron", refusal.neuron);
    assert_true(refusal.asked == 1e-6 && refusal.reachable > 1e-6 && refusal.neuron < shape.neurons);
    options = default_options();
    options.logit_noise = 1e-9;
    refusal = refused(TNN_ERR_UNSATISFIABLE, TNN_OBSTACLE_NOISE, model, &options);
    assert_sentence_names(&refusal, 1, "logit", refusal.neuron);
    assert_true(refusal.asked == 1e-9 && refusal.reachable > 1e-9 && refusal.neuron < shape.outputs);
    tnn_model_free(model);
}

/* Neuron 2 of layer 1 has too many accumulators for exact lookups, then for the torus, then none that it reaches. */
static void neurons_in_the_way_are_named(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.height = shape.width = shape.input_levels = 2;
    shape.table_layers = 2;
    shape.weight_magnitude = shape.table_magnitude = 1;
    shape.table_cells = 4;
    tnn_model *model = random_network(&shape);
    int32_t *range = model->layers[1].ranges + 2 * 2;
    const int16_t rising[4] = {-1, -1, 1, 1}; /* about 0, where its accumulators are however wide the range */
    memcpy(model->layers[1].tables + 2 * 4, rising, sizeof rising);
    model->layers[1].biases[2] = 0;
    tnn_options options = default_options();
    options.precision = TNN_PRECISION_EXACT;
    range[0] = -5000;
    range[1] = 5000;
    tnn_refusal refusal = refused(TNN_ERR_UNSATISFIABLE, TNN_OBSTACLE_BITS, model, &options);
    assert_sentence_names(&refusal, 1, "neuron", 2);
    assert_true(refusal.asked > refusal.reachable && refusal.asked > 13.2 && refusal.asked < 13.3);
    range[0] = INT32_MIN;
    range[1] = INT32_MAX;
    refusal = refused(TNN_ERR_UNSATISFIABLE, TNN_OBSTACLE_WIDTH, model, NULL);
    assert_sentence_names(&refusal, 1, "neuron", 2);
    assert_true(refusal.asked == 32 && refusal.reachable < 32);
    range[0] = 100000;
    range[1] = 100010;
    refusal = refused(TNN_ERR_UNSATISFIABLE, TNN_OBSTACLE_RANGE, model, NULL);
    assert_sentence_names(&refusal, 1, "neuron", 2);
    tnn_model_free(model);
}

static void whole_torus_is_refused_where_it_cannot_be(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_cells = 4;
    tnn_model *model = random_network(&shape);
    const int16_t bump[4] = {0, 1, 0, 0};
    memcpy(model->layers[0].tables, bump, sizeof bump);
    tnn_options options = default_options();
    options.whole_torus = true;
    options.logit_noise = INFINITY;
    tnn_refusal refusal = refused(TNN_ERR_UNSATISFIABLE, TNN_OBSTACLE_NOT_NEGACYCLIC, model, &options);
    assert_sentence_names(&refusal, 0, "neuron", 0);
    options.precision = TNN_PRECISION_EXACT;
    refusal = refused(TNN_ERR_MISUSE, TNN_OBSTACLE_OPTION, model, &options);
    assert_non_null(strstr(refusal.sentence, "whole_torus"));
    tnn_model_free(model);
}

static void wrong_options_are_named(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    tnn_options wrong[5];
    const char *const names[] = {"security", "precision", "position_noise", "logit_noise", "log2_lookup_error"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        wrong[i] = default_options();
    }
    wrong[0].security = (tnn_security)7;
    wrong[1].precision = (tnn_precision)7;
    wrong[2].position_noise = 0.25;
    wrong[3].logit_noise = 0;
    wrong[4].log2_lookup_error = 0;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const tnn_refusal refusal = refused(TNN_ERR_MISUSE, TNN_OBSTACLE_OPTION, model, &wrong[i]);
        assert_true(strncmp(refusal.sentence, names[i], strlen(names[i])) == 0);
    }
    tnn_model_free(model);
}

static void success_leaves_a_refusal_alone(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    tnn_circuit *circuit;
    tnn_refusal refusal;
    tnn_refusal before;
    memset(&refusal, 'x', sizeof refusal);
    memset(&before, 'x', sizeof before);
    assert_ok(tnn_compile(&circuit, &refusal, model, NULL));
    assert_memory_equal(&refusal, &before, sizeof refusal);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static void assert_fingerprints(const tnn_circuit *a, const tnn_circuit *b, bool equal) {
    assert_true((memcmp(a->spec.fingerprint, b->spec.fingerprint, TNN_FINGERPRINT_BYTES) == 0) == equal);
}

/* The same model compiled alike has one fingerprint; other options or another weight have others. */
static void fingerprint_binds_model_and_options(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    tnn_options options;
    tnn_options_default(&options);
    options.security = TNN_SECURITY_128;
    deployment d = deploy(&shape, NULL);
    tnn_circuit *again;
    tnn_circuit *otherwise;
    tnn_circuit *changed;
    assert_ok(tnn_compile(&again, NULL, d.model, NULL));
    assert_ok(tnn_compile(&otherwise, NULL, d.model, &options));
    d.model->layers[1].weights[0] ^= 2;
    d.model = through_file(d.model);
    assert_ok(tnn_compile(&changed, NULL, d.model, NULL));
    assert_fingerprints(d.circuit, again, true);
    assert_fingerprints(d.circuit, otherwise, false);
    assert_fingerprints(d.circuit, changed, false);
    tnn_circuit_free(changed);
    tnn_circuit_free(otherwise);
    tnn_circuit_free(again);
    free_deployment(&d);
}

/* ------------------------------------------------------------------------------------------------ bundled models -- */

static file_bytes read_whole_file(const char *path) {
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, 0, SEEK_END), 0);
    file_bytes file = {NULL, (size_t)ftell(stream)};
    rewind(stream);
    file.bytes = malloc(file.length);
    assert_non_null(file.bytes);
    assert_int_equal(fread(file.bytes, 1, file.length, stream), file.length);
    fclose(stream);
    return file;
}

/* An object in braces whose brackets and quotes match, with at least one "key": value. */
static void assert_looks_like_json(const char *text) {
    const size_t length = strlen(text);
    int depth = 0;
    bool in_string = false;
    assert_true(length > 2 && text[0] == '{' && text[length - 1] == '}');
    assert_non_null(strstr(text, "\":"));
    for (size_t i = 0; i < length; i++) {
        if (in_string && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (!in_string) {
            depth += (text[i] == '{' || text[i] == '[') - (text[i] == '}' || text[i] == ']');
            assert_true(depth > 0 || i + 1 == length);
        }
    }
    assert_true(depth == 0 && !in_string);
}

static void check_bundled_model(const char *path) {
    file_bytes file = read_whole_file(path);
    tnn_model *model;
    tnn_circuit *circuit;
    tnn_model_info info;
    assert_ok(tnn_model_load(&model, NULL, file.bytes, file.length));
    tnn_model_describe(model, &info);
    assert_looks_like_json(info.provenance);
    assert_ok(tnn_compile(&circuit, NULL, model, NULL));
    tnn_circuit_free(circuit);
    tnn_model_free(model);
    free_file(&file);
}

static void bundled_models_compile_with_the_defaults(void **state) {
    (void)state;
    DIR *folder = opendir(BUNDLED_MODELS);
    assert_non_null(folder);
    size_t models = 0;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        const char *end = strrchr(entry->d_name, '.');
        if (end && strcmp(end, ".tnn") == 0) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", BUNDLED_MODELS, entry->d_name);
            check_bundled_model(path);
            models++;
        }
    }
    closedir(folder);
    assert_true(models >= 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(options_outside_their_range_are_misuse),
        cmocka_unit_test(options_at_their_ends_are_taken),
        cmocka_unit_test(noise_is_refused_with_what_is_least),
        cmocka_unit_test(neurons_in_the_way_are_named),
        cmocka_unit_test(whole_torus_is_refused_where_it_cannot_be),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(success_leaves_a_refusal_alone),
        cmocka_unit_test(fingerprint_binds_model_and_options),
        cmocka_unit_test(bundled_models_compile_with_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
