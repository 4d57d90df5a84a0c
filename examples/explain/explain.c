/*
 * explain: prints the plan that the library makes for a model: parameters, noise against its budget, proofs, bytes,
 * time. No key is made and nothing is encrypted.
 *
 * common/options.c and this file read the command line, plan.c asks the library, print.c and plan_json.c say what it
 * answered.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/command_line.h"
#include "common/report.h"
#include "common/simulation.h"
#include "common/split.h"
#include "explain/plan.h"
#include "explain/plan_json.h"
#include "explain/print.h"

enum key { RUNS = 1 };

static const struct argp_option OPTIONS[] = {
    {"runs", RUNS, "COUNT", 0, "Simulated evaluations of each image of the set (default: 16)", 0}, {0}};

/* Images are looked at where they are asked for. */
static bool complete(options *chosen) {
    if (chosen->model_path == NULL) {
        return report_error("it needs --model; see --help");
    }
    const bool images = chosen->set != NULL || chosen->place != NULL;
    if (!images && (chosen->split != NULL || chosen->runs > 0 || chosen->limit != SIZE_MAX)) {
        return report_error("--split, --limit and --runs are for images; name them with --set or --data");
    }
    if (images && chosen->set == NULL && !split_is_file(chosen->place)) {
        return report_error("--data names a folder; name the set in it with --set");
    }
    chosen->split = chosen->split != NULL ? chosen->split : "val";
    chosen->runs = chosen->runs > 0 ? chosen->runs : SIMULATION_DEFAULT_RUNS;
    return !images || options_find_data(chosen, "");
}

static error_t parse_option(int key, char *value, struct argp_state *state) {
    options *chosen = state->input;
    switch (key) {
    case ARGP_KEY_INIT: options_start_children(state, chosen); return 0;
    case RUNS: return option_done(parse_count(&chosen->runs, "--runs", value, 1, SIMULATION_MOST_RUNS));
    case ARGP_KEY_SUCCESS: return option_done(complete(chosen));
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp PARSER = {
    .options = OPTIONS,
    .parser = parse_option,
    .doc = "Prints what encrypted inference with a model costs and promises, before any key exists. With images also "
           "how often they leave the range of a table and how often noise changes their class.\v"
           "Exits with 2 and the reason where no parameters give the precision.",
    .children = options_children,
};

static bool run(const options *chosen) {
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
    options chosen = {.limit = SIZE_MAX};
    bool done = command_line_parse(&PARSER, argc, argv, &chosen) && run(&chosen) && output_written();
    options_free(&chosen);
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
