/* options.h: the command line of results. */
#ifndef RESULTS_OPTIONS_H
#define RESULTS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/** What is measured; texts are borrowed from the command line, NULL where not given. */
typedef struct results_options {
    const char *data_folder;
    const char *only;     /* the one model that is measured */
    const char *measured; /* folder of the measured figures */
    size_t keys, threads, limit;
} results_options;

/** Parses the command line and fills in the defaults. On failure reports. */
bool results_options_parse(results_options *chosen, int argc, char **argv);

#endif
