/*
 * bench_infer: times the inference of a model on drawn images, for every number of threads and several batches.
 *
 * Each round takes one sample of every batch and, before each of them, one of the FFT floor. Times are milliseconds;
 * the floor is that of one thread, so T threads that share the work well reach a ratio of 1/T times that of one.
 * A profile of one image on one thread says where its time goes.
 */
#include <stdio.h>
#include <stdlib.h>

#include <torusnn/torusnn.h>

#include "bench/bench_file.h"
#include "bench/deployment.h"
#include "bench/samples.h"
#include "bench/stage_profile.h"
#include "common/command_line.h"
#include "common/compile.h"
#include "common/json_file.h"
#include "common/machine.h"
#include "common/model_file.h"
#include "common/parameters.h"
#include "common/report.h"

enum { DEFAULT_ROUNDS = 20, MOST_ROUNDS = 10000, MOST_BATCH = 8 };

static const size_t BATCHES[] = {1, 2, MOST_BATCH};
enum { BATCH_COUNT = sizeof BATCHES / sizeof BATCHES[0] };

typedef struct options {
    const char *model_path;
    const char *json_path; /* NULL: none */
    size_t threads, rounds;
    bool once;
} options;

enum option_key { MODEL = 1, THREADS, ROUNDS, JSON, ONCE };

