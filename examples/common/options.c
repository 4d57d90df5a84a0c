#include "common/options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/command_line.h"
#include "common/output_file.h"
#include "common/report.h"
#include "common/split.h"

enum data_key { MODEL = 0x200, DATA, SET, SPLIT, LIMIT, JSON };

static const struct argp_option DATA_OPTIONS[] = {
    {"model", MODEL, "FILE", 0, "Model file", 1},
    {"data", DATA, "PLACE", 0, "An .npz file, or the folder of <set>.npz (default: $MEDMNIST_ROOT, then ~/.medmnist)",
     1},
    {"set", SET, "NAME", 0, "Data set (default: the name of the .npz file)", 1},
    {"split", SPLIT, "NAME", 0, "train, val or test", 1},
    {"limit", LIMIT, "COUNT", 0, "Only the first images", 1},
    {"json", JSON, "FILE", 0, "Write the figures to a file too", 1},
    {0}};

/* A copy in place of an earlier one. */
static bool replace_text(char **text, const char *value) {
    free(*text);
    *text = strdup(value);
    return *text != NULL || report_out_of_memory();
}

static error_t parse_data_option(int key, char *value, struct argp_state *state) {
    options *chosen = state->input;
    switch (key) {
    case MODEL: return option_done(replace_text(&chosen->model_path, value));
    case DATA: chosen->place = value; return 0;
    case SET: return option_done(replace_text(&chosen->set, value));
    case SPLIT: return option_done(split_name_parse(&chosen->split, value));
    case LIMIT: return option_done(parse_count(&chosen->limit, "--limit", value, 1, SIZE_MAX));
    case JSON: chosen->json_path = value; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp DATA_ARGP = {.options = DATA_OPTIONS, .parser = parse_data_option};

const struct argp_child options_children[] = {{&DATA_ARGP, 0, NULL, 1}, {&compile_argp, 0, NULL, 2}, {0}};

void options_start_children(struct argp_state *state, options *chosen) {
    state->child_inputs[0] = chosen;
    state->child_inputs[1] = &chosen->compile;
}

bool options_find_data(options *chosen, const char *default_set) {
    if (chosen->set == NULL) {
        const bool named = chosen->place != NULL && split_is_file(chosen->place);
        if (!(named ? split_set_name(&chosen->set, chosen->place) : replace_text(&chosen->set, default_set))) {
            return false;
        }
    }
    return split_find_file(&chosen->data_path, chosen->place, chosen->set);
}

bool options_check_json(const options *chosen) {
    return chosen->json_path == NULL || output_file_check(chosen->json_path, OUTPUT_SHARED);
}

void options_free(options *chosen) {
    free(chosen->set);
    free(chosen->data_path);
    free(chosen->model_path);
    *chosen = (options){0};
}
