#include "bench/footprint.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/deployment.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/compile.h"
#include "common/model_file.h"
#include "common/output_file.h"
#include "common/report.h"

enum { MOST_ROUNDS = 32 };

extern char **environ;

/* A temporary folder with what crosses to the server. */
typedef struct crossing {
    char folder[32];
    char key[48], input[48]; /* files in it */
    bool made;
} crossing;

static bool make_folder(crossing *sent) {
    *sent = (crossing){.folder = "/tmp/torusnn-bench-XXXXXX"};
    if (mkdtemp(sent->folder) == NULL) {
        return report_error("/tmp: no folder can be made there; make room or check its permissions");
    }
    sent->made = true;
    snprintf(sent->key, sizeof sent->key, "%s/key", sent->folder);
    snprintf(sent->input, sizeof sent->input, "%s/input", sent->folder);
    return true;
}

static void remove_folder(const crossing *sent) {
    if (sent->made) {
        unlink(sent->key);
        unlink(sent->input);
        rmdir(sent->folder);
    }
}

static bool send_key(const crossing *sent, const tnn_eval_key *eval) {
    bytes contents = {0};
    bool done = bytes_allocate(&contents, tnn_eval_key_size(eval)) &&
                status_ok(tnn_eval_key_save(eval, contents.data, contents.length), "evaluation key") &&
                output_file_write(sent->key, &contents);
    bytes_free(&contents);
    return done;
}

static bool send_input(const crossing *sent, const tnn_input *input) {
    bytes contents = {0};
    bool done = bytes_allocate(&contents, tnn_input_size(input)) &&
                status_ok(tnn_input_save(input, contents.data, contents.length), "input") &&
                output_file_write(sent->input, &contents);
    bytes_free(&contents);
    return done;
}

/* What one run of serve_once says. */
typedef struct served {
    double ready_ms, image_ms;
    size_t peak_bytes;
} served;

static bool read_answer(served *said, int descriptor) {
    FILE *answer = fdopen(descriptor, "r");
    if (answer == NULL) {
        close(descriptor);
        return report_out_of_memory();
    }
    bool done = fscanf(answer, "%lf %lf %zu", &said->ready_ms, &said->image_ms, &said->peak_bytes) == 3;
    fclose(answer);
    return done;
}

static bool start_server(pid_t *child, int *answer, const char *model_path, const crossing *sent, size_t threads) {
    int ends[2];
    char count[24];
    snprintf(count, sizeof count, "%zu", threads);
    const char *arguments[] = {SERVE_ONCE, model_path, sent->key, sent->input, count, NULL};
    posix_spawn_file_actions_t actions;
    if (pipe(ends) != 0) {
        return report_error("serve_once: no pipe to it can be made");
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    int error = posix_spawn(child, SERVE_ONCE, &actions, NULL, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *answer = ends[0];
    if (error != 0) {
        close(ends[0]);
        return report_error("%s: cannot be run; build it", SERVE_ONCE);
    }
    return true;
}

static bool serve(served *said, const char *model_path, const crossing *sent, size_t threads) {
    pid_t child = 0;
    int answer = -1, status = 0;
    if (!start_server(&child, &answer, model_path, sent, threads)) {
        return false;
    }
    bool read = read_answer(said, answer);
    bool ended = waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return (read && ended) || report_error("serve_once: failed");
}

static bool time_servers(footprint_figures *figures, const char *model_path, const crossing *sent) {
    double ready_ms[MOST_ROUNDS], image_ms[MOST_ROUNDS];
    for (size_t i = 0; i < figures->rounds; i++) {
        served said = {0};
        if (!serve(&said, model_path, sent, figures->threads)) {
            return false;
        }
        ready_ms[i] = said.ready_ms;
        image_ms[i] = said.image_ms;
        figures->server_peak_bytes =
            said.peak_bytes > figures->server_peak_bytes ? said.peak_bytes : figures->server_peak_bytes;
    }
    figures->ready_ms = spread_of(ready_ms, figures->rounds);
    figures->first_image_ms = spread_of(image_ms, figures->rounds);
    return true;
}

static bool time_keygen(footprint_figures *figures, const tnn_circuit *circuit) {
    double ms[MOST_ROUNDS];
    tnn_spec *spec = NULL;
    bool done = status_ok(tnn_circuit_spec(&spec, circuit), "client spec");
    for (size_t i = 0; i < figures->rounds && done; i++) {
        tnn_secret_key *secret = NULL;
        tnn_eval_key *eval = NULL;
        double start = clock_ms();
        done = status_ok(tnn_keygen(&secret, &eval, spec, (unsigned)figures->threads, NULL), "key generation");
        ms[i] = clock_ms() - start;
        tnn_eval_key_free(eval);
        tnn_secret_key_free(secret);
    }
    if (done) {
        figures->keygen_ms = spread_of(ms, figures->rounds);
    }
    tnn_spec_free(spec);
    return done;
}

static bool measure_output(footprint_figures *figures, const deployment *made) {
    tnn_evaluator *evaluator = NULL;
    tnn_output *output = NULL;
    bool done =
        deployment_evaluator(&evaluator, made, figures->threads) &&
        status_ok(tnn_infer(evaluator, &output, (const tnn_input *const *)made->inputs, 1, NULL, NULL), "inference");
    figures->output_bytes = done ? tnn_output_size(output) : 0;
    tnn_output_free(output);
    tnn_evaluator_free(evaluator);
    return done;
}

static bool measure(footprint_figures *figures, const deployment *made, const char *model_path) {
    crossing sent = {0};
    figures->info = made->info;
    figures->eval_key_bytes = tnn_eval_key_size(made->eval);
    figures->input_bytes = tnn_input_size(made->inputs[0]);
    bool done = measure_output(figures, made) && time_keygen(figures, made->circuit) && make_folder(&sent) &&
                send_key(&sent, made->eval) && send_input(&sent, made->inputs[0]) &&
                time_servers(figures, model_path, &sent);
    remove_folder(&sent);
    return done;
}

bool footprint_measure(footprint_figures *figures, const char *model_path, size_t threads, size_t rounds) {
    *figures = (footprint_figures){.rounds = rounds < MOST_ROUNDS ? rounds : MOST_ROUNDS, .threads = threads};
    tnn_model *model = NULL;
    tnn_circuit *circuit = NULL;
    deployment made = {0};
    bool compiled = model_file_load(&model, model_path) && compile_model(&circuit, model, NULL, model_path);
    tnn_model_free(model);
    bool done = compiled && deployment_create(&made, circuit, 1) && measure(figures, &made, model_path);
    deployment_free(&made);
    return done;
}
