#include "medmnist/evaluation.h"

#include <stdlib.h>

#include "common/compile.h"
#include "common/machine.h"
#include "common/metrics.h"
#include "common/progress_bar.h"
#include "common/report.h"
#include "common/simulation.h"
#include "medmnist/deployment.h"

/* What each image gave. */
typedef struct records {
    double *clear;      /* [images][outputs] */
    double *encrypted;  /* [images][outputs], under the present key */
    double *latency_ms; /* [keys][images] */
    size_t outputs;
} records;

static bool allocate_records(records *kept, size_t images, size_t outputs, size_t keys) {
    *kept = (records){.clear = calloc(images, outputs * sizeof(double)),
                      .encrypted = calloc(images, outputs * sizeof(double)),
                      .latency_ms = calloc(keys * images, sizeof(double)),
                      .outputs = outputs};
    return (kept->clear != NULL && kept->encrypted != NULL && kept->latency_ms != NULL) || report_out_of_memory();
}

static void free_records(records *kept) {
    free(kept->clear);
    free(kept->encrypted);
    free(kept->latency_ms);
}

/* Each image of a batch waits for the whole batch. latency_ms: [images] of the present key */
static bool classify_batch(records *kept, double *latency_ms, deployment *both, const split *data, size_t first,
                           size_t count) {
    double server_ms = 0.0;
    bool done = deployment_classify(both, kept->encrypted + first * kept->outputs, &server_ms,
                                    data->images + first * data->pixels, data->pixels, count);
    for (size_t i = first; i < first + count; i++) {
        latency_ms[i] = server_ms;
    }
    return done;
}

static bool classify_encrypted(records *kept, deployment *both, const split *data, size_t key, progress_bar *bar) {
    bool done = true;
    for (size_t first = 0, count; first < data->count && done; first += count) {
        size_t left = data->count - first;
        count = left < both->batch ? left : both->batch;
        done = classify_batch(kept, kept->latency_ms + key * data->count, both, data, first, count);
        progress_bar_update(bar, key * data->count + first + count);
    }
    return done;
}

/* Sizes are the same under every key. */
static void summarize_deployment(evaluation *result, const deployment *both) {
    result->keygen_ms += both->keygen_ms;
    result->evaluation_key_bytes = both->evaluation_key_bytes;
    result->input_bytes = both->requests[0].length;
    result->output_bytes = both->replies[0].length;
}

static bool run_key(evaluation *result, const tnn_circuit *circuit, const split *data, const options *chosen,
                    records *kept, progress_bar *bar) {
    deployment both = {0};
    metrics_quality *quality = &result->by_key[result->keys];
    bool done = deployment_create(&both, circuit, (unsigned)chosen->threads, chosen->batch) &&
                classify_encrypted(kept, &both, data, result->keys, bar) &&
                metrics_quality_of(quality, kept->encrypted, kept->clear, kept->outputs, data->labels, data->count);
    if (done) {
        result->keys++;
        summarize_deployment(result, &both);
    }
    deployment_free(&both);
    return done;
}

static bool run_deployed(evaluation *result, const tnn_circuit *circuit, const split *data, const options *chosen,
                         records *kept) {
    metrics_quality sum = {0};
    progress_bar bar = progress_bar_start("images", chosen->keys * data->count);
    bool done = true;
    for (size_t key = 0; key < chosen->keys && done; key++) {
        done = run_key(result, circuit, data, chosen, kept, &bar);
        metrics_quality_add(&sum, &result->by_key[key]);
    }
    progress_bar_finish(&bar);
    if (done) {
        result->keygen_ms /= (double)result->keys;
        result->encrypted = metrics_quality_mean(&sum, result->keys);
        result->latency_ms = spread_of(kept->latency_ms, result->keys * data->count);
        result->peak_rss_bytes = machine_peak_rss_bytes();
    }
    return done;
}

static bool run_simulated(evaluation *result, const tnn_circuit *circuit, const split *data, const options *chosen,
                          const records *kept) {
    const labelled_images images = {.images = data->images,
                                    .labels = data->labels,
                                    .clear = kept->clear,
                                    .count = data->count,
                                    .pixels = data->pixels,
                                    .outputs = kept->outputs};
    return chosen->runs == 0 || simulate_images(&result->simulated, circuit, &images, chosen->runs);
}

static bool run_circuit(evaluation *result, const tnn_circuit *circuit, const tnn_model *model, const split *data,
                        const options *chosen, records *kept) {
    tnn_circuit_describe(circuit, &result->circuit);
    return metrics_quality_of(&result->clear, kept->clear, kept->clear, kept->outputs, data->labels, data->count) &&
           excursions_of(&result->outside, circuit, model, data->images, data->pixels, data->count) &&
           run_simulated(result, circuit, data, chosen, kept) &&
           (chosen->simulate_only || run_deployed(result, circuit, data, chosen, kept));
}

bool evaluation_run(evaluation *result, const tnn_model *model, const split *data, const options *chosen) {
    *result = (evaluation){.images = data->count};
    tnn_model_info info;
    tnn_model_describe(model, &info);
    tnn_circuit *circuit = NULL;
    const tnn_options asked = compile_options(&chosen->compile, model);
    records kept;
    bool done = allocate_records(&kept, data->count, info.outputs, chosen->keys) &&
                predict_images(kept.clear, model, data->images, data->pixels, data->count) &&
                compile_model(&circuit, model, &asked, chosen->model_path) &&
                run_circuit(result, circuit, model, data, chosen, &kept);
    tnn_circuit_free(circuit);
    free_records(&kept);
    return done;
}
