#include "results/measurement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <torusnn/torusnn.h>

#include "common/json_file.h"
#include "common/model_file.h"
#include "common/report.h"
#include "common/simulation.h"
#include "common/split.h"
#include "medmnist/evaluation.h"
#include "medmnist/summary.h"

/* folder/name ending; NULL on failure, which is reported. */
static char *join(const char *folder, const char *name, const char *ending) {
    char *path = NULL;
    if (asprintf(&path, "%s/%s%s", folder, name, ending) < 0) {
        report_out_of_memory();
        return NULL;
    }
    return path;
}

bool measurement_has_model(const char *name) {
    char *path = join(EXAMPLES_MODELS, name, ".tnn");
    const bool there = path != NULL && access(path, F_OK) == 0;
    free(path);
    return there;
}

static bool load_model(tnn_model **model, const char *name) {
    char *path = join(EXAMPLES_MODELS, name, ".tnn");
    *model = NULL;
    bool loaded = path != NULL && model_file_load(model, path);
    free(path);
    return loaded;
}

/* The data set that the model's provenance names; NULL on failure, which is reported. */
static char *set_of(const tnn_model *model, const char *name) {
    tnn_model_info info;
    tnn_model_describe(model, &info);
    cJSON *provenance = cJSON_Parse(info.provenance);
    const char *named = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(provenance, "set"));
    char *set = named != NULL ? strdup(named) : NULL;
    cJSON_Delete(provenance);
    if (set == NULL) {
        report_error("%s: its provenance names no data set", name);
    }
    return set;
}

/* As medmnist's own, free with options_free. */
static bool evaluation_options(options *run, const tnn_model *model, const char *name, const results_options *chosen) {
    run->split = "test";
    run->limit = chosen->limit;
    run->threads = chosen->threads;
    run->batch = 1;
    run->keys = chosen->keys;
    run->runs = SIMULATION_DEFAULT_RUNS;
    run->model_path = join("examples/models", name, ".tnn");
    char *set = set_of(model, name);
    const bool found =
        set != NULL && run->model_path != NULL && split_find_file(&run->data_path, chosen->data_folder, set);
    run->set = set;
    return found;
}

/* Inputs, then neurons of each layer. */
static bool add_layers(cJSON *figures, const tnn_circuit *circuit, uint32_t count) {
    cJSON *sizes = cJSON_AddArrayToObject(figures, "layers");
    bool done = sizes != NULL;
    for (uint32_t i = 0; i < count && done; i++) {
        tnn_layer_info layer;
        done = status_ok(tnn_circuit_layer(circuit, &layer, i), "layer") &&
               (i > 0 || cJSON_AddItemToArray(sizes, cJSON_CreateNumber(layer.inputs))) &&
               cJSON_AddItemToArray(sizes, cJSON_CreateNumber(layer.neurons));
    }
    return done;
}

static bool add_fill(cJSON *list, const tnn_circuit *circuit, uint32_t index, const tnn_layer_info *layer) {
    layer_fill fill;
    tnn_neuron_info *neurons = calloc(layer->neurons, sizeof *neurons);
    bool done = (neurons != NULL || report_out_of_memory()) &&
                status_ok(tnn_circuit_neurons(circuit, neurons, index), "neurons") &&
                layer_fill_of(&fill, neurons, layer->neurons) && json_append_fill(list, &fill);
    free(neurons);
    return done;
}

/* How the tables of each layer use the torus. */
static bool add_fills(cJSON *figures, const tnn_circuit *circuit, uint32_t count) {
    cJSON *list = cJSON_AddArrayToObject(figures, "fills");
    bool done = list != NULL;
    for (uint32_t i = 0; i < count && done; i++) {
        tnn_layer_info layer;
        done = status_ok(tnn_circuit_layer(circuit, &layer, i), "layer") &&
               (layer.tables_per_neuron == 0 || add_fill(list, circuit, i, &layer));
    }
    return done;
}

/* Of the whole run, the models before this one included. */
static void drop_memory(cJSON *figures) {
    cJSON_DeleteItemFromObjectCaseSensitive(figures, "peak_rss_bytes");
}

/* The precision that the model's file states, in words. */
static bool add_contract(cJSON *figures, const tnn_model *model) {
    tnn_options asked;
    char text[96];
    tnn_options_for(&asked, model);
    if (asked.precision == TNN_PRECISION_EXACT) {
        snprintf(text, sizeof text, "exact, 2^%g", asked.log2_lookup_error);
    } else {
        snprintf(text, sizeof text, "position %g, logits %g", asked.position_noise, asked.logit_noise);
    }
    return cJSON_AddStringToObject(figures, "contract", text) != NULL;
}

static bool add_network(cJSON *figures, const tnn_model *model, const char *name) {
    tnn_circuit *circuit = NULL;
    tnn_circuit_info info;
    bool done = compile_model(&circuit, model, NULL, name);
    if (done) {
        tnn_circuit_describe(circuit, &info);
        drop_memory(figures);
        done = add_layers(figures, circuit, info.layers) && add_fills(figures, circuit, info.layers) &&
               add_contract(figures, model);
    }
    tnn_circuit_free(circuit);
    return done;
}

static bool save(const evaluation *result, const tnn_model *model, const options *run, const char *name,
                 const results_options *chosen) {
    char *path = join(chosen->measured, name, ".json");
    cJSON *figures = summary_json(result, run);
    bool done = path != NULL && figures != NULL && add_network(figures, model, name) && json_file_write(path, figures);
    free(path);
    cJSON_Delete(figures);
    return done;
}

static bool evaluate(const tnn_model *model, const options *run, const char *name, const results_options *chosen) {
    tnn_model_info info;
    tnn_model_describe(model, &info);
    split data = {0};
    evaluation result;
    bool done = split_read(&data, run->data_path, run->split, &info, run->limit) &&
                evaluation_run(&result, model, &data, run) && save(&result, model, run, name, chosen);
    split_free(&data);
    return done;
}

static bool make_folder(const char *path) {
    return mkdir(path, 0777) == 0 || errno == EEXIST || report_error("%s: %s", path, strerror(errno));
}

bool measurement_run(const char *name, const results_options *chosen) {
    tnn_model *model = NULL;
    options run = {0};
    fprintf(stderr, "%s\n", name);
    bool done = make_folder(chosen->measured) && load_model(&model, name) &&
                evaluation_options(&run, model, name, chosen) && evaluate(model, &run, name, chosen);
    options_free(&run);
    tnn_model_free(model);
    return done;
}