static const struct argp_option OPTIONS[] = {
    {"model", MODEL, "FILE", 0, "Model (default: the bundled one for PneumoniaMNIST)", 0},
    {"threads", THREADS, "COUNT", 0, "The most threads to try (default: online processors)", 0},
    {"rounds", ROUNDS, "COUNT", 0, "Samples of each setting (default: 20)", 0},
    {"json", JSON, "FILE", 0, "Write the figures to a file too", 0},
    {"once", ONCE, 0, 0, "Instead: a single image on one thread, for counting instructions", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *state) {
    options *chosen = state->input;
    switch (key) {
    case MODEL: chosen->model_path = value; return 0;
    case THREADS: return option_done(parse_count(&chosen->threads, "--threads", value, 1, MOST_THREADS));
    case ROUNDS: return option_done(parse_count(&chosen->rounds, "--rounds", value, 1, MOST_ROUNDS));
    case JSON: chosen->json_path = value; return 0;
    case ONCE: chosen->once = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp PARSER = {
    .options = OPTIONS, .parser = parse_option, .doc = "Latency of an image through a model, and where it goes."};

/* ------------------------------------------------------------------------------------------------ measure -- */

/* What every setting shares. */
typedef struct bench {
    deployment made;
    size_t rounds;
    double *call_ms;  /* [BATCH_COUNT][rounds] */
    double *floor_us; /* [BATCH_COUNT][rounds], one transform */
} bench;

static bool create_bench(bench *shared, const options *chosen, size_t images) {
    tnn_model *model = NULL;
    tnn_circuit *circuit = NULL;
    bool compiled =
        model_file_load(&model, chosen->model_path) && compile_model(&circuit, model, NULL, chosen->model_path);
    tnn_model_free(model);
    if (!compiled || !deployment_create(&shared->made, circuit, images)) {
        return false;
    }
    shared->rounds = chosen->rounds;
    return samples_allocate(&shared->call_ms, BATCH_COUNT * chosen->rounds) &&
           samples_allocate(&shared->floor_us, BATCH_COUNT * chosen->rounds);
}

static void free_bench(bench *shared) {
    free(shared->call_ms);
    free(shared->floor_us);
    deployment_free(&shared->made);
}

static bool take_samples(bench *shared, tnn_evaluator *evaluator) {
    bool done = true;
    for (size_t round = 0; round < shared->rounds; round++) {
        for (size_t i = 0; i < BATCH_COUNT && done; i++) {
            size_t slot = i * shared->rounds + round;
            shared->floor_us[slot] = fft_floor_sample_us(shared->made.floor);
            done = deployment_time_call(&shared->call_ms[slot], &shared->made, evaluator, BATCHES[i]);
        }
    }
    return done;
}

/* ------------------------------------------------------------------------------------------------- report -- */

/* One setting: what a call took, what that is an image, and how that compares with the floor of its bootstraps. */
typedef struct figures {
    size_t threads, batch;
    spread call_ms, image_ms;
    floor_ratio ratio;
} figures;

static figures figures_of(double *call_ms, spread floor_us, const bench *shared, size_t threads, size_t batch) {
    double images = (double)batch;
    double floor_units = deployment_transforms(&shared->made) * 1e-3;
    spread call = spread_of(call_ms, shared->rounds);
    spread image = {.min = call.min / images, .median = call.median / images, .p95 = call.p95 / images};
    return (figures){.threads = threads,
                     .batch = batch,
                     .call_ms = call,
                     .image_ms = image,
                     .ratio = floor_ratio_of(image, floor_us, floor_units)};
}

static void print_figures(const figures *got) {
    printf("%7zu %6zu %11.2f %8.2f %8.2f   %11.2f   %11.2f %11.2f\n", got->threads, got->batch, got->call_ms.min,
           got->call_ms.median, got->call_ms.p95, got->image_ms.median, got->ratio.best, got->ratio.median);
}

static bool add_figures(cJSON *list, const figures *got) {
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, object) &&
           cJSON_AddNumberToObject(object, "threads", (double)got->threads) != NULL &&
           cJSON_AddNumberToObject(object, "batch", (double)got->batch) != NULL &&
           json_add_spread(object, "call_ms", got->call_ms) && json_add_spread(object, "image_ms", got->image_ms) &&
           bench_add_ratio(object, got->ratio);
}

/* Sorts the samples. */
static bool report_samples(cJSON *runs, bench *shared, size_t threads) {
    cJSON *object = cJSON_CreateObject();
    spread floor_us = spread_of(shared->floor_us, BATCH_COUNT * shared->rounds);
    bool added = cJSON_AddItemToArray(runs, object) && bench_add_floor(object, floor_us, &shared->made.info.parameters);
    cJSON *list = cJSON_AddArrayToObject(object, "settings");
    for (size_t i = 0; i < BATCH_COUNT && added; i++) {
        figures got = figures_of(shared->call_ms + i * shared->rounds, floor_us, shared, threads, BATCHES[i]);
        print_figures(&got);
        added = add_figures(list, &got);
    }
    return added || report_out_of_memory();
}

static bool bench_threads(cJSON *runs, bench *shared, size_t threads) {
    tnn_evaluator *evaluator = NULL;
    bool done = deployment_evaluator(&evaluator, &shared->made, threads) && take_samples(shared, evaluator) &&
                report_samples(runs, shared, threads);
    tnn_evaluator_free(evaluator);
    return done;
}

/* ------------------------------------------------------------------------------------------------ profile -- */

static void print_stage(const char *name, spread time, double whole_ms, floor_ratio ratio) {
    printf("  %-18s %9.3f %9.3f %8.1f %%   %11.3f %11.3f\n", name, time.min, time.median, 100 * time.median / whole_ms,
           ratio.best, ratio.median);
}

/* What tnn_infer does besides the stages; the noise of both measurements stands in it too. */
static spread rest_of(const stage_profile *profile) {
    spread rest = profile->whole_ms;
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        rest.min -= profile->stage_ms[i].min;
        rest.median -= profile->stage_ms[i].median;
        rest.p95 -= profile->stage_ms[i].p95;
    }
    return rest;
}

static bool add_stage(cJSON *list, const char *name, spread time, floor_ratio ratio) {
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, object) && cJSON_AddStringToObject(object, "name", name) != NULL &&
           json_add_spread(object, "ms", time) && bench_add_ratio(object, ratio);
}

static bool report_stage(cJSON *list, const char *name, spread time, const stage_profile *profile, double floor_units) {
    floor_ratio ratio = floor_ratio_of(time, profile->floor_us, floor_units);
    print_stage(name, time, profile->whole_ms.median, ratio);
    return add_stage(list, name, time, ratio) || report_out_of_memory();
}

