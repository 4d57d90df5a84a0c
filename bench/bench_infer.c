/*
 * bench_infer: times the inference of a model on drawn images, for several numbers of threads and images a call.
 *
 * Each round takes one sample of every call and, before each of them, one of the FFT floor. Times are milliseconds; the
 * floor is that of one thread, so T threads that share the work well reach a ratio of 1/T times that of one. A profile
 * of one image on one thread says where its time goes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/circuit_file.h"
#include "bench/document.h"
#include "bench/instructions.h"
#include "bench/latency.h"
#include "bench/stage_profile.h"
#include "common/command_line.h"
#include "common/json_file.h"
#include "common/machine.h"
#include "common/parameters.h"
#include "common/report.h"

enum { DEFAULT_ROUNDS = 20, MOST_ROUNDS = 10000, MOST_IMAGES = 8 };

typedef struct options {
    const char *model_path;
    const char *json_path; /* NULL: none */
    size_t threads, rounds;
    bool once;
} options;

enum option_key { MODEL = 1, THREADS, ROUNDS, JSON, INSTRUCTIONS, ONCE };

static const struct argp_option OPTIONS[] = {
    {"model", MODEL, "FILE", 0, "Model (default: the bundled one for PneumoniaMNIST)", 0},
    {"threads", THREADS, "COUNT", 0, "The most threads to try, after 1, 2, 4 ... (default: online processors)", 0},
    {"rounds", ROUNDS, "COUNT", 0, "Samples of each call (default: 20)", 0},
    {"json", JSON, "FILE", 0, "Write the figures to a file too", 0},
    {"instructions", INSTRUCTIONS, "SET", 0, "portable, avx2 or avx512 (default: the processor's best)", 0},
    {"once", ONCE, 0, 0, "Instead: a single image on one thread, for counting instructions", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *state) {
    options *chosen = state->input;
    switch (key) {
    case MODEL: chosen->model_path = value; return 0;
    case THREADS: return option_done(parse_count(&chosen->threads, "--threads", value, 1, MOST_THREADS));
    case ROUNDS: return option_done(parse_count(&chosen->rounds, "--rounds", value, 1, MOST_ROUNDS));
    case JSON: chosen->json_path = value; return 0;
    case INSTRUCTIONS: return option_done(instructions_choose(value));
    case ONCE: chosen->once = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp PARSER = {
    .options = OPTIONS, .parser = parse_option, .doc = "Latency of an image through a model, and where it goes."};

static bool measure(cJSON *object, const deployment *made, const options *chosen) {
    const latency_plan plan = {.threads = chosen->threads,
                               .rounds = chosen->rounds,
                               .all_ms = INFINITY,
                               .images = {1, 2, MOST_IMAGES},
                               .image_count = 3};
    bool done = add_machine(object) && add_text(object, "model", chosen->model_path) &&
                latency_measure(object, made, &plan) &&
                stage_profile_measure(cJSON_AddArrayToObject(object, "profile"), made, chosen->rounds);
    if (done) {
        printf("%s: %llu bootstraps an image, predicted %.2f ms\n", chosen->model_path,
               (unsigned long long)made->info.bootstraps, made->info.predicted_ms);
        parameters_print(&made->info.parameters, 19);
        print_row("floor", cJSON_GetObjectItem(object, "floor"));
        print_rows("calls", cJSON_GetObjectItem(object, "calls"));
        print_rows("one image, one thread", cJSON_GetObjectItem(object, "profile"));
    }
    return done && (chosen->json_path == NULL || json_file_write(chosen->json_path, object));
}

/* For a tool that counts instructions: see run-callgrind in CMakeLists.txt. */
static bool run_once(const deployment *made) {
    tnn_evaluator *evaluator = NULL;
    double call_ms;
    bool done = deployment_evaluator(&evaluator, made, 1) && deployment_time_call(&call_ms, made, evaluator, 1);
    tnn_evaluator_free(evaluator);
    return done;
}

static bool run(const options *chosen) {
    tnn_circuit *circuit = NULL;
    deployment made = {0};
    cJSON *object = cJSON_CreateObject();
    bool done = circuit_from_file(&circuit, chosen->model_path) &&
                deployment_create(&made, circuit, chosen->once ? 1 : MOST_IMAGES, chosen->threads) &&
                (chosen->once ? run_once(&made) : measure(object, &made, chosen));
    cJSON_Delete(object);
    deployment_free(&made);
    return done;
}

int main(int argc, char **argv) {
    options chosen = {
        .model_path = EXAMPLES_MODELS "/pneumoniamnist.tnn", .threads = machine_cores(), .rounds = DEFAULT_ROUNDS};
    bool done = command_line_parse(&PARSER, argc, argv, &chosen) && run(&chosen) && output_written();
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
