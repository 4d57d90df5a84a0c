/*
 * bench_report: measures everything that docs/BENCH.md says and prints it as one JSON document; progress on stderr.
 */
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "circuit.h"

#include "bench/circuit_file.h"
#include "bench/core_items.h"
#include "bench/document.h"
#include "bench/footprint.h"
#include "bench/growth.h"
#include "bench/latency.h"
#include "bench/synthetic_network.h"
#include "common/command_line.h"
#include "common/json_file.h"
#include "common/machine.h"
#include "common/report.h"

static const char FAST_NET[] = "pneumoniamnist";
static const char WIDE_NET[] = "784-392-2 (synthetic)";
static const synthetic_shape WIDE_SHAPE = {.inputs = 784, .neurons = 392, .table_layers = 1, .outputs = 2};
static const synthetic_shape SCALING_SHAPE = {.inputs = 784, .neurons = 16, .table_layers = 1, .outputs = 2};
static const double LATENCY_MS = 8e3; /* what all rounds of a model may take about */

typedef struct options {
    const char *out; /* NULL: stdout */
    const char *models;
    size_t threads;
    bool quick;
} options;

enum option_key { OUT = 1, MODELS, THREADS, QUICK };

static const struct argp_option OPTIONS[] = {
    {"out", OUT, "FILE", 0, "Write the figures there (default: stdout)", 0},
    {"models", MODELS, "DIR", 0, "Folder of models (default: the bundled ones)", 0},
    {"threads", THREADS, "COUNT", 0, "The most threads to try, after 1, 2, 4 ... (default: online processors)", 0},
    {"quick", QUICK, 0, 0, "Fewer rounds and smaller networks: a test of the program, no figures", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *state) {
    options *chosen = state->input;
    switch (key) {
    case OUT: chosen->out = value; return 0;
    case MODELS: chosen->models = value; return 0;
    case THREADS: return option_done(parse_count(&chosen->threads, "--threads", value, 1, MOST_THREADS));
    case QUICK: chosen->quick = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp PARSER = {.options = OPTIONS,
                                   .parser = parse_option,
                                   .doc = "Measures everything that docs/BENCH.md says and prints it as JSON."};

/* Samples of each figure. */
typedef struct round_counts {
    size_t core, latency, scaling, growth, footprint;
} round_counts;

static const round_counts FULL_ROUNDS = {.core = 12, .latency = 25, .scaling = 150, .growth = 15, .footprint = 5};
static const round_counts QUICK_ROUNDS = {.core = 2, .latency = 3, .scaling = 3, .growth = 1, .footprint = 1};

/* What the measurements share. */
typedef struct session {
    const options *chosen;
    const round_counts *rounds;
    char fast_path[PATH_MAX];      /* model file of the fast net */
    tnn_params_literal parameters; /* of the fast net */
} session;

/* The circuit is freed here. */
static bool measure_latency(cJSON *object, const session *at, tnn_circuit *circuit, size_t rounds) {
    const latency_plan plan = {.threads = at->chosen->threads,
                               .rounds = rounds,
                               .all_ms = LATENCY_MS,
                               .images = {1, LATENCY_FULL},
                               .image_count = 2};
    deployment made = {0};
    bool done = deployment_create(&made, circuit, 0, at->chosen->threads) && latency_measure(object, &made, &plan);
    deployment_free(&made);
    return done;
}

static bool measure_model(cJSON *list, const session *at, const char *name, tnn_circuit *circuit) {
    cJSON *row = add_row(list);
    fprintf(stderr, "%s\n", name);
    return add_text(row, "name", name) && add_text(row, "lookups", circuit->spec.exact ? "exact" : "tolerant") &&
           measure_latency(row, at, circuit, at->rounds->latency);
}

static bool measure_file(cJSON *list, const session *at, const char *path) {
    tnn_circuit *circuit = NULL;
    const char *base = strrchr(path, '/') + 1;
    char *name = strndup(base, strcspn(base, "."));
    bool done = (name != NULL || report_out_of_memory()) && circuit_from_file(&circuit, path) &&
                measure_model(list, at, name, circuit);
    free(name);
    return done;
}

/* The fast net first, the synthetic one last. */
static bool measure_models(cJSON *list, const session *at) {
    char pattern[PATH_MAX];
    glob_t found;
    tnn_circuit *wide = NULL;
    snprintf(pattern, sizeof pattern, "%s/*.tnn", at->chosen->models);
    if (glob(pattern, 0, NULL, &found) != 0) {
        return report_error("%s: holds no model (*.tnn)", at->chosen->models);
    }
    bool done = measure_file(list, at, at->fast_path);
    for (size_t i = 0; i < found.gl_pathc && done; i++) {
        done = strcmp(found.gl_pathv[i], at->fast_path) == 0 || measure_file(list, at, found.gl_pathv[i]);
    }
    globfree(&found);
    return done && synthetic_circuit(&wide, &WIDE_SHAPE, &at->parameters) && measure_model(list, at, WIDE_NET, wide);
}

static bool measure_scaling(cJSON *object, const session *at) {
    tnn_circuit *circuit = NULL;
    fputs("threads\n", stderr);
    return synthetic_circuit(&circuit, &SCALING_SHAPE, &at->parameters) &&
           measure_latency(object, at, circuit, at->rounds->scaling);
}

static bool choose_fast_net(session *at) {
    tnn_circuit *circuit = NULL;
    snprintf(at->fast_path, sizeof at->fast_path, "%s/%s.tnn", at->chosen->models, FAST_NET);
    bool done = circuit_from_file(&circuit, at->fast_path);
    if (done) {
        at->parameters = circuit->spec.params.literal;
    }
    tnn_circuit_free(circuit);
    return done;
}

static bool measure(cJSON *object, session *at) {
    const round_counts *rounds = at->rounds;
    fputs("sizes and set-up, operations of the core\n", stderr);
    return add_machine(object) && cJSON_AddBoolToObject(object, "quick", at->chosen->quick) != NULL &&
           footprint_measure(cJSON_AddObjectToObject(object, "footprint"), at->fast_path, at->chosen->threads,
                             rounds->footprint) &&
           core_items_measure(cJSON_AddObjectToObject(object, "core"), &at->parameters, rounds->core) &&
           measure_models(cJSON_AddArrayToObject(object, "models"), at) &&
           measure_scaling(cJSON_AddObjectToObject(object, "scaling"), at) &&
           growth_measure(cJSON_AddArrayToObject(object, "growth"), &at->parameters, rounds->growth, at->chosen->quick);
}

static bool print(const cJSON *object) {
    char *text = cJSON_Print(object);
    bool done = text != NULL ? puts(text) >= 0 : report_out_of_memory();
    cJSON_free(text);
    return done;
}

static bool run(const options *chosen) {
    session at = {.chosen = chosen, .rounds = chosen->quick ? &QUICK_ROUNDS : &FULL_ROUNDS};
    cJSON *object = cJSON_CreateObject();
    bool done = choose_fast_net(&at) && measure(object, &at) &&
                (chosen->out == NULL ? print(object) : json_file_write(chosen->out, object));
    cJSON_Delete(object);
    return done;
}

int main(int argc, char **argv) {
    options chosen = {.models = EXAMPLES_MODELS, .threads = machine_cores()};
    bool done = command_line_parse(&PARSER, argc, argv, &chosen) && run(&chosen) && output_written();
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
