/*
 * test_exact_network [IMAGES]: the bundled exact net, truly encrypted, with every hidden activation as a logit of its
 * own beside the net's. All must equal the integer reference. IMAGES is a file of raw images, 784 bytes each; without
 * it a few random ones are taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "memory.h"
#include "model.h"
#include "testing.h"

#include <torusnn/torusnn.h>

static tnn_contradiction found; /* what the last check said */

#define RANDOM_IMAGES 6u
#define MOST_BYTES ((size_t)1 << 24)

static const char *images_path;

static uint8_t *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = new_array(MOST_BYTES, 1);
    assert_non_null(file);
    *length = fread(bytes, 1, MOST_BYTES, file);
    assert_true(feof(file) && !ferror(file));
    assert_int_equal(fclose(file), 0);
    return bytes;
}

/* The last layer gets a row of its own for each of its inputs, in front of the rows it has. */
static void show_hidden_activations(tnn_model *model) {
    tnn_layer *last = &model->layers[model->layer_count - 1];
    tnn_layer shown = {.inputs = last->inputs, .neurons = last->inputs + last->neurons};
    assert_ok(tnn_layer_allocate(&shown));
    for (size_t i = 0; i < last->inputs; i++) {
        shown.weights[i * last->inputs + i] = 1;
    }
    memcpy(shown.weights + (size_t)last->inputs * last->inputs, last->weights,
           (size_t)last->neurons * last->inputs * sizeof *last->weights);
    memcpy(shown.biases + last->inputs, last->biases, last->neurons * sizeof *last->biases);
    tnn_free(last->weights);
    tnn_free(last->biases);
    *last = shown;
    tnn_readout_release(&model->readout);
    assert_ok(tnn_readout_allocate(&model->readout, last->neurons, 0));
    assert_ok(tnn_model_check(model, &found));
}

static tnn_model *exact_model(void) {
    size_t length;
    tnn_model *model;
    uint8_t *bytes = read_file(BUNDLED_MODELS "/breastmnist-exact.tnn", &length);
    assert_ok(tnn_model_load(&model, NULL, bytes, length));
    show_hidden_activations(model);
    tnn_free(bytes);
    return model;
}

typedef struct deployed {
    tnn_model *model;
    tnn_circuit *circuit;
    tnn_spec *spec;
    tnn_secret_key *secret;
    tnn_evaluator *evaluator;
} deployed;

static deployed deploy_exact(void) {
    deployed d = {.model = exact_model()};
    tnn_eval_key *eval;
    tnn_options options;
    tnn_options_default(&options);
    options.precision = TNN_PRECISION_EXACT;
    assert_ok(tnn_compile(&d.circuit, NULL, d.model, &options));
    assert_ok(tnn_circuit_spec(&d.spec, d.circuit));
    assert_ok(tnn_keygen(&d.secret, &eval, d.spec, 2, NULL));
    assert_ok(tnn_evaluator_create(&d.evaluator, d.circuit, eval, 2, 1));
    tnn_eval_key_free(eval);
    return d;
}

static void free_deployed(deployed *d) {
    tnn_evaluator_free(d->evaluator);
    tnn_secret_key_free(d->secret);
    tnn_spec_free(d->spec);
    tnn_circuit_free(d->circuit);
    tnn_model_free(d->model);
}

static void check_image(const deployed *d, const uint8_t *image) {
    const size_t pixels = tnn_model_pixels(d->model);
    const size_t outputs = tnn_model_outputs(d->model);
    double *expected = new_array(outputs, sizeof *expected);
    double *logits = new_array(outputs, sizeof *logits);
    tnn_input *input;
    tnn_output *output;
    assert_ok(tnn_model_predict(d->model, expected, image, pixels));
    assert_ok(tnn_encrypt(&input, d->spec, d->secret, image, pixels));
    const tnn_input *inputs[] = {input};
    assert_ok(tnn_infer(d->evaluator, &output, inputs, 1, NULL, NULL));
    assert_ok(tnn_decrypt(d->spec, d->secret, logits, outputs, output));
    for (size_t i = 0; i < outputs; i++) {
        assert_true(logits[i] == expected[i]);
    }
    tnn_output_free(output);
    tnn_input_free(input);
    tnn_free(logits);
    tnn_free(expected);
}

static void every_activation_and_logit_is_the_references(void **state) {
    (void)state;
    deployed d = deploy_exact();
    const size_t pixels = tnn_model_pixels(d.model);
    size_t length = RANDOM_IMAGES * pixels;
    uint8_t *images = images_path ? read_file(images_path, &length) : new_random(RANDOM_IMAGES, pixels);
    assert_int_equal(length % pixels, 0);
    for (size_t i = 0; i < length / pixels; i++) {
        check_image(&d, images + i * pixels);
    }
    print_message("%zu images, %zu values each\n", length / pixels, tnn_model_outputs(d.model));
    tnn_free(images);
    free_deployed(&d);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_activation_and_logit_is_the_references),
    };
    images_path = argc > 1 ? argv[1] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
