#include "explain/plan_json.h"

#include "common/json_file.h"
#include "common/report.h"

static bool add_number(cJSON *object, const char *name, double number) {
    return cJSON_AddNumberToObject(object, name, number) != NULL; /* what is not finite becomes null */
}

static bool add_model(cJSON *object, const plan *made, const options *chosen) {
    const tnn_model_info *shape = &made->shape;
    cJSON *member = cJSON_AddObjectToObject(object, "model");
    cJSON *origin = cJSON_Parse(shape->provenance);
    return (origin == NULL || cJSON_AddItemToObject(member, "provenance", origin)) &&
           cJSON_AddStringToObject(member, "file", chosen->model_path) != NULL &&
           add_number(member, "height", shape->height) && add_number(member, "width", shape->width) &&
           add_number(member, "channels", shape->channels) && add_number(member, "input_levels", shape->input_levels) &&
           add_number(member, "layers", shape->layers) && add_number(member, "outputs", shape->outputs);
}

static bool add_contract(cJSON *object, const tnn_options *asked) {
    cJSON *member = cJSON_AddObjectToObject(object, "contract");
    if (asked->precision == TNN_PRECISION_EXACT) {
        return cJSON_AddStringToObject(member, "precision", "exact") != NULL &&
               add_number(member, "lookup_error_log2", asked->log2_lookup_error);
    }
    return cJSON_AddStringToObject(member, "precision", "tolerant") != NULL &&
           add_number(member, "position_noise", asked->position_noise) &&
           add_number(member, "logit_noise", asked->logit_noise);
}

static bool add_bytes(cJSON *object, const tnn_circuit_info *circuit) {
    cJSON *member = cJSON_AddObjectToObject(object, "bytes");
    return add_number(member, "spec", (double)circuit->spec_bytes) &&
           add_number(member, "secret_key", (double)circuit->secret_key_bytes) &&
           add_number(member, "evaluation_key", (double)circuit->eval_key_bytes) &&
           add_number(member, "input", (double)circuit->input_bytes) &&
           add_number(member, "output", (double)circuit->output_bytes) &&
           add_number(member, "server_key", (double)circuit->server_key_bytes) &&
           add_number(member, "server", (double)circuit->server_bytes);
}

static bool add_circuit(cJSON *object, const tnn_circuit_info *circuit) {
    return json_add_parameters(object, "parameters", &circuit->parameters) &&
           add_number(object, "security_bits", circuit->security_bits) &&
           add_number(object, "estimated_bits", circuit->estimated_bits) &&
           add_number(object, "neurons", (double)circuit->neurons) &&
           add_number(object, "bootstraps", (double)circuit->bootstraps) &&
           add_number(object, "predicted_ms", circuit->predicted_ms) &&
           add_number(object, "worst_position_noise", circuit->worst_position_noise) &&
           add_number(object, "worst_lookup_log2", circuit->worst_lookup_log2) &&
           add_number(object, "circuit_error_log2", circuit->circuit_error_log2) &&
           add_number(object, "logit_noise", circuit->logit_noise) &&
           add_number(object, "logit_noise_share", circuit->logit_noise_share) &&
           add_number(object, "unproven_neurons", (double)circuit->unproven_neurons) && add_bytes(object, circuit);
}

static bool add_range(cJSON *list, const tnn_neuron_range *range, bool calibrated) {
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, object) && add_number(object, "table_low", (double)range->table_low) &&
           add_number(object, "table_high", (double)range->table_high) &&
           add_number(object, "reach_low", (double)range->reach_low) &&
           add_number(object, "reach_high", (double)range->reach_high) &&
           cJSON_AddBoolToObject(object, "proven", range->proven) != NULL &&
           (!calibrated || add_number(object, "left", (double)range->left));
}

static bool add_ranges(cJSON *object, const plan_layer *layer, bool calibrated) {
    cJSON *list = cJSON_AddArrayToObject(object, "ranges");
    bool added = list != NULL;
    for (size_t j = 0; j < layer->info.neurons && added; j++) {
        added = add_range(list, &layer->ranges[j], calibrated);
    }
    return added;
}

/* A neuron without a bootstrap is null. */
static bool add_neuron(cJSON *list, const tnn_neuron_info *neuron) {
    cJSON *object = neuron->bootstrapped ? cJSON_CreateObject() : cJSON_CreateNull();
    return cJSON_AddItemToArray(list, object) &&
           (!neuron->bootstrapped || (add_number(object, "width_share", neuron->width_share) &&
                                      add_number(object, "norm_share", neuron->norm_share) &&
                                      add_number(object, "position_noise", neuron->position_noise)));
}

