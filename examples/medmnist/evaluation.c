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
    double *encrypted;  /* [images][outputs] */
    double *latency_ms; /* [images] */
    size_t outputs;
} records;

static bool allocate_records(records *kept, size_t images, size_t outputs) {
    *kept = (records){.clear = calloc(images, outputs * sizeof(double)),
                      .encrypted = calloc(images, outputs * sizeof(double)),
                      .latency_ms = calloc(images, sizeof(double)),
                      .outputs = outputs};
    return (kept->clear != NULL && kept->encrypted != NULL && kept->latency_ms != NULL) || report_out_of_memory();
}

static void free_records(records *kept) {
    free(kept->clear);
    free(kept->encrypted);
    free(kept->latency_ms);
}

/* Each image of a batch waits for the whole batch. */
static bool classify_batch(records *kept, deployment *both, const split *data, size_t first, size_t count) {
    double server_ms = 0.0;
    bool done = deployment_classify(both, kept->encrypted + first * kept->outputs, &server_ms,
                                    data->images + first * data->pixels, data->pixels, count);
    for (size_t i = first; i < first + count; i++) {
        kept->latency_ms[i] = server_ms;
    }
    return done;
}

static bool classify_encrypted(records *kept, deployment *both, const split *data) {
    progress_bar bar = progress_bar_start("images", data->count);
    bool done = true;
    for (size_t first = 0, count; first < data->count && done; first += count) {
        size_t left = data->count - first;
        count = left < both->batch ? left : both->batch;
        done = classify_batch(kept, both, data, first, count);
        progress_bar_update(&bar, first + count);
    }
    progress_bar_finish(&bar);
    return done;
}

static bool summarize_records(evaluation *result, const records *kept, const split *data) {
    result->latency_ms = spread_of(kept->latency_ms, data->count);
    return metrics_quality_of(&result->encrypted, kept->encrypted, kept->clear, kept->outputs, data->labels,
                              data->count);
}

static void summarize_deployment(evaluation *result, const deployment *both) {
    result->keygen_ms = both->keygen_ms;
    result->evaluation_key_bytes = both->evaluation_key_bytes;
    result->input_bytes = both->requests[0].length;
    result->output_bytes = both->replies[0].length;
    result->peak_rss_bytes = machine_peak_rss_bytes();
}

static bool run_deployed(evaluation *result, const tnn_circuit *circuit, const split *data, const options *chosen,
                         records *kept) {
    deployment both = {0};
    bool done = deployment_create(&both, circuit, (unsigned)chosen->threads, chosen->batch) &&
                classify_encrypted(kept, &both, data) && summarize_records(result, kept, data);
    if (done) {
        summarize_deployment(result, &both);
    }
    deployment_free(&both);
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

static bool run_circuit(evaluation *result, const tnn_circuit *circuit, const split *data, const options *chosen,
                        records *kept) {
    tnn_circuit_describe(circuit, &result->circuit);
    return metrics_quality_of(&result->clear, kept->clear, kept->clear, kept->outputs, data->labels, data->count) &&
           run_simulated(result, circuit, data, chosen, kept) &&
           (chosen->simulate_only || run_deployed(result, circuit, data, chosen, kept));
}

bool evaluation_run(evaluation *result, const tnn_model *model, const split *data, const options *chosen) {
    *result = (evaluation){.images = data->count};
    tnn_model_info info;
    tnn_model_describe(model, &info);
    tnn_circuit *circuit = NULL;
    records kept;
    bool done = allocate_records(&kept, data->count, info.outputs) &&
                predict_images(kept.clear, model, data->images, data->pixels, data->count) &&
                compile_model(&circuit, model, &chosen->compile.options, chosen->model_path) &&
                run_circuit(result, circuit, data, chosen, &kept);
    tnn_circuit_free(circuit);
    free_records(&kept);
    return done;
}
