#include "explain/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/command_line.h"
#include "common/report.h"
#include "common/simulation.h"
#include "common/split.h"

static const char HELP[] =
    "usage: explain --model FILE [OPTION]...\n"
    "\n"
    "Prints what encrypted inference with a model costs and promises, before any key exists. With a data set also how\n"
    "often its images leave the range of a table and how often noise changes their class.\n"
    "\n"
    "  --model FILE        model\n"
    "  --set NAME          MedMNIST data set to calibrate with\n"
    "  --data DIR          folder of <set>.npz (default: $MEDMNIST_ROOT, then ~/.medmnist)\n"
    "  --split NAME        train, val or test (default: val)\n"
    "  --runs COUNT        simulated evaluations of each image (default: 16)\n" COMPILE_HELP
    "  --json FILE         write the plan to a file too, with the range of every neuron\n"
    "  --help              print this\n"
    "\n"
    "Exits with 2 and the reason where no parameters give the precision.\n";

/* What getopt_long returns for each option. */
enum option_key { MODEL = COMPILE_KEYS_END, SET, DATA, SPLIT, RUNS, JSON, HELP_WANTED };

static const struct option LONG_OPTIONS[] = {
    {"model", required_argument, NULL, MODEL},
    {"set", required_argument, NULL, SET},
    {"data", required_argument, NULL, DATA},
    {"split", required_argument, NULL, SPLIT},
    {"runs", required_argument, NULL, RUNS},
    COMPILE_LONG_OPTIONS,
    {"json", required_argument, NULL, JSON},
    {"help", no_argument, NULL, HELP_WANTED},
    {NULL, 0, NULL, 0},
};

void options_print_help(void) {
    fputs(HELP, stdout);
}

void options_free(options *chosen) {
    free(chosen->data_path);
    *chosen = (options){0};
}

/* What is said of the data besides the set. */
typedef struct data_choice {
    const char *folder, *split;
    size_t runs;
} data_choice;

static bool apply_option(options *chosen, data_choice *data, int key, const char *value) {
    switch (key) {
    case MODEL: chosen->model_path = value; return true;
    case SET: chosen->set = value; return true;
    case DATA: data->folder = value; return true;
    case SPLIT: return split_name_parse(&data->split, value);
    case RUNS: return parse_count(&data->runs, "--runs", value, 1, SIMULATION_MOST_RUNS);
    case JSON: chosen->json_path = value; return true;
    case HELP_WANTED: chosen->help = true; return true;
    default: return compile_choice_apply(&chosen->compile, key, value);
    }
}

static bool apply_options(options *chosen, data_choice *data, int argc, char **argv) {
    int key;
    while ((key = next_option(argc, argv, LONG_OPTIONS)) != OPTIONS_END) {
        if (!apply_option(chosen, data, key, optarg)) {
            return false;
        }
    }
    return true;
}

static bool complete(options *chosen, const data_choice *data) {
    if (chosen->model_path == NULL) {
        return report_error("it needs --model; see --help");
    }
    if (chosen->set == NULL && (data->folder != NULL || data->split != NULL || data->runs > 0)) {
        return report_error("--data, --split and --runs are for the images of a set; name it with --set");
    }
    chosen->split = data->split != NULL ? data->split : "val";
    chosen->runs = data->runs > 0 ? data->runs : SIMULATION_DEFAULT_RUNS;
    return compile_choice_check(&chosen->compile) &&
           (chosen->set == NULL || split_find_file(&chosen->data_path, data->folder, chosen->set));
}

bool options_parse(options *chosen, int argc, char **argv) {
    *chosen = (options){.compile = compile_choice_default()};
    data_choice data = {0};
    return apply_options(chosen, &data, argc, argv) && (chosen->help || complete(chosen, &data));
}
