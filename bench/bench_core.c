/*
 * bench_core: times the operations of the TFHE core on one thread, beside the FFT floor of the same minutes.
 *
 * Every sample of an operation follows a sample of the floor, so that both see the same machine. All times are
 * microseconds a ciphertext.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/calibration.h"
#include "bench/circuit_file.h"
#include "bench/core_items.h"
#include "bench/document.h"
#include "bench/instructions.h"
#include "common/command_line.h"
#include "common/json_file.h"
#include "common/report.h"

enum { DEFAULT_ROUNDS = 20, MOST_ROUNDS = 10000 };

typedef struct options {
    const char *set;              /* NULL: the first */
    const char *model_path;       /* NULL: none */
    const char *json_path;        /* NULL: none */
    const char *calibration_path; /* NULL: none */
    const char *once;             /* NULL: none */
    size_t rounds;
} options;

enum option_key { SET = 1, MODEL, ROUNDS, JSON, INSTRUCTIONS, CALIBRATE, ONCE };

static const struct argp_option OPTIONS[] = {
    {"set", SET, "NAME", 0, "Parameter set, or all (default: the first shipped one)", 0},
    {"model", MODEL, "FILE", 0, "Instead of a set: the parameters to which a model compiles", 0},
    {"rounds", ROUNDS, "COUNT", 0, "Samples of each operation (default: 20)", 0},
    {"json", JSON, "FILE", 0, "Write the figures to a file too", 0},
    {"instructions", INSTRUCTIONS, "SET", 0, "portable, avx2 or avx512 (default: the processor's best)", 0},
    {"calibrate", CALIBRATE, "FILE", 0,
     "Instead: measure the constants of the library's cost model and write them as src/nn/compile/calibration.h holds "
     "them",
     0},
    {"once", ONCE, "NAME", 0, "Instead: a single run of an operation on one ciphertext, for counting instructions", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *state) {
    options *chosen = state->input;
    switch (key) {
    case SET: chosen->set = value; return 0;
    case MODEL: chosen->model_path = value; return 0;
    case ROUNDS: return option_done(parse_count(&chosen->rounds, "--rounds", value, 1, MOST_ROUNDS));
    case JSON: chosen->json_path = value; return 0;
    case INSTRUCTIONS: return option_done(instructions_choose(value));
    case CALIBRATE: chosen->calibration_path = value; return 0;
    case ONCE: chosen->once = value; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp PARSER = {
    .options = OPTIONS,
    .parser = parse_option,
    .doc = "Times the operations of the TFHE core on one thread, beside the FFT floor of the same minutes."};

static bool bench_set(cJSON *list, const char *name, const tnn_params_literal *p, size_t rounds) {
    cJSON *object = add_row(list);
    if (!add_text(object, "set", name) || !core_items_measure(object, p, rounds)) {
        return false;
    }
    printf("%s: n %u, k %u, N %u, l %u, %zu rounds\n", name, p->n, p->k, p->N, p->bs_levels, rounds);
    print_row("floor", cJSON_GetObjectItem(object, "floor"));
    print_rows("a ciphertext", cJSON_GetObjectItem(object, "items"));
    putchar('\n');
    return true;
}

/* Under the first chosen set. For a tool that counts instructions: see run-callgrind in CMakeLists.txt. */
static bool run_once(const tnn_params_literal *parameters, const char *name) {
    size_t count, found = 0;
    const core_item *items = core_items_list(&count);
    while (found < count && strcmp(items[found].name, name) != 0) {
        found++;
    }
    if (found == count || !core_item_applies(&items[found], parameters)) {
        return report_error("--once: no operation of this set is called '%s'", name);
    }
    core_fixture fixture;
    bool done = core_fixture_create(&fixture, parameters);
    if (done) {
        items[found].run(&fixture, 1);
    }
    core_fixture_free(&fixture);
    return done;
}

static bool is_chosen(const options *chosen, const tnn_shipped_params *sets, size_t index) {
    if (chosen->set == NULL) {
        return index == 0;
    }
    return strcmp(chosen->set, "all") == 0 || strcmp(chosen->set, sets[index].name) == 0;
}

static bool bench_model(cJSON *list, const options *chosen) {
    tnn_circuit *circuit;
    if (!circuit_from_file(&circuit, chosen->model_path)) {
        return false;
    }
    tnn_circuit_info info;
    tnn_circuit_describe(circuit, &info);
    tnn_circuit_free(circuit);
    if (info.bootstraps == 0) {
        return report_error("%s: its circuit bootstraps nothing; choose a model with tables", chosen->model_path);
    }
    return chosen->once != NULL ? run_once(&info.parameters, chosen->once)
                                : bench_set(list, chosen->model_path, &info.parameters, chosen->rounds);
}

static bool bench_sets(cJSON *list, const options *chosen) {
    size_t count, found = 0;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (!is_chosen(chosen, sets, i)) {
            continue;
        }
        found++;
        if (chosen->once != NULL) {
            return run_once(&sets[i].literal, chosen->once);
        }
        if (!bench_set(list, sets[i].name, &sets[i].literal, chosen->rounds)) {
            return false;
        }
    }
    return found > 0 || report_error("--set: no shipped parameter set is called '%s'", chosen->set);
}

static bool run(const options *chosen) {
    if (chosen->calibration_path != NULL) {
        return calibration_run(chosen->calibration_path, chosen->rounds);
    }
    cJSON *object = cJSON_CreateObject();
    bool (*bench)(cJSON *, const options *) = chosen->model_path != NULL ? bench_model : bench_sets;
    bool done = add_machine(object) && add_count(object, "threads", 1) &&
                bench(cJSON_AddArrayToObject(object, "sets"), chosen) &&
                (chosen->json_path == NULL || json_file_write(chosen->json_path, object));
    cJSON_Delete(object);
    return done;
}

int main(int argc, char **argv) {
    options chosen = {.rounds = DEFAULT_ROUNDS};
    bool done = command_line_parse(&PARSER, argc, argv, &chosen) && run(&chosen) && output_written();
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
