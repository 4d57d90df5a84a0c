#include "reports.h"

#include "memory.h"
#include "range.h"

static tnn_layer_report report_of(const tnn_model *model, uint32_t index) {
    const tnn_layer *layer = &model->layers[index];
    return (tnn_layer_report){.inputs = layer->inputs,
                              .neurons = layer->neurons,
                              .tables_per_neuron = layer->tables_per_neuron,
                              .table_cells = layer->table_cells,
                              .unproven_neurons = layer->tables_per_neuron ? tnn_unproven_neurons(model, index) : 0,
                              .circuit_layer = TNN_NO_LAYER};
}

tnn_status tnn_circuit_write_reports(tnn_circuit *circuit, const tnn_model *model, const tnn_origin *origins) {
    tnn_layer_report *reports = tnn_alloc(model->layer_count, sizeof *reports);
    if (!reports) {
        return TNN_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < model->layer_count; i++) {
        reports[i] = report_of(model, i);
    }
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        const uint32_t worst = circuit->budget.layers[i].worst_neuron;
        tnn_layer_report *report = &reports[origins ? origins[i].layer : i];
        report->circuit_layer = i;
        report->worst_neuron = origins ? origins[i].neurons[worst] : worst;
    }
    tnn_free(circuit->reports);
    circuit->reports = reports;
    circuit->report_count = model->layer_count;
    return TNN_OK;
}
