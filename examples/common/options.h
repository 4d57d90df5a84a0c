/* options.h: what programs that compile a model and look at its images are told: medmnist and explain. */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/compile.h"

typedef struct options {
    const char *json_path; /* NULL where no JSON is wanted */
    const char *place;     /* --data as it was given, or NULL */
    const char *split;     /* NULL until the program chooses */
    char *set;             /* owned */
    char *data_path;       /* of the .npz file, owned; options_find_data fills it */
    char *model_path;      /* owned */
    size_t limit;          /* the most images that are looked at */
    size_t runs;           /* simulated evaluations of each image; 0: none */
    size_t threads, batch, keys;
    bool simulate_only;
    compile_choice compile;
} options;

/** --model, --data, --set, --split, --limit, --json and those of a compilation, for a program's argp_children. */
extern const struct argp_child options_children[];

/** Hands a program's input on to the children; for ARGP_KEY_INIT. */
void options_start_children(struct argp_state *state, options *chosen);

/** Fills data_path from place and set, and set from place where it is not given. On failure reports. */
bool options_find_data(options *chosen, const char *default_set);

/** Whether the file of --json, where there is one, may be written: once the inputs are read, before work begins. */
bool options_check_json(const options *chosen);

void options_free(options *chosen);

#endif
