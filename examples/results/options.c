#include "results/options.h"

#include <stdint.h>
#include <stdio.h>

#include "common/command_line.h"
#include "common/machine.h"
#include "medmnist/options.h"

static const char HELP[] =
    "usage: results [OPTION]...\n"
    "\n"
    "Runs every shipped model over its whole test split, in the clear, simulated and encrypted, and prints a table.\n"
    "\n"
    "  --data DIR       folder of the .npz files (default: $MEDMNIST_ROOT, then ~/.medmnist)\n"
    "  --only NAME      measure this model alone; the others keep their earlier figures\n"
    "  --render-only    measure nothing\n"
    "  --keys COUNT     fresh keys, 1 to 64 (default: 3)\n"
    "  --threads COUNT  1 to 256 (default: online processors)\n"
    "  --limit COUNT    only the first images; the table says how many\n"
    "  --measured DIR   folder of the figures, a file a model (default: the source tree's)\n"
    "  --readme FILE    put the table between this file's lines <!-- results --> and <!-- /results -->\n"
    "  --cards FILE     write the model cards\n"
    "  --help           print this\n";

enum option_key { DATA = 1, ONLY, RENDER_ONLY, KEYS, THREADS, LIMIT, MEASURED, README, CARDS, HELP_WANTED };

static const struct option LONG_OPTIONS[] = {
    {"data", required_argument, NULL, DATA},
    {"only", required_argument, NULL, ONLY},
    {"render-only", no_argument, NULL, RENDER_ONLY},
    {"keys", required_argument, NULL, KEYS},
    {"threads", required_argument, NULL, THREADS},
    {"limit", required_argument, NULL, LIMIT},
    {"measured", required_argument, NULL, MEASURED},
    {"readme", required_argument, NULL, README},
    {"cards", required_argument, NULL, CARDS},
    {"help", no_argument, NULL, HELP_WANTED},
    {NULL, 0, NULL, 0},
};

void results_options_print_help(void) {
    fputs(HELP, stdout);
}

static bool apply_option(results_options *chosen, int key, const char *value) {
    switch (key) {
    case DATA: chosen->data_folder = value; return true;
    case ONLY: chosen->only = value; return true;
    case RENDER_ONLY: chosen->render_only = true; return true;
    case KEYS: return parse_count(&chosen->keys, "--keys", value, 1, OPTIONS_MOST_KEYS);
    case THREADS: return parse_count(&chosen->threads, "--threads", value, 1, MOST_THREADS);
    case LIMIT: return parse_count(&chosen->limit, "--limit", value, 1, SIZE_MAX);
    case MEASURED: chosen->measured = value; return true;
    case README: chosen->readme = value; return true;
    case CARDS: chosen->cards = value; return true;
    case HELP_WANTED: chosen->help = true; return true;
    default: return false;
    }
}

bool results_options_parse(results_options *chosen, int argc, char **argv) {
    *chosen = (results_options){
        .measured = EXAMPLES_RESULTS "/measured", .keys = 3, .threads = machine_cores(), .limit = SIZE_MAX};
    int key;
    while ((key = next_option(argc, argv, LONG_OPTIONS)) != OPTIONS_END) {
        if (!apply_option(chosen, key, optarg)) {
            return false;
        }
    }
    return true;
}
