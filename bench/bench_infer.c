/*
 * bench_infer: times the inference of a model on drawn images, for every number of threads and several batches.
 *
 * Each round takes one sample of every batch and, before each of them, one of the FFT floor. Times are milliseconds;
 * the floor is that of one thread, so T threads that share the work well reach a ratio of 1/T times that of one.
 */
#include <stdio.h>
#include <stdlib.h>

#include <torusnn/torusnn.h>

#include "bench/bench_file.h"
#include "bench/fft_floor.h"
#include "common/clock.h"
#include "common/command_line.h"
#include "common/compile.h"
#include "common/draw.h"
#include "common/json_file.h"
#include "common/machine.h"
#include "common/model_file.h"
#include "common/parameters.h"
#include "common/report.h"

enum { DEFAULT_ROUNDS = 20, MOST_ROUNDS = 10000, MOST_BATCH = 8 };

static const size_t BATCHES[] = {1, 2, MOST_BATCH};
enum { BATCH_COUNT = sizeof BATCHES / sizeof BATCHES[0] };

static const char HELP[] = "usage: bench_infer [OPTION]...\n"
                           "\n"
                           "  --model FILE     model (default: the bundled one for PneumoniaMNIST)\n"
                           "  --threads COUNT  the most threads to try (default: online processors)\n"
                           "  --rounds COUNT   samples of each setting (default: 20)\n"
                           "  --json FILE      write the figures to a file too\n"
                           "  --help           print this\n";

typedef struct options {
    const char *model_path;
    const char *json_path; /* NULL: none */
    size_t threads, rounds;
    bool help;
} options;

enum option_key { MODEL = 1, THREADS, ROUNDS, JSON, HELP_WANTED };

static const struct option LONG_OPTIONS[] = {
    {"model", required_argument, NULL, MODEL},   {"threads", required_argument, NULL, THREADS},
    {"rounds", required_argument, NULL, ROUNDS}, {"json", required_argument, NULL, JSON},
    {"help", no_argument, NULL, HELP_WANTED},    {NULL, 0, NULL, 0},
};

static bool apply_option(options *chosen, int key, const char *value) {
    switch (key) {
    case MODEL: chosen->model_path = value; return true;
    case THREADS: return parse_count(&chosen->threads, "--threads", value, 1, MOST_THREADS);
    case ROUNDS: return parse_count(&chosen->rounds, "--rounds", value, 1, MOST_ROUNDS);
    case JSON: chosen->json_path = value; return true;
    case HELP_WANTED: chosen->help = true; return true;
    default: return false;
    }
}

