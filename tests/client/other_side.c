/*
 * The server of the test, with the whole library:
 *
 *   other_side spec MODEL SPEC EXPECTED        writes the spec and the logits of the image in the clear
 *   other_side infer MODEL EVAL INPUT OUTPUT   evaluates
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <torusnn/torusnn.h>

#include "files.h"
#include "image.h"

static tnn_circuit *compile(tnn_model **model, const char *path) {
    tnn_circuit *circuit;
    blob bytes = read_blob(path);
    must(tnn_model_load(model, NULL, bytes.data, bytes.length), path);
    must(tnn_compile(&circuit, NULL, *model, NULL), "compile");
    free(bytes.data);
    return circuit;
}

static void write_clear_logits(const tnn_model *model, const char *path) {
    tnn_model_info info;
    tnn_model_describe(model, &info);
    const size_t pixels = (size_t)info.height * info.width * info.channels;
    uint8_t *image = drawn_image(pixels);
    double *logits = calloc(info.outputs, sizeof *logits);
    FILE *file = fopen(path, "w");
    must(tnn_model_predict(model, logits, image, pixels), "predict");
    for (uint32_t i = 0; file && i < info.outputs; i++) {
        fprintf(file, "%.17g\n", logits[i]);
    }
    if (!file || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    free(logits);
    free(image);
}

static int write_spec(char **paths) {
    tnn_model *model;
    tnn_circuit *circuit = compile(&model, paths[0]);
    tnn_spec *spec;
    must(tnn_circuit_spec(&spec, circuit), "spec");
    WRITE_OBJECT(paths[1], spec, spec);
    write_clear_logits(model, paths[2]);
    tnn_spec_free(spec);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
    return 0;
}

static int infer(char **paths) {
    tnn_model *model;
    tnn_circuit *circuit = compile(&model, paths[0]);
    tnn_eval_key *eval;
    tnn_evaluator *evaluator;
    tnn_input *input;
    tnn_output *output;
    blob eval_bytes = read_blob(paths[1]);
    blob input_bytes = read_blob(paths[2]);
    must(tnn_eval_key_load(&eval, eval_bytes.data, eval_bytes.length), paths[1]);
    must(tnn_input_load(&input, input_bytes.data, input_bytes.length), paths[2]);
    must(tnn_evaluator_create(&evaluator, circuit, eval, 2, 1), "evaluator");
    must(tnn_infer(evaluator, &output, (const tnn_input *const[]){input}, 1, NULL, NULL), "infer");
    WRITE_OBJECT(paths[3], output, output);
    free(eval_bytes.data);
    free(input_bytes.data);
    tnn_output_free(output);
    tnn_input_free(input);
    tnn_evaluator_free(evaluator);
    tnn_eval_key_free(eval);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 5) {
        return 2;
    }
    return strcmp(argv[1], "spec") == 0 ? write_spec(argv + 2) : infer(argv + 2);
}
