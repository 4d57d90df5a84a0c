/*
 * explain: prints the plan that the library makes for a model: parameters, noise against its budget, proofs, bytes,
 * time. No key is made and nothing is encrypted.
 *
 * options.c reads the command line, plan.c asks the library, print.c and plan_json.c say what it answered.
 */
#include <stdlib.h>

#include "common/report.h"
#include "explain/options.h"
#include "explain/plan.h"
#include "explain/plan_json.h"
#include "explain/print.h"

static bool run(const options *chosen) {
    if (chosen->help) {
        options_print_help();
        return true;
    }
    plan made;
    bool done = plan_make(&made, chosen);
    if (done) {
        plan_print(&made, chosen);
        done = plan_write_json(&made, chosen);
    }
    plan_free(&made);
    return done;
}

int main(int argc, char **argv) {
    options chosen;
    bool done = options_parse(&chosen, argc, argv) && run(&chosen) && output_written();
    options_free(&chosen);
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
