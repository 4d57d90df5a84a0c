/* options.h: the command line of medmnist. */
#ifndef MEDMNIST_OPTIONS_H
#define MEDMNIST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/compile.h"

enum { OPTIONS_MOST_KEYS = 64 };

typedef struct options {
    const char *split;
    const char *json_path; /* NULL where no JSON is wanted */
    char *set;             /* owned */
    char *data_path;       /* of the .npz file, owned */
    char *model_path;      /* owned */
    size_t limit;          /* the most images that are evaluated */
    size_t threads;
    size_t batch; /* images a tnn_infer call */
    size_t keys;  /* fresh keys, under each of which every image is encrypted; at most OPTIONS_MOST_KEYS */
    size_t runs;  /* simulated evaluations of each image; 0: none */
    bool simulate_only;
    compile_choice compile;
    bool help; /* asked for help: nothing else is filled in */
} options;

/** Parses the command line and fills in the defaults. On failure reports. Free with options_free either way. */
bool options_parse(options *chosen, int argc, char **argv);

void options_free(options *chosen);

/** Prints the options on stdout. */
void options_print_help(void);

#endif
