/*
 * A circuit's memory: what it holds beside the model, for a program that must know before it loads a second one. N
 * words a test polynomial dominate nets of few inputs, weights those of many.
 */
#include "circuit.h"

#include "memory.h"
#include "tables.h"

static void free_layer_circuit(tnn_layer_circuit *layer) {
    tnn_free(layer->weights);
    tnn_free(layer->offsets);
    tnn_free(layer->tests);
    tnn_free(layer->steps);
    tnn_free(layer->step_positions);
    tnn_free(layer->step_sizes);
}

void tnn_reports_free(tnn_layer_report *reports, uint32_t count) {
    for (uint32_t i = 0; reports && i < count; i++) {
        tnn_free(reports[i].fills);
    }
    tnn_free(reports);
}

void tnn_circuit_free(tnn_circuit *circuit) {
    if (!circuit) {
        return;
    }
    for (uint32_t i = 0; circuit->layers && i < circuit->layer_count; i++) {
        free_layer_circuit(&circuit->layers[i]);
    }
    tnn_free(circuit->layers);
    tnn_readout_release(&circuit->spec.readout);
    tnn_free(circuit->budget.layers);
    tnn_reports_free(circuit->reports, circuit->report_count);
    tnn_free(circuit->curve);
    tnn_free(circuit);
}

static size_t layer_bytes(const tnn_layer_circuit *layer, uint32_t N) {
    const size_t outputs = (size_t)layer->neurons * layer->tables_per_neuron;
    const size_t weights = (size_t)layer->neurons * (layer->inputs * sizeof *layer->weights + sizeof *layer->offsets);
    const size_t table = layer->tables_per_neuron > 1 ? 2 * tnn_most_steps(layer->table_cells, N) : N;
    return weights + outputs * table * sizeof(uint32_t);
}

static size_t report_bytes(const tnn_layer_report *report) {
    return sizeof *report + (report->fills ? report->neurons * sizeof *report->fills : 0);
}

size_t tnn_circuit_bytes(const tnn_circuit *circuit) {
    size_t bytes = sizeof *circuit;
    for (uint32_t i = 0; i < circuit->report_count; i++) {
        bytes += report_bytes(&circuit->reports[i]);
    }
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        bytes += layer_bytes(&circuit->layers[i], tnn_params_positions(&circuit->spec.params));
    }
    return bytes;
}
