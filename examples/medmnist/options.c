#include "medmnist/options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command_line.h"
#include "common/machine.h"
#include "common/report.h"

enum { MOST_BATCH = 4096 }; /* that tnn_evaluator_create takes */

static const char HELP[] =
    "usage: medmnist [OPTION]...\n"
    "\n"
    "Evaluates a model on a MedMNIST split, every image truly encrypted, beside the clear integer reference.\n"
    "\n"
    "  --data DIR          folder of <set>.npz (default: $MEDMNIST_ROOT, then ~/.medmnist)\n"
    "  --set NAME          data set (default: pneumoniamnist)\n"
    "  --model FILE        model (default: the bundled model of the set)\n"
    "  --split NAME        train, val or test (default: test)\n"
    "  --limit COUNT       evaluate only the first images\n"
    "  --threads COUNT     1 to 256 (default: online processors)\n"
    "  --batch IMAGES      images evaluated together, 1 to 4096 (default: 1); each waits for all of them\n"
    "  --position-noise X  most noise of a table position, as a fraction of the table (default: the library's)\n"
    "  --exact             choose parameters with which every table lookup is right\n"
    "  --json FILE         write the figures to a file too\n"
    "  --help              print this\n";

/* What getopt_long returns for each option. */
enum option_key { DATA = 1, SET, MODEL, SPLIT, LIMIT, THREADS, BATCH, POSITION_NOISE, EXACT, JSON, HELP_WANTED };

static const struct option LONG_OPTIONS[] = {
    {"data", required_argument, NULL, DATA},   {"set", required_argument, NULL, SET},
    {"model", required_argument, NULL, MODEL}, {"split", required_argument, NULL, SPLIT},
    {"limit", required_argument, NULL, LIMIT}, {"threads", required_argument, NULL, THREADS},
    {"batch", required_argument, NULL, BATCH}, {"position-noise", required_argument, NULL, POSITION_NOISE},
    {"exact", no_argument, NULL, EXACT},       {"json", required_argument, NULL, JSON},
    {"help", no_argument, NULL, HELP_WANTED},  {NULL, 0, NULL, 0},
};

void options_print_help(void) {
    fputs(HELP, stdout);
}

void options_free(options *chosen) {
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

static bool parse_split(const char **split, const char *text) {
    if (strcmp(text, "train") != 0 && strcmp(text, "val") != 0 && strcmp(text, "test") != 0) {
        return report_error("--split takes train, val or test, not '%s'", text);
    }
    *split = text;
    return true;
}

/* folder holds the value of --data until the set's name is known for certain. */
static bool apply_option(options *chosen, const char **folder, int key, const char *value) {
    switch (key) {
    case DATA: *folder = value; return true;
    case SET: chosen->set = value; return true;
    case MODEL: return replace_text(&chosen->model_path, value);
    case SPLIT: return parse_split(&chosen->split, value);
    case LIMIT: return parse_count(&chosen->limit, "--limit", value, 1, SIZE_MAX);
    case THREADS: return parse_count(&chosen->threads, "--threads", value, 1, MOST_THREADS);
    case BATCH: return parse_count(&chosen->batch, "--batch", value, 1, MOST_BATCH);
    case POSITION_NOISE: return parse_real(&chosen->compile.position_noise, "--position-noise", value, 0.0, 0.25);
    case EXACT: chosen->compile.precision = TNN_PRECISION_EXACT; return true;
    case JSON: chosen->json_path = value; return true;
    case HELP_WANTED: chosen->help = true; return true;
    default: return false;
    }
}

static bool apply_options(options *chosen, const char **folder, int argc, char **argv) {
    int key;
    while ((key = next_option(argc, argv, LONG_OPTIONS)) != OPTIONS_END) {
        if (!apply_option(chosen, folder, key, optarg)) {
            return false;
        }
    }
    return true;
}

static bool format_path(char **path, int length) {
    if (length < 0) {
        *path = NULL;
        return report_out_of_memory();
    }
    return true;
}

static bool choose_data(options *chosen, const char *folder) {
    const char *root = getenv("MEDMNIST_ROOT");
    const char *home = getenv("HOME");
    folder = folder != NULL ? folder : root;
    if (folder != NULL) {
        return format_path(&chosen->data_path, asprintf(&chosen->data_path, "%s/%s.npz", folder, chosen->set));
    }
    if (home != NULL) {
        return format_path(&chosen->data_path, asprintf(&chosen->data_path, "%s/.medmnist/%s.npz", home, chosen->set));
    }
    return report_error("neither MEDMNIST_ROOT nor HOME is set; name the folder of the data with --data");
}

static bool choose_model(options *chosen) {
    if (chosen->model_path != NULL) {
        return true;
    }
    return format_path(&chosen->model_path, asprintf(&chosen->model_path, "%s/%s.tnn", EXAMPLES_MODELS, chosen->set));
}

bool options_parse(options *chosen, int argc, char **argv) {
    *chosen =
        (options){.set = "pneumoniamnist", .split = "test", .limit = SIZE_MAX, .threads = machine_cores(), .batch = 1};
    tnn_options_default(&chosen->compile);
    const char *folder = NULL;
    if (!apply_options(chosen, &folder, argc, argv)) {
        return false;
    }
    return chosen->help || (choose_data(chosen, folder) && choose_model(chosen));
}