static bool report_profile(cJSON *list, const stage_profile *profile, double floor_units) {
    bool done = true;
    printf("\none image, one thread   ms: min    median    share     over floor: min, median\n");
    for (stage i = 0; i < STAGE_COUNT && done; i++) {
        done = report_stage(list, stage_name(i), profile->stage_ms[i], profile, floor_units);
    }
    return done && report_stage(list, "the rest", rest_of(profile), profile, floor_units) &&
           report_stage(list, "whole", profile->whole_ms, profile, floor_units);
}

static bool bench_profile(cJSON *object, const bench *shared) {
    stage_profile profile;
    cJSON *list = cJSON_AddArrayToObject(object, "profile");
    return stage_profile_measure(&profile, &shared->made, shared->rounds) &&
           report_profile(list, &profile, deployment_transforms(&shared->made) * 1e-3);
}

/* -------------------------------------------------------------------------------------------------- run --- */

static void print_heading(const bench *shared, const options *chosen, const processor *machine) {
    printf("%s, %zu rounds\n", machine->name, chosen->rounds);
    printf("%s: %llu bootstraps an image, predicted %.2f ms\n", chosen->model_path,
           (unsigned long long)shared->made.info.bootstraps, shared->made.info.predicted_ms);
    parameters_print(&shared->made.info.parameters, 19);
    putchar('\n');
    printf("%7s %6s   %s   %s   %s\n", "threads", "batch", "ms a call: min, median, p95", "ms an image",
           "over floor: min, median");
}

static bool describe_run(cJSON *object, const bench *shared, const options *chosen, const processor *machine) {
    bool added = bench_add_machine(object, machine) &&
                 cJSON_AddStringToObject(object, "model", chosen->model_path) != NULL &&
                 json_add_parameters(object, "parameters", &shared->made.info.parameters) &&
                 cJSON_AddNumberToObject(object, "predicted_ms", shared->made.info.predicted_ms) != NULL &&
                 cJSON_AddNumberToObject(object, "bootstraps", (double)shared->made.info.bootstraps) != NULL &&
                 cJSON_AddNumberToObject(object, "rounds", (double)chosen->rounds) != NULL;
    return added || report_out_of_memory();
}

static bool bench_all(cJSON *object, bench *shared, const options *chosen) {
    processor machine = processor_describe();
    print_heading(shared, chosen, &machine);
    bool done = describe_run(object, shared, chosen, &machine);
    cJSON *runs = cJSON_AddArrayToObject(object, "runs");
    for (size_t threads = 1; threads <= chosen->threads && done; threads++) {
        done = bench_threads(runs, shared, threads);
    }
    done = done && bench_profile(object, shared);
    return done && (chosen->json_path == NULL || json_file_write(chosen->json_path, object));
}

static bool run(const options *chosen) {
    bench shared = {0};
    cJSON *object = cJSON_CreateObject();
    bool done = create_bench(&shared, chosen, MOST_BATCH) && bench_all(object, &shared, chosen);
    cJSON_Delete(object);
    free_bench(&shared);
    return done;
}

/* For a tool that counts instructions: see run-callgrind in CMakeLists.txt. */
static bool run_once(const options *chosen) {
    bench shared = {0};
    tnn_evaluator *evaluator = NULL;
    double call_ms;
    bool done = create_bench(&shared, chosen, 1) && deployment_evaluator(&evaluator, &shared.made, 1) &&
                deployment_time_call(&call_ms, &shared.made, evaluator, 1);
    tnn_evaluator_free(evaluator);
    free_bench(&shared);
    return done;
}

int main(int argc, char **argv) {
    options chosen = {
        .model_path = EXAMPLES_MODELS "/pneumoniamnist.tnn", .threads = machine_cores(), .rounds = DEFAULT_ROUNDS};
    bool done = command_line_parse(&PARSER, argc, argv, &chosen) && (chosen.once ? run_once(&chosen) : run(&chosen)) &&
                output_written();
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
