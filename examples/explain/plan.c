#include "explain/plan.h"

#include <stdlib.h>

#include "common/model_file.h"
#include "common/report.h"
#include "common/split.h"

/* The range proof; images that leave their table are counted where there is data. */
static bool describe_ranges(plan *made, const split *data, uint32_t index) {
    plan_layer *layer = &made->layers[index];
    layer->ranges = calloc(layer->info.neurons, sizeof *layer->ranges);
    if (layer->ranges == NULL) {
        return report_out_of_memory();
    }
    return status_ok(tnn_model_ranges(made->model, layer->ranges, index, data->images, data->pixels, data->count),
                     "range proof");
}

/* How its tables use the torus. */
static bool describe_fill(plan *made, const tnn_circuit *circuit, uint32_t index) {
    plan_layer *layer = &made->layers[index];
    layer->neurons = calloc(layer->info.neurons, sizeof *layer->neurons);
    if (layer->neurons == NULL) {
        return report_out_of_memory();
    }
    return status_ok(tnn_circuit_neurons(circuit, layer->neurons, index), "plan") &&
           layer_fill_of(&layer->fill, layer->neurons, layer->info.neurons);
}

static bool describe_layers(plan *made, const tnn_circuit *circuit, const split *data) {
    made->layers = calloc(made->circuit.layers, sizeof *made->layers);
    if (made->layers == NULL) {
        return report_out_of_memory();
    }
    bool done = true;
    for (uint32_t i = 0; i < made->circuit.layers && done; i++) {
        done = status_ok(tnn_circuit_layer(circuit, &made->layers[i].info, i), "plan") &&
               (made->layers[i].info.tables_per_neuron == 0 ||
                (describe_ranges(made, data, i) && describe_fill(made, circuit, i)));
    }
    return done;
}

static bool simulate(plan *made, const tnn_circuit *circuit, const split *data, size_t runs) {
    size_t outputs = made->circuit.outputs;
    double *clear = calloc(data->count, outputs * sizeof *clear);
    if (clear == NULL) {
        return report_out_of_memory();
    }
    const labelled_images images = {.images = data->images,
                                    .labels = data->labels,
                                    .clear = clear,
                                    .count = data->count,
                                    .pixels = data->pixels,
                                    .outputs = outputs};
    bool done = predict_images(clear, made->model, data->images, data->pixels, data->count) &&
                metrics_quality_of(&made->clear, clear, clear, outputs, data->labels, data->count) &&
                simulate_images(&made->simulated, circuit, &images, runs) &&
                excursions_of(&made->outside, circuit, made->model, data->images, data->pixels, data->count);
    free(clear);
    return done;
}

static bool describe_circuit(plan *made, const tnn_circuit *circuit, const split *data, const options *chosen) {
    tnn_circuit_describe(circuit, &made->circuit);
    made->images = data->count;
    return describe_layers(made, circuit, data) && (data->count == 0 || simulate(made, circuit, data, chosen->runs));
}

/* Agreement is that of images. */
static bool give_images(tnn_options *asked, const split *data) {
    if (asked->agreement > 0 && data->count == 0) {
        return report_error("--agreement is that of images; name them with --set or --data");
    }
    asked->images = data->images;
    asked->image_count = data->count;
    asked->pixels = data->pixels;
    return true;
}

static bool keep_curve(plan *made, const tnn_circuit *circuit) {
    made->points = tnn_circuit_agreement_points(circuit);
    made->curve = calloc(made->points + 1, sizeof *made->curve);
    bool done = made->curve != NULL || report_out_of_memory();
    for (size_t i = 0; i < made->points && done; i++) {
        done = status_ok(tnn_circuit_agreement(circuit, &made->curve[i], i), "agreement");
    }
    return done;
}

bool plan_make(plan *made, const options *chosen) {
    *made = (plan){0};
    split data = {0};
    tnn_circuit *circuit = NULL;
    if (!model_file_load(&made->model, chosen->model_path)) {
        return false;
    }
    tnn_model_describe(made->model, &made->shape);
    made->asked = compile_options(&chosen->compile, made->model);
    bool done = (chosen->data_path == NULL ||
                 split_read(&data, chosen->data_path, chosen->split, &made->shape, chosen->limit)) &&
                give_images(&made->asked, &data) && options_check_json(chosen) &&
                compile_model(&circuit, made->model, &made->asked, chosen->model_path) && keep_curve(made, circuit) &&
                describe_circuit(made, circuit, &data, chosen);
    tnn_circuit_free(circuit);
    split_free(&data);
    return done;
}

void plan_free(plan *made) {
    for (uint32_t i = 0; made->layers != NULL && i < made->circuit.layers; i++) {
        free(made->layers[i].ranges);
        free(made->layers[i].neurons);
    }
    free(made->layers);
    free(made->curve);
    tnn_model_free(made->model);
    *made = (plan){0};
}

static double excess_of(const tnn_neuron_range *range) {
    int64_t below = range->table_low - range->reach_low;
    int64_t above = range->reach_high - range->table_high;
    double width = (double)(range->table_high - range->table_low) + 1.0;
    return (double)(below > above ? below : above) / width;
}

/* Inserts into the list [count], sorted by falling excess, and drops what falls off its end. */
static size_t insert_neuron(plan_neuron *worst, size_t count, size_t most, plan_neuron neuron) {
    size_t place = count;
    while (place > 0 && worst[place - 1].excess < neuron.excess) {
        place--;
    }
    count = count < most ? count + 1 : most;
    for (size_t i = count; i > place + 1; i--) {
        worst[i - 1] = worst[i - 2];
    }
    if (place < count) {
        worst[place] = neuron;
    }
    return count;
}

size_t plan_worst_neurons(const plan *made, plan_neuron *worst, size_t most) {
    size_t count = 0;
    for (size_t i = 0; i < made->circuit.layers; i++) {
        const plan_layer *layer = &made->layers[i];
        for (size_t j = 0; layer->ranges != NULL && j < layer->info.neurons; j++) {
            const tnn_neuron_range *range = &layer->ranges[j];
            if (!range->proven) {
                plan_neuron neuron = {.layer = i, .neuron = j, .range = range, .excess = excess_of(range)};
                count = insert_neuron(worst, count, most, neuron);
            }
        }
    }
    return count;
}