static bool parse_options(options *chosen, int argc, char **argv) {
    *chosen = (options){
        .model_path = EXAMPLES_MODELS "/pneumoniamnist.tnn", .threads = machine_cores(), .rounds = DEFAULT_ROUNDS};
    int key;
    while ((key = next_option(argc, argv, LONG_OPTIONS)) != OPTIONS_END) {
        if (!apply_option(chosen, key, optarg)) {
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------ measure -- */

/* What every setting shares. */
typedef struct bench {
    tnn_circuit *circuit;
    tnn_circuit_info info;
    tnn_eval_key *eval;
    tnn_input *inputs[MOST_BATCH]; /* drawn images, encrypted */
    fft_floor *reference;
    size_t rounds;
    double *call_ms;  /* [BATCH_COUNT][rounds] */
    double *floor_us; /* [BATCH_COUNT][rounds], one transform */
} bench;

static bool encrypt_drawing(bench *shared, const tnn_spec *spec, const tnn_secret_key *secret, uint32_t index) {
    uint32_t height, width, channels;
    tnn_spec_shape(spec, &height, &width, &channels, NULL);
    size_t pixels = (size_t)height * width * channels;
    uint8_t *image = malloc(pixels);
    if (image == NULL) {
        return report_out_of_memory();
    }
    draw_radiograph(image, height, width, channels, index);
    bool done = status_ok(tnn_encrypt(&shared->inputs[index], spec, secret, image, pixels), "encryption");
    free(image);
    return done;
}

static bool act_as_client(bench *shared) {
    tnn_spec *spec = NULL;
    tnn_secret_key *secret = NULL;
    bool done = status_ok(tnn_circuit_spec(&spec, shared->circuit), "client spec") &&
                status_ok(tnn_keygen(&secret, &shared->eval, spec, machine_cores()), "key generation");
    for (uint32_t i = 0; i < MOST_BATCH && done; i++) {
        done = encrypt_drawing(shared, spec, secret, i);
    }
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    return done;
}

static bool create_bench(bench *shared, const options *chosen) {
    tnn_model *model = NULL;
    bool compiled =
        model_file_load(&model, chosen->model_path) && compile_model(&shared->circuit, model, NULL, chosen->model_path);
    tnn_model_free(model);
    if (!compiled) {
        return false;
    }
    tnn_circuit_describe(shared->circuit, &shared->info);
    shared->rounds = chosen->rounds;
    shared->call_ms = calloc(BATCH_COUNT * chosen->rounds, sizeof(double));
    shared->floor_us = calloc(BATCH_COUNT * chosen->rounds, sizeof(double));
    if (shared->call_ms == NULL || shared->floor_us == NULL) {
        return report_out_of_memory();
    }
    return fft_floor_create(&shared->reference, shared->info.parameters.N) && act_as_client(shared);
}

static void free_bench(bench *shared) {
    for (size_t i = 0; i < MOST_BATCH; i++) {
        tnn_input_free(shared->inputs[i]);
    }
    fft_floor_free(shared->reference);
    free(shared->call_ms);
    free(shared->floor_us);
    tnn_eval_key_free(shared->eval);
    tnn_circuit_free(shared->circuit);
}

static bool time_call(double *call_ms, tnn_evaluator *evaluator, bench *shared, size_t batch) {
    tnn_output *outputs[MOST_BATCH] = {NULL};
    const tnn_input *const *inputs = (const tnn_input *const *)shared->inputs;
    double start = clock_ms();
    tnn_status status = tnn_infer(evaluator, outputs, inputs, batch, NULL, NULL);
    *call_ms = clock_ms() - start;
    for (size_t i = 0; i < batch; i++) {
        tnn_output_free(outputs[i]);
    }
    return status_ok(status, "inference");
}

static bool take_samples(bench *shared, tnn_evaluator *evaluator) {
    bool done = true;
    for (size_t round = 0; round < shared->rounds; round++) {
        for (size_t i = 0; i < BATCH_COUNT && done; i++) {
            size_t slot = i * shared->rounds + round;
            shared->floor_us[slot] = fft_floor_sample_us(shared->reference);
            done = time_call(&shared->call_ms[slot], evaluator, shared, BATCHES[i]);
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
    double floor_units = (double)shared->info.bootstraps * fft_floor_transforms(&shared->info.parameters) * 1e-3;
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
    bool added = cJSON_AddItemToArray(runs, object) && bench_add_floor(object, floor_us, &shared->info.parameters);
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
    bool done =
        status_ok(tnn_evaluator_create(&evaluator, shared->circuit, shared->eval, (unsigned)threads, MOST_BATCH),
                  "preparation of the evaluation key") &&
        take_samples(shared, evaluator) && report_samples(runs, shared, threads);
    tnn_evaluator_free(evaluator);
    return done;
}

static void print_heading(const bench *shared, const options *chosen, const processor *machine) {
    printf("%s, %zu rounds\n", machine->name, chosen->rounds);
    printf("%s: %llu bootstraps an image, predicted %.2f ms\n", chosen->model_path,
           (unsigned long long)shared->info.bootstraps, shared->info.predicted_ms);
    parameters_print(&shared->info.parameters, 19);
    putchar('\n');
    printf("%7s %6s   %s   %s   %s\n", "threads", "batch", "ms a call: min, median, p95", "ms an image",
           "over floor: min, median");
}

static bool describe_run(cJSON *object, const bench *shared, const options *chosen, const processor *machine) {
    bool added = bench_add_machine(object, machine) &&
                 cJSON_AddStringToObject(object, "model", chosen->model_path) != NULL &&
                 json_add_parameters(object, "parameters", &shared->info.parameters) &&
                 cJSON_AddNumberToObject(object, "predicted_ms", shared->info.predicted_ms) != NULL &&
                 cJSON_AddNumberToObject(object, "bootstraps", (double)shared->info.bootstraps) != NULL &&
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
    return done && (chosen->json_path == NULL || json_file_write(chosen->json_path, object));
}

static bool run(const options *chosen) {
    bench shared = {0};
    cJSON *object = cJSON_CreateObject();
    bool done = create_bench(&shared, chosen) && bench_all(object, &shared, chosen);
    cJSON_Delete(object);
    free_bench(&shared);
    return done;
}

int main(int argc, char **argv) {
    options chosen;
    if (!parse_options(&chosen, argc, argv)) {
        return EXIT_REPORTED;
    }
    bool done = chosen.help ? fputs(HELP, stdout) != EOF : run(&chosen);
    return done && output_written() ? EXIT_SUCCESS : EXIT_REPORTED;
}