static bool add_neurons(cJSON *object, const plan_layer *layer) {
    cJSON *list = cJSON_AddArrayToObject(object, "neuron_fills");
    bool added = list != NULL;
    for (size_t j = 0; j < layer->info.neurons && added; j++) {
        added = add_neuron(list, &layer->neurons[j]);
    }
    return added;
}

static bool add_layer(cJSON *list, const plan_layer *layer, bool calibrated) {
    const tnn_layer_info *info = &layer->info;
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, object) && add_number(object, "inputs", info->inputs) &&
           add_number(object, "neurons", info->neurons) &&
           add_number(object, "tables_per_neuron", info->tables_per_neuron) &&
           add_number(object, "table_cells", info->table_cells) &&
           add_number(object, "bootstraps", (double)info->bootstraps) &&
           add_number(object, "position_noise", info->position_noise) &&
           add_number(object, "position_noise_cells", info->position_noise_cells) &&
           add_number(object, "off_by_one_rate", info->off_by_one_rate) &&
           add_number(object, "lookup_log2", info->lookup_log2) &&
           add_number(object, "worst_neuron", info->worst_neuron) &&
           add_number(object, "unproven_neurons", (double)info->unproven_neurons) &&
           (layer->ranges == NULL || (add_ranges(object, layer, calibrated) && add_neurons(object, layer)));
}

static bool add_layers(cJSON *object, const plan *made) {
    cJSON *list = cJSON_AddArrayToObject(object, "layers");
    bool added = list != NULL;
    for (uint32_t i = 0; i < made->circuit.layers && added; i++) {
        added = add_layer(list, &made->layers[i], made->images > 0);
    }
    return added;
}

/* The spreads of all table layers, as results writes them. */
static bool add_fills(cJSON *object, const plan *made) {
    cJSON *list = cJSON_AddArrayToObject(object, "fills");
    bool added = list != NULL;
    for (uint32_t i = 0; i < made->circuit.layers && added; i++) {
        added = made->layers[i].neurons == NULL || json_append_fill(list, &made->layers[i].fill);
    }
    return added;
}

static bool add_curve(cJSON *object, const plan *made) {
    cJSON *list = made->points > 0 ? cJSON_AddArrayToObject(object, "agreement_curve") : NULL;
    bool added = made->points == 0 || list != NULL;
    for (size_t i = 0; i < made->points && added; i++) {
        const tnn_agreement_point *point = &made->curve[i];
        cJSON *item = cJSON_CreateObject();
        added = cJSON_AddItemToArray(list, item) && add_number(item, "predicted_ms", point->predicted_ms) &&
                add_number(item, "agreement", point->agreement) &&
                add_number(item, "agreement_low", point->agreement_low) &&
                add_number(item, "position_noise", point->position_noise) &&
                add_number(item, "logit_noise", point->logit_noise);
    }
    return added;
}

static bool add_images(cJSON *object, const plan *made, const options *chosen) {
    const metrics_quality *quality = &made->simulated.quality;
    cJSON *member = cJSON_AddObjectToObject(object, "data");
    return cJSON_AddStringToObject(member, "set", chosen->set) != NULL &&
           cJSON_AddStringToObject(member, "split", chosen->split) != NULL &&
           add_number(member, "images", (double)made->images) &&
           add_number(member, "clear_accuracy", made->clear.accuracy) &&
           add_number(member, "clear_auc", made->clear.auc) &&
           json_add_simulation(member, "simulated", &made->simulated) &&
           add_number(member, "class_changes", 1.0 - quality->agreement) &&
           json_add_excursions(member, "excursions", &made->outside);
}

bool plan_write_json(const plan *made, const options *chosen) {
    if (chosen->json_path == NULL) {
        return true;
    }
    cJSON *object = cJSON_CreateObject();
    bool complete = add_model(object, made, chosen) && add_contract(object, &made->asked) &&
                    add_circuit(object, &made->circuit) && add_curve(object, made) && add_layers(object, made) &&
                    add_fills(object, made) && (made->images == 0 || add_images(object, made, chosen));
    bool written = complete ? json_file_write(chosen->json_path, object) : report_out_of_memory();
    cJSON_Delete(object);
    return written;
}
