#include "medmnist/summary.h"

#include <stdio.h>

#include "common/escape.h"
#include "common/json_file.h"
#include "common/parameters.h"
#include "common/report.h"

enum { TITLE_WIDTH = 22 };

static const double BYTES_PER_MIB = 1024.0 * 1024.0;

/* A column for each way that the split was evaluated, the clear reference first. */
typedef struct table {
    const char *titles[3];
    const metrics_quality *columns[3];
    int count;
} table;

static void add_column(table *columns, const char *title, const metrics_quality *column) {
    columns->titles[columns->count] = title;
    columns->columns[columns->count++] = column;
}

static table columns_of(const evaluation *result, const options *chosen) {
    table columns = {0};
    add_column(&columns, "clear", &result->clear);
    if (chosen->runs > 0) {
        add_column(&columns, "simulated", &result->simulated.quality);
    }
    if (!chosen->simulate_only) {
        add_column(&columns, "encrypted", &result->encrypted);
    }
    return columns;
}

static void print_row(const char *title, const double *values, int count) {
    printf("%-22s", title);
    for (int i = 0; i < count; i++) {
        printf(" %12.4f", values[i]);
    }
    putchar('\n');
}

/* The clear reference is not compared with itself. */
static void print_comparison(const char *title, const double *values, int count) {
    printf("%-22s %12s", title, "");
    for (int i = 1; i < count; i++) {
        printf(" %12.4f", values[i]);
    }
    putchar('\n');
}

static void print_quality(const table *columns) {
    double accuracy[3], auc[3], agreement[3], error[3];
    printf("%-22s", "");
    for (int i = 0; i < columns->count; i++) {
        printf(" %12s", columns->titles[i]);
        accuracy[i] = columns->columns[i]->accuracy;
        auc[i] = columns->columns[i]->auc;
        agreement[i] = columns->columns[i]->agreement;
        error[i] = columns->columns[i]->logit_rms_error;
    }
    putchar('\n');
    print_row("accuracy", accuracy, columns->count);
    print_row("AUC", auc, columns->count);
    print_comparison("same class", agreement, columns->count);
    print_comparison("logit error (rms)", error, columns->count);
    putchar('\n');
}

static void print_keys(const evaluation *result) {
    for (size_t i = 0; i < result->keys; i++) {
        const metrics_quality *key = &result->by_key[i];
        printf("key %-18zu accuracy %.4f, AUC %.4f, same class %.4f, logit error %.4f\n", i + 1, key->accuracy,
               key->auc, key->agreement, key->logit_rms_error);
    }
}

static void print_simulation(const simulation *simulated) {
    printf("%-22s %zu runs of each image, %.0f images a second on one thread\n", "simulation", simulated->runs,
           simulated->images_per_second);
}

static void print_costs(const evaluation *result) {
    printf("%-22s %.2f / %.2f / %.2f ms (min / median / p95)\n", "latency an image", result->latency_ms.min,
           result->latency_ms.median, result->latency_ms.p95);
    printf("%-22s %.1f ms\n", "key generation", result->keygen_ms);
    printf("%-22s %zu bytes\n", "evaluation key", result->evaluation_key_bytes);
    printf("%-22s %zu bytes\n", "encrypted image", result->input_bytes);
    printf("%-22s %zu bytes\n", "encrypted result", result->output_bytes);
    printf("%-22s %.1f MiB (client and server)\n", "peak memory", (double)result->peak_rss_bytes / BYTES_PER_MIB);
}

void summary_print(const evaluation *result, const options *chosen) {
    const tnn_circuit_info *circuit = &result->circuit;
    const table columns = columns_of(result, chosen);
    escape_print(stdout, chosen->set);
    printf(", %s split: %zu images\nmodel ", chosen->split, result->images);
    escape_print(stdout, chosen->model_path);
    printf(": %llu bootstraps an image\n", (unsigned long long)circuit->bootstraps);
    printf("%u bits of security, estimated %u\n", circuit->security_bits, circuit->estimated_bits);
    parameters_print(&circuit->parameters, TITLE_WIDTH);
    if (!chosen->simulate_only) {
        printf("%-*s %zu threads, %zu images at a time, %zu fresh key%s\n", TITLE_WIDTH, "  run with", chosen->threads,
               chosen->batch, chosen->keys, chosen->keys == 1 ? "" : "s");
    }
    putchar('\n');
    print_quality(&columns);
    excursions_print(&result->outside, TITLE_WIDTH, "");
    if (chosen->runs > 0) {
        print_simulation(&result->simulated);
    }
    if (!chosen->simulate_only) {
        if (result->keys > 1) {
            print_keys(result);
        }
        print_costs(result);
    }
}

