/*
 * test_golden [print FOLDER]: files that earlier versions of the library wrote, tests/golden, load for ever and mean
 * what they meant. README.md beside them says how they were made. `print` shows what a folder's result decrypts to.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "file_formats.h"
#include "key_fixture.h"
#include "memory.h"
#include "testing.h"

#include <torusnn/torusnn.h>

#define MOST_BYTES ((size_t)4 << 20)
#define HEIGHT 28u
#define WIDTH 28u

/* A deployment of one logit on the wire, and what its result decrypted to when it was made. */
typedef struct golden {
    const char *folder;
    const char *class_name; /* of class 1; NULL: version 1 of the spec has none */
    double logit;
} golden;

static const golden GOLDEN[] = {{"1", NULL, 2.1240151394211244},
                                {"2", "pneumonia", 2.4318007547209377},
                                {"3", "normal, benign", 1.1609027323571199}};

static file_bytes read_golden(const char *folder, const char *name) {
    char path[512];
    file_bytes file = new_file(MOST_BYTES);
    assert_true(snprintf(path, sizeof path, "%s/%s/%s.tnn", GOLDEN_FILES, folder, name) < (int)sizeof path);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    file.length = fread(file.bytes, 1, MOST_BYTES, stream);
    assert_true(feof(stream) && !ferror(stream) && file.length > FILE_HEADER_BYTES);
    assert_int_equal(fclose(stream), 0);
    return file;
}

static void *load_golden(const file_format *format, const char *folder, const char *name) {
    void *object;
    file_bytes file = read_golden(folder, name);
    assert_ok(format->load(&object, file.bytes, file.length));
    free_file(&file);
    return object;
}

/* The same bytes come out again. */
static void check_saved(const file_format *format, const void *object, const char *folder, const char *name) {
    file_bytes file = read_golden(folder, name);
    file_bytes again = saved_file(format, object);
    assert_int_equal(again.length, file.length);
    assert_memory_equal(again.bytes, file.bytes, file.length);
    free_file(&again);
    free_file(&file);
}

typedef struct deployed {
    tnn_model *model;
    tnn_spec *spec;
    tnn_secret_key *secret;
    tnn_input *input;
    tnn_output *output;
} deployed;

static deployed load_all(const char *folder) {
    return (deployed){.model = load_golden(&MODEL_FORMAT, folder, "model"),
                      .spec = load_golden(&SPEC_FORMAT, folder, "spec"),
                      .secret = load_golden(&SECRET_KEY_FORMAT, folder, "secret"),
                      .input = load_golden(&INPUT_FORMAT, folder, "input"),
                      .output = load_golden(&OUTPUT_FORMAT, folder, "output")};
}

static void free_all(deployed *d) {
    tnn_model_free(d->model);
    tnn_spec_free(d->spec);
    tnn_secret_key_free(d->secret);
    tnn_input_free(d->input);
    tnn_output_free(d->output);
}

/* The image that was encrypted: README.md. */
static void draw_image(uint8_t *image) {
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x++) {
            image[y * WIDTH + x] = (uint8_t)(7 * x + 13 * y);
        }
    }
}

static double decrypted(const deployed *d, const tnn_output *output) {
    double logit;
    assert_ok(tnn_decrypt(d->spec, d->secret, &logit, 1, output));
    return logit;
}

static void results_decrypt_to_what_they_did(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(GOLDEN); i++) {
        deployed d = load_all(GOLDEN[i].folder);
        assert_true(fabs(decrypted(&d, d.output) - GOLDEN[i].logit) <= 1e-12);
        free_all(&d);
    }
}

static void objects_save_to_the_same_bytes(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(GOLDEN); i++) {
        deployed d = load_all(GOLDEN[i].folder);
        check_saved(&SECRET_KEY_FORMAT, d.secret, GOLDEN[i].folder, "secret");
        check_saved(&INPUT_FORMAT, d.input, GOLDEN[i].folder, "input");
        check_saved(&OUTPUT_FORMAT, d.output, GOLDEN[i].folder, "output");
        check_saved(&SPEC_FORMAT, d.spec, GOLDEN[i].folder, "spec");
        free_all(&d);
    }
}

