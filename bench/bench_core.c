/*
 * bench_core: times the operations of the TFHE core on one thread, beside the FFT floor of the same minutes.
 *
 * Every sample of an operation follows a sample of the floor, so that both see the same machine. All times are
 * microseconds a ciphertext.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench_file.h"
#include "bench/calibration.h"
#include "bench/core_items.h"
#include "common/command_line.h"
#include "common/json_file.h"
#include "common/report.h"

enum { DEFAULT_ROUNDS = 20, MOST_ROUNDS = 10000 };

typedef struct options {
    const char *set;              /* NULL: the first */
    const char *json_path;        /* NULL: none */
    const char *calibration_path; /* NULL: none */
    const char *once;             /* NULL: none */
    size_t rounds;
} options;

enum option_key { SET = 1, ROUNDS, JSON, CALIBRATE, ONCE };

static const struct argp_option OPTIONS[] = {
    {"set", SET, "NAME", 0, "Parameter set, or all (default: the first shipped one)", 0},
    {"rounds", ROUNDS, "COUNT", 0, "Samples of each operation (default: 20)", 0},
    {"json", JSON, "FILE", 0, "Write the figures to a file too", 0},
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
    case ROUNDS: return option_done(parse_count(&chosen->rounds, "--rounds", value, 1, MOST_ROUNDS));
    case JSON: chosen->json_path = value; return 0;
    case CALIBRATE: chosen->calibration_path = value; return 0;
    case ONCE: chosen->once = value; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp PARSER = {
    .options = OPTIONS,
    .parser = parse_option,
    .doc = "Times the operations of the TFHE core on one thread, beside the FFT floor of the same minutes."};

/* ------------------------------------------------------------------------------------------------ measure -- */

/* All samples of one parameter set. */
typedef struct samples {
    double *items; /* [items][rounds] */
    double *floor; /* [rounds][items] */
    size_t count, rounds;
} samples;

static bool allocate_samples(samples *taken, size_t count, size_t rounds) {
    *taken = (samples){.items = calloc(count * rounds, sizeof(double)),
                       .floor = calloc(count * rounds, sizeof(double)),
                       .count = count,
                       .rounds = rounds};
    return (taken->items != NULL && taken->floor != NULL) || report_out_of_memory();
}

static void free_samples(samples *taken) {
    free(taken->items);
    free(taken->floor);
}

static void take_samples(samples *taken, const core_item *items, core_fixture *fixture) {
    const tnn_params_literal *parameters = tnn_params_get(fixture->params);
    for (size_t round = 0; round < taken->rounds; round++) {
        for (size_t i = 0; i < taken->count; i++) {
            taken->floor[round * taken->count + i] = fft_floor_sample_us(fixture->reference);
            if (core_item_applies(&items[i], parameters)) {
                taken->items[i * taken->rounds + round] = core_item_sample_us(&items[i], fixture);
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------- report -- */

static void print_heading(const tnn_shipped_params *set, spread floor) {
    double transforms = fft_floor_transforms(&set->literal);
    printf("%s: n %u, k %u, N %u, l %u\n", set->name, set->literal.n, set->literal.k, set->literal.N,
           set->literal.bs_levels);
    printf("floor: %.0f FFTs of %.3f us = %.0f us a bootstrap\n\n", transforms, floor.min, transforms * floor.min);
    printf("%-18s %5s %12s %12s %12s   %s\n", "us a ciphertext", "batch", "min", "median", "p95",
           "over floor: min, median");
}

static void print_item(const core_item *item, spread time, floor_ratio ratio) {
    printf("%-18s %5zu %12.3f %12.3f %12.3f", item->name, item->batch, time.min, time.median, time.p95);
    if (item->has_floor) {
        printf("   %11.2f %11.2f", ratio.best, ratio.median);
    }
    putchar('\n');
}

static bool add_item(cJSON *list, const core_item *item, spread time, floor_ratio ratio) {
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, object) && cJSON_AddStringToObject(object, "name", item->name) != NULL &&
           cJSON_AddNumberToObject(object, "batch", (double)item->batch) != NULL &&
           json_add_spread(object, "us", time) && (!item->has_floor || bench_add_ratio(object, ratio));
}

/* Sorts the samples. */
static bool report_set(cJSON *object, samples *taken, const core_item *items, const tnn_shipped_params *set) {
    spread floor = spread_of(taken->floor, taken->count * taken->rounds);
    print_heading(set, floor);
    bool added = cJSON_AddStringToObject(object, "set", set->name) != NULL &&
                 json_add_parameters(object, "parameters", &set->literal) &&
                 bench_add_floor(object, floor, &set->literal);
    cJSON *list = cJSON_AddArrayToObject(object, "items");
    for (size_t i = 0; i < taken->count && added; i++) {
        if (core_item_applies(&items[i], &set->literal)) {
            spread time = spread_of(taken->items + i * taken->rounds, taken->rounds);
            floor_ratio ratio = floor_ratio_of(time, floor, fft_floor_transforms(&set->literal));
            print_item(&items[i], time, ratio);
            added = add_item(list, &items[i], time, ratio);
        }
    }
    putchar('\n');
    return added || report_out_of_memory();
}

static bool bench_set(cJSON *list, const tnn_shipped_params *set, size_t rounds) {
    size_t count;
    const core_item *items = core_items_list(&count);
    core_fixture fixture = {0};
    samples taken = {0};
    cJSON *object = cJSON_CreateObject();
    bool done = (cJSON_AddItemToArray(list, object) || report_out_of_memory()) &&
                core_fixture_create(&fixture, &set->literal) && allocate_samples(&taken, count, rounds);
    if (done) {
        take_samples(&taken, items, &fixture);
        done = report_set(object, &taken, items, set);
    }
    free_samples(&taken);
    core_fixture_free(&fixture);
    return done;
}

static bool is_chosen(const options *chosen, const tnn_shipped_params *sets, size_t index) {
    if (chosen->set == NULL) {
        return index == 0;
    }
    return strcmp(chosen->set, "all") == 0 || strcmp(chosen->set, sets[index].name) == 0;
}

static bool bench_sets(cJSON *list, const options *chosen) {
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_chosen(chosen, sets, i)) {
            if (!bench_set(list, &sets[i], chosen->rounds)) {
                return false;
            }
            done++;
        }
    }
    return done > 0 || report_error("--set: no shipped parameter set is called '%s'", chosen->set);
}

static bool bench(const options *chosen) {
    processor machine = processor_describe();
    cJSON *object = cJSON_CreateObject();
    bool started = bench_add_machine(object, &machine) && cJSON_AddNumberToObject(object, "threads", 1) != NULL &&
                   cJSON_AddNumberToObject(object, "rounds", (double)chosen->rounds) != NULL;
    cJSON *list = cJSON_AddArrayToObject(object, "sets");
    printf("%s, one thread, %zu rounds\n", machine.name, chosen->rounds);
    bool done = (started || report_out_of_memory()) && bench_sets(list, chosen) &&
                (chosen->json_path == NULL || json_file_write(chosen->json_path, object));
    cJSON_Delete(object);
    return done;
}

static const core_item *find_item(const char *name) {
    size_t count;
    const core_item *items = core_items_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].name, name) == 0 && items[i].batch == 1) {
            return &items[i];
        }
    }
    report_error("--once: no operation is called '%s'", name);
    return NULL;
}

/* Under the first chosen set. For a tool that counts instructions: see run-callgrind in CMakeLists.txt. */
static bool run_once(const options *chosen) {
    size_t count, set = 0;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    const core_item *item = find_item(chosen->once);
    while (set < count && !is_chosen(chosen, sets, set)) {
        set++;
    }
    if (set == count) {
        return report_error("--set: no shipped parameter set is called '%s'", chosen->set);
    }
    core_fixture fixture = {0};
    bool done = item != NULL && core_fixture_create(&fixture, &sets[set].literal);
    if (done && core_item_applies(item, &sets[set].literal)) {
        item->run(&fixture, item->batch);
    }
    core_fixture_free(&fixture);
    return done;
}

static bool run(const options *chosen) {
    if (chosen->calibration_path != NULL) {
        return calibration_run(chosen->calibration_path, chosen->rounds);
    }
    return chosen->once != NULL ? run_once(chosen) : bench(chosen);
}

int main(int argc, char **argv) {
    options chosen = {.rounds = DEFAULT_ROUNDS};
    bool done = command_line_parse(&PARSER, argc, argv, &chosen) && run(&chosen) && output_written();
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
