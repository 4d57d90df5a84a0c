#include "medmnist/summary.h"

#include <stdio.h>

#include "common/json_file.h"
#include "common/report.h"

static const double BYTES_PER_MIB = 1024.0 * 1024.0;

static void print_quality(const evaluation *result) {
    printf("%-22s %12s %12s\n", "", "clear", "encrypted");
    printf("%-22s %12.4f %12.4f\n", "accuracy", result->clear_accuracy, result->encrypted_accuracy);
    printf("%-22s %12.4f %12.4f\n", "AUC", result->clear_auc, result->encrypted_auc);
    printf("%-22s %12s %12.4f\n", "same class", "", result->agreement);
    printf("%-22s %12s %12.4f\n\n", "logit error (rms)", "", result->logit_rms_error);
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
    const tnn_params_literal *parameters = &circuit->parameters;
    printf("%s, %s split: %zu images\n", chosen->set, chosen->split, result->images);
    printf("model %s: %llu bootstraps an image\n", chosen->model_path, (unsigned long long)circuit->bootstraps);
    printf("parameters %s (n %u, k %u, N %u): %u bits of security\n", circuit->parameters_name, parameters->n,
           parameters->k, parameters->N, circuit->security_bits);
    printf("%zu threads, %zu images at a time\n\n", chosen->threads, chosen->batch);
    print_quality(result);
    print_costs(result);
}

static bool add_quality(cJSON *object, const evaluation *result) {
    return cJSON_AddNumberToObject(object, "images", (double)result->images) != NULL &&
           cJSON_AddNumberToObject(object, "clear_accuracy", result->clear_accuracy) != NULL &&
           cJSON_AddNumberToObject(object, "encrypted_accuracy", result->encrypted_accuracy) != NULL &&
           cJSON_AddNumberToObject(object, "agreement", result->agreement) != NULL &&
           cJSON_AddNumberToObject(object, "clear_auc", result->clear_auc) != NULL &&
           cJSON_AddNumberToObject(object, "encrypted_auc", result->encrypted_auc) != NULL &&
           cJSON_AddNumberToObject(object, "logit_rms_error", result->logit_rms_error) != NULL;
}

static bool add_costs(cJSON *object, const evaluation *result) {
    return json_add_spread(object, "latency_ms", result->latency_ms) &&
           cJSON_AddNumberToObject(object, "keygen_ms", result->keygen_ms) != NULL &&
           cJSON_AddNumberToObject(object, "evaluation_key_bytes", (double)result->evaluation_key_bytes) != NULL &&
           cJSON_AddNumberToObject(object, "input_bytes", (double)result->input_bytes) != NULL &&
           cJSON_AddNumberToObject(object, "output_bytes", (double)result->output_bytes) != NULL &&
           cJSON_AddNumberToObject(object, "peak_rss_bytes", (double)result->peak_rss_bytes) != NULL &&
           cJSON_AddNumberToObject(object, "bootstraps", (double)result->circuit.bootstraps) != NULL;
}

static bool add_setting(cJSON *object, const tnn_circuit_info *circuit, const options *chosen) {
    return cJSON_AddNumberToObject(object, "threads", (double)chosen->threads) != NULL &&
           cJSON_AddNumberToObject(object, "batch", (double)chosen->batch) != NULL &&
           json_add_parameters(object, "parameters", circuit->parameters_name, &circuit->parameters) &&
           cJSON_AddNumberToObject(object, "security_bits", circuit->security_bits) != NULL &&
           cJSON_AddNumberToObject(object, "estimated_bits", circuit->estimated_bits) != NULL &&
           cJSON_AddStringToObject(object, "set", chosen->set) != NULL &&
           cJSON_AddStringToObject(object, "split", chosen->split) != NULL &&
           cJSON_AddStringToObject(object, "model", chosen->model_path) != NULL;
}

bool summary_write_json(const evaluation *result, const options *chosen) {
    if (chosen->json_path == NULL) {
        return true;
    }
    cJSON *object = cJSON_CreateObject();
    bool complete =
        add_quality(object, result) && add_costs(object, result) && add_setting(object, &result->circuit, chosen);
    bool written = complete ? json_file_write(chosen->json_path, object) : report_out_of_memory();
    cJSON_Delete(object);
    return written;
}
