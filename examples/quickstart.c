/*
 * quickstart [MODEL]: classify an image that the computing side cannot see.
 * Everything happens in one process here; client.c and server.c do the same with the two sides apart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torusnn/torusnn.h>

#include "common/bundled_model.h"
#include "common/clock.h"
#include "common/command_line.h"
#include "common/draw.h"
#include "common/machine.h"
#include "common/model_file.h"
#include "common/report.h"

/* Says how long a step took and starts the clock of the next one. Returns whether it worked. */
static bool step(tnn_status status, const char *name, double *start) {
    printf("%-8s %9.2f ms\n", name, clock_ms() - *start);
    *start = clock_ms();
    return status_ok(status, name);
}

static void print_beside(const double *clear, const double *encrypted, size_t outputs) {
    printf("\n%-8s %9s %9s\n", "", "clear", "encrypted");
    for (size_t i = 0; i < outputs; i++) {
        printf("logit %-2zu %9.3f %9.3f\n", i, clear[i], encrypted[i]);
    }
    printf("%-8s %9zu %9zu\n", "class", tnn_class_of(clear, outputs), tnn_class_of(encrypted, outputs));
}

/* The lesson. Every object that a call gives out is ours to free. */
static bool classify(const tnn_model *model, const uint8_t *image, size_t pixels, double *logits, size_t outputs) {
    tnn_circuit *circuit = NULL;
    tnn_refusal refusal = {0};
    tnn_spec *spec = NULL;
    tnn_secret_key *secret = NULL;
    tnn_eval_key *eval = NULL;
    tnn_evaluator *evaluator = NULL;
    tnn_input *input = NULL;
    tnn_output *output = NULL;
    unsigned threads = machine_cores();
    double start = clock_ms();
    bool done =
        /* Server: compile the model once. The spec tells clients how to encrypt, not what the weights are. */
        step(tnn_compile(&circuit, &refusal, model, NULL), "compile", &start) &&
        status_ok(tnn_circuit_spec(&spec, circuit), "spec") &&
        /* Client: the secret key stays, the evaluation key goes to the server, which prepares it once. */
        step(tnn_keygen(&secret, &eval, spec, threads, NULL), "keygen", &start) &&
        step(tnn_evaluator_create(&evaluator, circuit, eval, threads, 1), "prepare", &start) &&
        /* An image goes over encrypted; the server computes without the secret key; only the client can read on. */
        step(tnn_encrypt(&input, spec, secret, image, pixels), "encrypt", &start) &&
        step(tnn_infer(evaluator, &output, (const tnn_input *const[]){input}, 1, NULL, NULL), "infer", &start) &&
        step(tnn_decrypt(spec, secret, logits, outputs, output), "decrypt", &start);
    if (refusal.sentence[0] != '\0') { /* no parameters fit: which neuron stands in the way, and what would help */
        report_error("%s", refusal.sentence);
    } else if (done) {
        tnn_circuit_info info; /* known before any key exists */
        tnn_circuit_describe(circuit, &info);
        printf("\n%u bits of security, %ju bootstraps\n", info.security_bits, (uintmax_t)info.bootstraps);
        printf("bytes: key %zu, image %zu, result %zu\n", info.eval_key_bytes, info.input_bytes, info.output_bytes);
    }
    tnn_output_free(output);
    tnn_input_free(input);
    tnn_evaluator_free(evaluator);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    tnn_circuit_free(circuit);
    return done;
}

static bool run(const tnn_model *model) {
    tnn_model_info info;
    tnn_model_describe(model, &info);
    size_t pixels = (size_t)info.height * info.width * info.channels;
    uint8_t *image = malloc(pixels);
    double *clear = calloc(info.outputs, sizeof *clear);
    double *encrypted = calloc(info.outputs, sizeof *encrypted);
    bool done = (image != NULL && clear != NULL && encrypted != NULL) || report_out_of_memory();
    if (done) {
        draw_radiograph(image, info.height, info.width, info.channels, 0);
        done = classify(model, image, pixels, encrypted, info.outputs) &&
               status_ok(tnn_model_predict(model, clear, image, pixels), "the clear reference");
    }
    if (done) {
        print_beside(clear, encrypted, info.outputs);
    }
    free(encrypted);
    free(clear);
    free(image);
    return done;
}

static error_t take_model(int key, char *value, struct argp_state *state) {
    const char **path = state->input;
    if (key != ARGP_KEY_ARG || state->arg_num > 0) {
        return ARGP_ERR_UNKNOWN;
    }
    *path = value;
    return 0;
}

int main(int argc, char **argv) {
    const struct argp parser = {.parser = take_model,
                                .args_doc = "[MODEL]",
                                .doc = "Classifies an image that the computing side cannot see, with a bundled model "
                                       "or the one named."};
    const char *named = NULL;
    tnn_model *model = NULL;
    bool done = command_line_parse(&parser, argc, argv, &named);
    char *path = named != NULL ? strdup(named) : bundled_model_path("pneumoniamnist");
    done = done && path != NULL && model_file_load(&model, path) && run(model);
    tnn_model_free(model);
    free(path);
    return done && output_written() ? EXIT_SUCCESS : EXIT_REPORTED;
}
