#include "medmnist/options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bundled_model.h"
#include "common/command_line.h"
#include "common/machine.h"
#include "common/report.h"
#include "common/simulation.h"
#include "common/split.h"

static const char HELP[] =
    "usage: medmnist [OPTION]...\n"
    "\n"
    "Evaluates a model on a MedMNIST split, every image truly encrypted, beside the clear integer reference.\n"
    "\n"
    "  --data PLACE        an .npz file, or the folder of <set>.npz (default: $MEDMNIST_ROOT, then ~/.medmnist)\n"
    "  --set NAME          data set (default: the name of the .npz file, or pneumoniamnist)\n"
    "  --model FILE        model (default: the bundled model of the set)\n"
    "  --split NAME        train, val or test (default: test)\n"
    "  --limit COUNT       evaluate only the first images\n"
    "  --threads COUNT     1 to 256 (default: online processors)\n"
    "  --keys COUNT        encrypt every image under so many fresh keys, 1 to 64 (default: 1)\n"
    "  --batch IMAGES      images evaluated together, 1 to 4096 (default: 1); each waits for all of them\n"
    "  --simulate [RUNS]   also simulate the noise of encryption, RUNS times for each image (default: 16)\n"
    "  --simulate-only     simulate alone: no keys, nothing encrypted\n" COMPILE_HELP
    "  --json FILE         write the figures to a file too\n"
    "  --help              print this\n";

/* What getopt_long returns for each option. */
enum option_key {
    DATA = COMPILE_KEYS_END,
    SET,
    MODEL,
    SPLIT,
    LIMIT,
    THREADS,
    BATCH,
    KEYS,
    SIMULATE,
    SIMULATE_ONLY,
    JSON,
    HELP_WANTED,
};

static const struct option LONG_OPTIONS[] = {
    {"data", required_argument, NULL, DATA},
    {"set", required_argument, NULL, SET},
    {"model", required_argument, NULL, MODEL},
    {"split", required_argument, NULL, SPLIT},
    {"limit", required_argument, NULL, LIMIT},
    {"threads", required_argument, NULL, THREADS},
    {"batch", required_argument, NULL, BATCH},
    {"keys", required_argument, NULL, KEYS},
    {"simulate", optional_argument, NULL, SIMULATE},
    {"simulate-only", no_argument, NULL, SIMULATE_ONLY},
    COMPILE_LONG_OPTIONS,
    {"json", required_argument, NULL, JSON},
    {"help", no_argument, NULL, HELP_WANTED},
    {NULL, 0, NULL, 0},
};

void options_print_help(void) {
    fputs(HELP, stdout);
}

void options_free(options *chosen) {
    free(chosen->set);
    free(chosen->data_path);
    free(chosen->model_path);
    *chosen = (options){0};
}

/* A copy in place of an earlier one. */
static bool replace_text(char **text, const char *value) {
    free(*text);
    *text = strdup(value);
    return *text != NULL || report_out_of_memory();
}

static bool parse_runs(size_t *runs, const char *text) {
    *runs = SIMULATION_DEFAULT_RUNS;
    return text == NULL || parse_count(runs, "--simulate", text, 1, SIMULATION_MOST_RUNS);
}

/* place holds the value of --data until the set's name is known for certain. */
static bool apply_option(options *chosen, const char **place, int key, const char *value) {
    switch (key) {
    case DATA: *place = value; return true;
    case SET: return replace_text(&chosen->set, value);
    case MODEL: return replace_text(&chosen->model_path, value);
    case SPLIT: return split_name_parse(&chosen->split, value);
    case LIMIT: return parse_count(&chosen->limit, "--limit", value, 1, SIZE_MAX);
    case THREADS: return parse_count(&chosen->threads, "--threads", value, 1, MOST_THREADS);
    case BATCH: return parse_count(&chosen->batch, "--batch", value, 1, TNN_MAX_IMAGES);
    case KEYS: return parse_count(&chosen->keys, "--keys", value, 1, OPTIONS_MOST_KEYS);
    case SIMULATE: return parse_runs(&chosen->runs, value);
    case SIMULATE_ONLY: chosen->simulate_only = true; return true;
    case JSON: chosen->json_path = value; return true;
    case HELP_WANTED: chosen->help = true; return true;
    default: return compile_choice_apply(&chosen->compile, key, value);
    }
}

static bool apply_options(options *chosen, const char **place, int argc, char **argv) {
    int key;
    while ((key = next_option(argc, argv, LONG_OPTIONS)) != OPTIONS_END) {
        if (!apply_option(chosen, place, key, optarg)) {
            return false;
        }
    }
    return true;
}

static bool choose_model(options *chosen) {
    if (chosen->model_path == NULL) {
        chosen->model_path = bundled_model_path(chosen->set);
    }
    return chosen->model_path != NULL;
}

static bool choose_set(options *chosen, const char *place) {
    if (chosen->set != NULL) {
        return true;
    }
    bool named = place != NULL && split_is_file(place);
    return named ? split_set_name(&chosen->set, place) : replace_text(&chosen->set, "pneumoniamnist");
}

static bool complete(options *chosen, const char *place) {
    if (chosen->simulate_only && chosen->runs == 0) {
        chosen->runs = SIMULATION_DEFAULT_RUNS;
    }
    return compile_choice_check(&chosen->compile) && choose_set(chosen, place) &&
           split_find_file(&chosen->data_path, place, chosen->set) && choose_model(chosen);
}

bool options_parse(options *chosen, int argc, char **argv) {
    *chosen = (options){.split = "test",
                        .limit = SIZE_MAX,
                        .threads = machine_cores(),
                        .batch = 1,
                        .keys = 1,
                        .compile = compile_choice_default()};
    const char *place = NULL;
    return apply_options(chosen, &place, argc, argv) && (chosen->help || complete(chosen, place));
}
