/*
 * medmnist: evaluates a network on a MedMNIST split, every image truly encrypted, simulated, or both.
 *
 * common/options.c and this file read the command line, common/split.c the data; deployment.c is the client and the
 * server, evaluation.c runs every image through them, summary.c says what came out.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <torusnn/torusnn.h>

#include "common/bundled_model.h"
#include "common/command_line.h"
#include "common/machine.h"
#include "common/model_file.h"
#include "common/report.h"
#include "common/simulation.h"
#include "common/split.h"
#include "medmnist/evaluation.h"
#include "medmnist/summary.h"

/* -------------------------------------------------------------------------------------------- command line -- */

enum key { THREADS = 1, KEYS, BATCH, SIMULATE, SIMULATE_ONLY };

static const struct argp_option OPTIONS[] = {
    {"threads", THREADS, "COUNT", 0, "1 to 256 (default: online processors)", 0},
    {"keys", KEYS, "COUNT", 0, "Encrypt every image under so many fresh keys, 1 to 64 (default: 1)", 0},
    {"batch", BATCH, "IMAGES", 0, "Images evaluated together, 1 to 4096 (default: 1); each waits for all of them", 0},
    {"simulate", SIMULATE, "RUNS", OPTION_ARG_OPTIONAL,
     "Also simulate the noise of encryption, RUNS times for each image (default: 16)", 0},
    {"simulate-only", SIMULATE_ONLY, 0, 0, "Simulate alone: no keys, nothing encrypted", 0},
    {0}};

static bool parse_runs(size_t *runs, const char *text) {
    *runs = SIMULATION_DEFAULT_RUNS;
    return text == NULL || parse_count(runs, "--simulate", text, 1, SIMULATION_MOST_RUNS);
}

static bool choose_model(options *chosen) {
    if (chosen->model_path == NULL) {
        chosen->model_path = bundled_model_path(chosen->set);
    }
    return chosen->model_path != NULL;
}

static bool complete(options *chosen) {
    chosen->split = chosen->split != NULL ? chosen->split : "test";
    if (chosen->simulate_only && chosen->runs == 0) {
        chosen->runs = SIMULATION_DEFAULT_RUNS;
    }
    return options_find_data(chosen, "pneumoniamnist") && choose_model(chosen);
}

static error_t parse_option(int key, char *value, struct argp_state *state) {
    options *chosen = state->input;
    switch (key) {
    case ARGP_KEY_INIT: options_start_children(state, chosen); return 0;
    case THREADS: return option_done(parse_count(&chosen->threads, "--threads", value, 1, MOST_THREADS));
    case KEYS: return option_done(parse_count(&chosen->keys, "--keys", value, 1, EVALUATION_MOST_KEYS));
    case BATCH: return option_done(parse_count(&chosen->batch, "--batch", value, 1, TNN_MAX_IMAGES));
    case SIMULATE: return option_done(parse_runs(&chosen->runs, value));
    case ARGP_KEY_ARG: /* argp takes an optional value behind '=' alone */
        return chosen->runs == 0 || state->arg_num > 0 ? ARGP_ERR_UNKNOWN
                                                       : option_done(parse_runs(&chosen->runs, value));
    case SIMULATE_ONLY: chosen->simulate_only = true; return 0;
    case ARGP_KEY_SUCCESS: return option_done(complete(chosen));
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp PARSER = {
    .options = OPTIONS,
    .parser = parse_option,
    .doc = "Evaluates a model on a MedMNIST split, every image truly encrypted, beside the clear integer reference. "
           "Without --model it is the bundled model of the set.",
    .children = options_children,
};

/* ------------------------------------------------------------------------------------------------------ run -- */

static bool evaluate(const tnn_model *model, const options *chosen) {
    tnn_model_info info;
    tnn_model_describe(model, &info);
    split data = {0};
    evaluation result;
    bool done = split_read(&data, chosen->data_path, chosen->split, &info, chosen->limit) &&
                options_check_json(chosen) && evaluation_run(&result, model, &data, chosen);
    if (done) {
        summary_print(&result, chosen);
        done = summary_write_json(&result, chosen);
    }
    split_free(&data);
    return done;
}

static bool run(const options *chosen) {
    tnn_model *model = NULL;
    bool done = model_file_load(&model, chosen->model_path) && evaluate(model, chosen);
    tnn_model_free(model);
    return done;
}

int main(int argc, char **argv) {
    options chosen = {.limit = SIZE_MAX, .threads = machine_cores(), .batch = 1, .keys = 1};
    bool done = command_line_parse(&PARSER, argc, argv, &chosen) && run(&chosen) && output_written();
    options_free(&chosen);
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