static bool add_clear(cJSON *object, const evaluation *result) {
    return cJSON_AddNumberToObject(object, "images", (double)result->images) != NULL &&
           cJSON_AddNumberToObject(object, "clear_accuracy", result->clear.accuracy) != NULL &&
           cJSON_AddNumberToObject(object, "clear_auc", result->clear.auc) != NULL &&
           json_add_excursions(object, "excursions", &result->outside);
}

static bool add_key(cJSON *keys, const metrics_quality *quality) {
    cJSON *key = cJSON_CreateObject();
    return cJSON_AddItemToArray(keys, key) && cJSON_AddNumberToObject(key, "accuracy", quality->accuracy) != NULL &&
           cJSON_AddNumberToObject(key, "auc", quality->auc) != NULL &&
           cJSON_AddNumberToObject(key, "agreement", quality->agreement) != NULL &&
           cJSON_AddNumberToObject(key, "logit_rms_error", quality->logit_rms_error) != NULL;
}

static bool add_encrypted(cJSON *object, const evaluation *result) {
    const metrics_quality *encrypted = &result->encrypted;
    cJSON *keys = cJSON_AddArrayToObject(object, "keys");
    bool added = keys != NULL;
    for (size_t i = 0; i < result->keys && added; i++) {
        added = add_key(keys, &result->by_key[i]);
    }
    return added && cJSON_AddNumberToObject(object, "encrypted_accuracy", encrypted->accuracy) != NULL &&
           cJSON_AddNumberToObject(object, "encrypted_auc", encrypted->auc) != NULL &&
           cJSON_AddNumberToObject(object, "agreement", encrypted->agreement) != NULL &&
           cJSON_AddNumberToObject(object, "logit_rms_error", encrypted->logit_rms_error) != NULL;
}

static bool add_costs(cJSON *object, const evaluation *result) {
    return json_add_spread(object, "latency_ms", result->latency_ms) &&
           cJSON_AddNumberToObject(object, "keygen_ms", result->keygen_ms) != NULL &&
           cJSON_AddNumberToObject(object, "evaluation_key_bytes", (double)result->evaluation_key_bytes) != NULL &&
           cJSON_AddNumberToObject(object, "input_bytes", (double)result->input_bytes) != NULL &&
           cJSON_AddNumberToObject(object, "output_bytes", (double)result->output_bytes) != NULL &&
           cJSON_AddNumberToObject(object, "peak_rss_bytes", (double)result->peak_rss_bytes) != NULL;
}

static bool add_setting(cJSON *object, const tnn_circuit_info *circuit, const options *chosen) {
    return cJSON_AddNumberToObject(object, "bootstraps", (double)circuit->bootstraps) != NULL &&
           cJSON_AddNumberToObject(object, "threads", (double)chosen->threads) != NULL &&
           cJSON_AddNumberToObject(object, "batch", (double)chosen->batch) != NULL &&
           json_add_parameters(object, "parameters", &circuit->parameters) &&
           cJSON_AddNumberToObject(object, "security_bits", circuit->security_bits) != NULL &&
           cJSON_AddNumberToObject(object, "estimated_bits", circuit->estimated_bits) != NULL &&
           cJSON_AddNumberToObject(object, "predicted_ms", circuit->predicted_ms) != NULL &&
           cJSON_AddStringToObject(object, "set", chosen->set) != NULL &&
           cJSON_AddStringToObject(object, "split", chosen->split) != NULL &&
           cJSON_AddStringToObject(object, "model", chosen->model_path) != NULL;
}

cJSON *summary_json(const evaluation *result, const options *chosen) {
    cJSON *object = cJSON_CreateObject();
    bool complete = add_clear(object, result) &&
                    (chosen->simulate_only || (add_encrypted(object, result) && add_costs(object, result))) &&
                    (chosen->runs == 0 || json_add_simulation(object, "simulated", &result->simulated)) &&
                    add_setting(object, &result->circuit, chosen);
    if (!complete) {
        cJSON_Delete(object);
        report_out_of_memory();
        return NULL;
    }
    return object;
}

bool summary_write_json(const evaluation *result, const options *chosen) {
    if (chosen->json_path == NULL) {
        return true;
    }
    cJSON *object = summary_json(result, chosen);
    bool written = object != NULL && json_file_write(chosen->json_path, object);
    cJSON_Delete(object);
    return written;
}
