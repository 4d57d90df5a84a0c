#include "bench/footprint.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/circuit_file.h"
#include "bench/deployment.h"
#include "bench/document.h"
#include "bench/samples.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/output_file.h"
#include "common/report.h"

extern char **environ;

/* A temporary folder with what crosses to the server, and what serve_once says. */
typedef struct crossing {
    char folder[32];
    char key[48], input[48], answer[48]; /* files in it */
} crossing;

static bool make_folder(crossing *sent) {
    *sent = (crossing){.folder = "/tmp/torusnn-bench-XXXXXX"};
    if (mkdtemp(sent->folder) == NULL) {
        return report_error("/tmp: no folder can be made there; make room or check its permissions");
    }
    snprintf(sent->key, sizeof sent->key, "%s/key", sent->folder);
    snprintf(sent->input, sizeof sent->input, "%s/input", sent->folder);
    snprintf(sent->answer, sizeof sent->answer, "%s/answer", sent->folder);
    return true;
}

static void remove_folder(const crossing *sent) {
    unlink(sent->key);
    unlink(sent->input);
    unlink(sent->answer);
    rmdir(sent->folder);
}

static bool send_files(const crossing *sent, const deployment *made) {
    bytes key = {0}, input = {0};
    bool done = bytes_allocate(&key, tnn_eval_key_size(made->eval)) &&
                bytes_allocate(&input, tnn_input_size(made->inputs[0])) &&
                status_ok(tnn_eval_key_save(made->eval, key.data, key.length), "evaluation key") &&
                status_ok(tnn_input_save(made->inputs[0], input.data, input.length), "input") &&
                output_file_write(sent->key, &key) && output_file_write(sent->input, &input);
    bytes_free(&key);
    bytes_free(&input);
    return done;
}

/* Runs serve_once to its end, its stdout to the answer's file. */
static bool run_server(const crossing *sent, const char *model_path, size_t threads) {
    pid_t child = 0;
    int status = 0;
    char count[24];
    snprintf(count, sizeof count, "%zu", threads);
    const char *arguments[] = {SERVE_ONCE, model_path, sent->key, sent->input, count, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, sent->answer, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    bool started = posix_spawn(&child, SERVE_ONCE, &actions, NULL, (char *const *)arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return (started && waitpid(child, &status, 0) == child && status == 0) ||
           report_error("%s: failed; is it built?", SERVE_ONCE);
}

enum figure { KEYGEN_MS, READY_MS, FIRST_IMAGE_MS, PEAK_BYTES, OUTPUT_BYTES, FIGURES };

static bool read_answer(double *figures, const char *path) {
    FILE *answer = fopen(path, "r");
    bool done = answer != NULL && fscanf(answer, "%lf %lf %lf %lf", &figures[READY_MS], &figures[FIRST_IMAGE_MS],
                                         &figures[PEAK_BYTES], &figures[OUTPUT_BYTES]) == 4;
    if (answer != NULL) {
        fclose(answer);
    }
    return done || report_error("serve_once: did not say its figures");
}

typedef struct subject {
    const deployment *made;
    const char *model_path;
    size_t threads;
    crossing sent;
} subject;

static bool sample_set_up(void *context, size_t index, double *figures) {
    (void)index;
    const subject *timed = context;
    tnn_secret_key *secret = NULL;
    tnn_eval_key *eval = NULL;
    double start = clock_ms();
    bool done = make_keys(&secret, &eval, timed->made->circuit, timed->threads);
    figures[KEYGEN_MS] = clock_ms() - start;
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    return done && run_server(&timed->sent, timed->model_path, timed->threads) &&
           read_answer(figures, timed->sent.answer);
}

static bool add_bytes(cJSON *object, const char *name, size_t eval_key, size_t input, size_t output, size_t server) {
    cJSON *member = cJSON_AddObjectToObject(object, name);
    return add_count(member, "eval_key", eval_key) && add_count(member, "input", input) &&
           add_count(member, "output", output) && add_count(member, "server", server);
}

/* The 95th percentile of so few rounds is the most of them. */
static bool report(cJSON *object, const subject *timed, const samples *taken) {
    const tnn_circuit_info *info = &timed->made->info;
    return add_count(object, "threads", timed->threads) && add_count(object, "rounds", taken->rounds) &&
           add_bytes(object, "bytes", tnn_eval_key_size(timed->made->eval), tnn_input_size(timed->made->inputs[0]),
                     (size_t)samples_spread(taken, 0, OUTPUT_BYTES).p95,
                     (size_t)samples_spread(taken, 0, PEAK_BYTES).p95) &&
           add_bytes(object, "said_bytes", info->eval_key_bytes, info->input_bytes, info->output_bytes,
                     info->server_bytes) &&
           add_spread(object, "keygen_ms", samples_spread(taken, 0, KEYGEN_MS)) &&
           add_spread(object, "ready_ms", samples_spread(taken, 0, READY_MS)) &&
           add_spread(object, "first_image_ms", samples_spread(taken, 0, FIRST_IMAGE_MS));
}

static bool measure(cJSON *object, subject *timed, samples *taken) {
    if (!make_folder(&timed->sent)) {
        return false;
    }
    bool done = send_files(&timed->sent, timed->made) &&
                samples_take(taken, timed->made->floor, sample_set_up, timed) && report(object, timed, taken);
    remove_folder(&timed->sent);
    return done;
}

bool footprint_measure(cJSON *object, const char *model_path, size_t threads, size_t rounds) {
    tnn_circuit *circuit = NULL;
    deployment made = {0};
    subject timed = {.made = &made, .model_path = model_path, .threads = threads};
    samples taken = {.rounds = rounds, .subjects = 1, .figures = FIGURES};
    bool done = circuit_from_file(&circuit, model_path) && deployment_create(&made, circuit, 1, 1) &&
                measure(object, &timed, &taken);
    samples_free(&taken);
    deployment_free(&made);
    return done;
}