static void specs_say_what_they_said(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(GOLDEN); i++) {
        deployed d = load_all(GOLDEN[i].folder);
        tnn_spec_info info;
        tnn_spec_describe(d.spec, &info);
        assert_true(info.height == HEIGHT && info.width == WIDTH && info.channels == 1 && info.outputs == 1);
        const char *name = tnn_spec_class_name(d.spec, 1);
        assert_true(GOLDEN[i].class_name ? name && strcmp(name, GOLDEN[i].class_name) == 0 : !name);
        free_all(&d);
    }
}

/* Clients' keys stay in use: a circuit for their spec evaluates an image that they encrypted then. The keys are new
 * evaluation keys of the old secret ones. 0.25 is more than the noise of the logit. */
static void old_inputs_are_evaluated_for_old_specs(void **state) {
    (void)state;
    uint8_t image[HEIGHT * WIDTH];
    draw_image(image);
    for (size_t i = 0; i < COUNT_OF(GOLDEN); i++) {
        deployed d = load_all(GOLDEN[i].folder);
        tnn_circuit *circuit;
        tnn_eval_key *eval;
        tnn_evaluator *evaluator;
        tnn_output *output;
        double clear;
        assert_ok(tnn_compile_for_spec(&circuit, NULL, d.model, d.spec));
        assert_ok(tnn_eval_key_generate(&eval, d.secret, 2));
        assert_ok(tnn_evaluator_create(&evaluator, circuit, eval, 2, 1));
        assert_ok(tnn_infer(evaluator, &output, (const tnn_input *const *)&d.input, 1, NULL, NULL));
        assert_ok(tnn_model_predict(d.model, &clear, image, sizeof image));
        print_message("version %s: in the clear %.3f, then %.3f, now %.3f\n", GOLDEN[i].folder, clear, GOLDEN[i].logit,
                      decrypted(&d, output));
        assert_true(fabs(decrypted(&d, output) - clear) < 8 * 0.25 && fabs(GOLDEN[i].logit - clear) < 8 * 0.25);
        tnn_output_free(output);
        tnn_evaluator_free(evaluator);
        tnn_eval_key_free(eval);
        tnn_circuit_free(circuit);
        free_all(&d);
    }
}

/* An evaluation key of the smallest set, and its secret key: what a key switch makes with it has the phase it had, up
 * to the stated noise, so masks come from the seed as they did. */
static void an_evaluation_key_works(void **state) {
    (void)state;
    tnn_secret_key *secret = load_golden(&SECRET_KEY_FORMAT, "eval", "secret");
    tnn_eval_key *eval = load_golden(&EVAL_KEY_FORMAT, "eval", "eval");
    tnn_server_key *server;
    const tnn_params *params = tnn_eval_key_params(eval);
    const size_t big_words = tnn_params_big_dimension(params) + 1;
    uint32_t *big = new_random(big_words, sizeof *big);
    uint32_t *small = new_array(params->literal.n + 1, sizeof *small);
    check_saved(&EVAL_KEY_FORMAT, eval, "eval", "eval");
    assert_ok(tnn_server_key_expand(&server, eval, 2));
    assert_ok(tnn_key_switch(server, small, big));
    const double change =
        torus_difference(tnn_lwe_phase(secret, TNN_KEY_SMALL, small), tnn_lwe_phase(secret, TNN_KEY_BIG, big));
    assert_true(fabs(change) <= NOISE_DEVIATIONS * sqrt(tnn_variance_key_switch(params)));
    tnn_free(small);
    tnn_free(big);
    tnn_server_key_free(server);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
}

static void a_sealed_key_opens(void **state) {
    (void)state;
    static const char PASSPHRASE[] = "golden passphrase";
    tnn_secret_key *secret;
    file_bytes file = read_golden("2", "sealed");
    assert_ok(tnn_secret_key_open(&secret, file.bytes, file.length, PASSPHRASE, sizeof PASSPHRASE - 1));
    check_saved(&SECRET_KEY_FORMAT, secret, "2", "secret");
    tnn_secret_key_free(secret);
    free_file(&file);
}

static int print_folder(const char *folder) {
    deployed d = load_all(folder);
    printf("%.17g\n", decrypted(&d, d.output));
    free_all(&d);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_decrypt_to_what_they_did), cmocka_unit_test(objects_save_to_the_same_bytes),
        cmocka_unit_test(specs_say_what_they_said),         cmocka_unit_test(old_inputs_are_evaluated_for_old_specs),
        cmocka_unit_test(an_evaluation_key_works),          cmocka_unit_test(a_sealed_key_opens),
    };
    if (argc == 3 && strcmp(argv[1], "print") == 0) {
        return print_folder(argv[2]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
