/* options.h: the command line of explain. */
#ifndef EXPLAIN_OPTIONS_H
#define EXPLAIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/compile.h"

typedef struct options {
    const char *model_path;
    const char *json_path; /* NULL where no JSON is wanted */
    const char *set;       /* NULL where no data is wanted */
    const char *split;
    char *data_path; /* of the .npz file, owned; NULL where no data is wanted */
    size_t runs;     /* simulated evaluations of each image */
    compile_choice compile;
    bool help; /* asked for help: nothing else is filled in */
} options;

/** Parses the command line and fills in the defaults. On failure reports. Free with options_free either way. */
bool options_parse(options *chosen, int argc, char **argv);

void options_free(options *chosen);

/** Prints the options on stdout. */
void options_print_help(void);

#endif
