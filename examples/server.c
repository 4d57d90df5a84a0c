/*
 * server: owns the model. Evaluates it on encrypted images; cannot decrypt anything.
 *
 * It exchanges files with the program `client`. The model file never leaves this side; a spec says nothing of its
 * weights.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <torusnn/torusnn.h>

#include "common/bytes.h"
#include "common/command_line.h"
#include "common/compile.h"
#include "common/machine.h"
#include "common/model_file.h"
#include "common/object_file.h"
#include "common/output_file.h"
#include "common/report.h"
#include "common/verbs.h"

/* Both verbs compile for the precision that the model's file states: a spec fits every later circuit of it. */
static bool compile_file(tnn_circuit **circuit, const char *model_path) {
    tnn_model *model = NULL;
    bool compiled = model_file_load(&model, model_path) && compile_model(circuit, model, NULL, model_path);
    tnn_model_free(model);
    return compiled;
}

/* For tnn_source: what the library asks for comes from the file, and an error of the file ends it. */
static size_t read_descriptor(void *user, uint8_t *out, size_t length) {
    const int descriptor = *(const int *)user;
    ssize_t count;
    do {
        count = read(descriptor, out, length);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? 0 : (size_t)count;
}

/* Tens of megabytes, which go straight to where the key has them. */
static bool load_eval_key(tnn_eval_key **eval, const char *path) {
    int descriptor = object_file_open(path, "E");
    if (descriptor < 0) {
        return false;
    }
    const tnn_source source = {.read = read_descriptor, .user = &descriptor};
    bool loaded = status_ok(tnn_eval_key_read(eval, &source), path);
    close(descriptor);
    return loaded;
}

static bool load_input(tnn_input **input, const char *path) {
    bytes contents = {0};
    bool loaded = object_file_read(&contents, path, "I") &&
                  status_ok(tnn_input_load(input, contents.data, contents.length), path);
    bytes_free(&contents);
    return loaded;
}

static bool save_spec(const char *path, const tnn_spec *spec) {
    bytes contents = {0};
    bool saved = bytes_allocate(&contents, tnn_spec_size(spec)) &&
                 status_ok(tnn_spec_save(spec, contents.data, contents.length), path) &&
                 output_file_write(path, &contents);
    bytes_free(&contents);
    return saved;
}

static bool save_output(const char *path, const tnn_output *output) {
    bytes contents = {0};
    bool saved = bytes_allocate(&contents, tnn_output_size(output)) &&
                 status_ok(tnn_output_save(output, contents.data, contents.length), path) &&
                 output_file_write(path, &contents);
    bytes_free(&contents);
    return saved;
}

static bool write_spec(const char *const *values) {
    const char *model_path = values[0], *out_path = values[1];
    tnn_circuit *circuit = NULL;
    tnn_spec *spec = NULL;
    bool done = output_file_check(out_path, OUTPUT_SHARED) && compile_file(&circuit, model_path) &&
                status_ok(tnn_circuit_spec(&spec, circuit), model_path) && save_spec(out_path, spec);
    tnn_spec_free(spec);
    tnn_circuit_free(circuit);
    return done;
}

static bool create_evaluator(tnn_evaluator **evaluator, const tnn_circuit *circuit, const char *key_path,
                             unsigned threads) {
    tnn_eval_key *eval = NULL;
    bool created = load_eval_key(&eval, key_path) &&
                   status_ok(tnn_evaluator_create(evaluator, circuit, eval, threads, 1), key_path);
    tnn_eval_key_free(eval);
    return created;
}

static bool infer_one(tnn_output **output, tnn_evaluator *evaluator, const char *in_path) {
    tnn_input *input = NULL;
    bool inferred = load_input(&input, in_path) &&
                    status_ok(tnn_infer(evaluator, output, (const tnn_input *const[]){input}, 1, NULL, NULL), in_path);
    tnn_input_free(input);
    return inferred;
}

static bool infer(const char *const *values) {
    const char *model_path = values[0], *key_path = values[1], *in_path = values[2], *out_path = values[3];
    size_t threads = machine_cores();
    tnn_circuit *circuit = NULL;
    tnn_evaluator *evaluator = NULL;
    tnn_output *output = NULL;
    bool done = (values[4] == NULL || parse_count(&threads, "--threads", values[4], 1, MOST_THREADS)) &&
                output_file_check(out_path, OUTPUT_SHARED) && compile_file(&circuit, model_path) &&
                create_evaluator(&evaluator, circuit, key_path, (unsigned)threads) &&
                infer_one(&output, evaluator, in_path) && save_output(out_path, output);
    tnn_output_free(output);
    tnn_evaluator_free(evaluator);
    tnn_circuit_free(circuit);
    return done;
}

static const verb VERBS[] = {
    {.name = "spec",
     .help = "Writes what a client must know to make keys and encrypt: no weights.",
     .options = {{.name = "model", .value = "FILE", .help = "Model"},
                 {.name = "out", .value = "FILE", .help = "Spec, for clients"}},
     .run = write_spec},
    {.name = "infer",
     .help = "Evaluates the model on an encrypted image with the client's evaluation key.",
     .options =
         {{.name = "model", .value = "FILE", .help = "Model"},
          {.name = "key", .value = "FILE", .help = "The client's evaluation key"},
          {.name = "in", .value = "FILE", .help = "Encrypted image"},
          {.name = "out", .value = "FILE", .help = "Encrypted logits, for the client"},
          {.name = "threads", .value = "COUNT", .help = "1 to 256 (default: online processors)", .optional = true}},
     .run = infer},
};

int main(int argc, char **argv) {
    return verbs_main(VERBS, sizeof VERBS / sizeof VERBS[0],
                      "Owns the model: evaluates it on encrypted images, and cannot decrypt anything.", argc, argv);
}
