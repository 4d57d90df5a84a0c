#include "common/json_file.h"

#include <string.h>

#include "common/bytes.h"
#include "common/input_file.h"
#include "common/output_file.h"
#include "common/report.h"

bool json_add_spread(cJSON *object, const char *name, spread values) {
    cJSON *member = cJSON_AddObjectToObject(object, name);
    return cJSON_AddNumberToObject(member, "min", values.min) != NULL &&
           cJSON_AddNumberToObject(member, "median", values.median) != NULL &&
           cJSON_AddNumberToObject(member, "p95", values.p95) != NULL;
}

bool json_add_parameters(cJSON *object, const char *name, const tnn_params_literal *parameters) {
    cJSON *member = cJSON_AddObjectToObject(object, name);
    return cJSON_AddNumberToObject(member, "n", parameters->n) != NULL &&
           cJSON_AddNumberToObject(member, "input_N", parameters->input_N) != NULL &&
           cJSON_AddNumberToObject(member, "input_bits", parameters->input_bits) != NULL &&
           cJSON_AddNumberToObject(member, "lwe_log2_sigma", parameters->lwe_log2_sigma) != NULL &&
           cJSON_AddNumberToObject(member, "k", parameters->k) != NULL &&
           cJSON_AddNumberToObject(member, "N", parameters->N) != NULL &&
           cJSON_AddNumberToObject(member, "glwe_log2_sigma", parameters->glwe_log2_sigma) != NULL &&
           cJSON_AddNumberToObject(member, "bs_base_log", parameters->bs_base_log) != NULL &&
           cJSON_AddNumberToObject(member, "bs_levels", parameters->bs_levels) != NULL &&
           cJSON_AddNumberToObject(member, "ks_base_log", parameters->ks_base_log) != NULL &&
           cJSON_AddNumberToObject(member, "ks_levels", parameters->ks_levels) != NULL &&
           cJSON_AddBoolToObject(member, "shared_prefix", parameters->shared_prefix) != NULL &&
           cJSON_AddNumberToObject(member, "log2_split", parameters->log2_split) != NULL;
}

bool json_add_simulation(cJSON *object, const char *name, const simulation *simulated) {
    const metrics_quality *quality = &simulated->quality;
    cJSON *member = cJSON_AddObjectToObject(object, name);
    return cJSON_AddNumberToObject(member, "runs", (double)simulated->runs) != NULL &&
           cJSON_AddNumberToObject(member, "accuracy", quality->accuracy) != NULL &&
           cJSON_AddNumberToObject(member, "auc", quality->auc) != NULL &&
           cJSON_AddNumberToObject(member, "agreement", quality->agreement) != NULL &&
           cJSON_AddNumberToObject(member, "logit_rms_error", quality->logit_rms_error) != NULL &&
           cJSON_AddNumberToObject(member, "images_per_second", simulated->images_per_second) != NULL;
}

bool json_add_excursions(cJSON *object, const char *name, const excursions *found) {
    cJSON *member = cJSON_AddObjectToObject(object, name);
    return cJSON_AddNumberToObject(member, "outside_images", found->outside_images) != NULL &&
           cJSON_AddNumberToObject(member, "astray_images", found->astray_images) != NULL &&
           cJSON_AddNumberToObject(member, "outside", found->outside) != NULL &&
           cJSON_AddNumberToObject(member, "worst_outside", found->worst_outside) != NULL &&
           cJSON_AddNumberToObject(member, "worst_astray", found->worst_astray) != NULL &&
           cJSON_AddNumberToObject(member, "worst_image", (double)found->worst_image) != NULL;
}

static bool add_fill_spread(cJSON *object, const char *name, const fill_spread *values) {
    cJSON *member = cJSON_AddObjectToObject(object, name);
    return cJSON_AddNumberToObject(member, "min", values->min) != NULL &&
           cJSON_AddNumberToObject(member, "median", values->median) != NULL &&
           cJSON_AddNumberToObject(member, "max", values->max) != NULL &&
           cJSON_AddNumberToObject(member, "worst_neuron", (double)values->worst) != NULL;
}

bool json_append_fill(cJSON *list, const layer_fill *fill) {
    cJSON *member = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, member) &&
           cJSON_AddNumberToObject(member, "neurons", (double)fill->neurons) != NULL &&
           (fill->neurons == 0 || (add_fill_spread(member, "width_share", &fill->widths) &&
                                   add_fill_spread(member, "norm_share", &fill->norms)));
}

bool json_file_read(cJSON **value, const char *path) {
    bytes contents = {0};
    *value = NULL;
    if (!input_file_read(&contents, path)) {
        return false;
    }
    *value = cJSON_ParseWithLength((const char *)contents.data, contents.length);
    bytes_free(&contents);
    return *value != NULL || report_error("%s: is not JSON", path);
}

/* cJSON's text with a line end in place of its final NUL. */
static bool write_text(const char *path, char *text) {
    bytes contents = {.data = (uint8_t *)text, .length = strlen(text) + 1};
    text[contents.length - 1] = '\n';
    return output_file_write(path, &contents);
}

bool json_file_write(const char *path, const cJSON *value) {
    char *text = cJSON_Print(value);
    bool written = text != NULL ? write_text(path, text) : report_out_of_memory();
    cJSON_free(text);
    return written;
}
