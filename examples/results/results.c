/*
 * results: runs every shipped model over its whole test split and keeps the figures in a file each.
 *
 * models.json lists the models, measurement.c runs them; tables.py makes the table of README.md and the model cards of
 * what the files hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/report.h"
#include "results/catalogue.h"
#include "results/measurement.h"
#include "results/options.h"

/* A model that a user can make has no file here. */
static bool measure(const catalogue *list, size_t index, const results_options *chosen) {
    const char *name = catalogue_name(list, index), *command = catalogue_command(list, index);
    if (command != NULL && chosen->only == NULL && !measurement_has_model(name)) {
        fprintf(stderr, "%s: does not ship; %s makes it\n", name, command);
        return true;
    }
    return measurement_run(name, chosen);
}

static bool measure_all(const catalogue *list, const results_options *chosen) {
    bool found = chosen->only == NULL;
    for (size_t i = 0; i < list->count; i++) {
        const char *name = catalogue_name(list, i);
        bool wanted = chosen->only == NULL || strcmp(chosen->only, name) == 0;
        found |= wanted;
        if (wanted && !measure(list, i, chosen)) {
            return false;
        }
    }
    return found || report_error("--only: models.json lists no '%s'", chosen->only);
}

static bool run(const results_options *chosen) {
    catalogue list = {0};
    bool done = catalogue_read(&list, EXAMPLES_RESULTS "/models.json") && measure_all(&list, chosen);
    catalogue_free(&list);
    return done;
}

int main(int argc, char **argv) {
    results_options chosen;
    bool done = results_options_parse(&chosen, argc, argv) && run(&chosen) && output_written();
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
