#include "results/options.h"

#include <stdint.h>
#include <stdio.h>

#include "common/command_line.h"
#include "common/machine.h"
#include "medmnist/evaluation.h"

enum option_key { DATA = 1, ONLY, KEYS, THREADS, LIMIT, MEASURED };

static const struct argp_option OPTIONS[] = {
    {"data", DATA, "DIR", 0, "Folder of the .npz files (default: $MEDMNIST_ROOT, then ~/.medmnist)", 0},
    {"only", ONLY, "NAME", 0, "Measure this model alone; the others keep their earlier figures", 0},
    {"keys", KEYS, "COUNT", 0, "Fresh keys, 1 to 64 (default: 3)", 0},
    {"threads", THREADS, "COUNT", 0, "1 to 256 (default: online processors)", 0},
    {"limit", LIMIT, "COUNT", 0, "Only the first images; the figures say how many", 0},
    {"measured", MEASURED, "DIR", 0, "Folder of the figures, a file a model (default: the source tree's)", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *state) {
    results_options *chosen = state->input;
    switch (key) {
    case DATA: chosen->data_folder = value; return 0;
    case ONLY: chosen->only = value; return 0;
    case KEYS: return option_done(parse_count(&chosen->keys, "--keys", value, 1, EVALUATION_MOST_KEYS));
    case THREADS: return option_done(parse_count(&chosen->threads, "--threads", value, 1, MOST_THREADS));
    case LIMIT: return option_done(parse_count(&chosen->limit, "--limit", value, 1, SIZE_MAX));
    case MEASURED: chosen->measured = value; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp PARSER = {.options = OPTIONS,
                                   .parser = parse_option,
                                   .doc = "Runs every shipped model over its whole test split, in the clear, simulated "
                                          "and encrypted, and keeps the figures in a file each."};

bool results_options_parse(results_options *chosen, int argc, char **argv) {
    *chosen = (results_options){
        .measured = EXAMPLES_RESULTS "/measured", .keys = 3, .threads = machine_cores(), .limit = SIZE_MAX};
    return command_line_parse(&PARSER, argc, argv, chosen);
}
