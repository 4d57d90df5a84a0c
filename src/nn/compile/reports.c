/*
 * Reports speak of the model that was asked for. The circuit evaluates another one where neurons were folded away: its
 * layer i is layer origins[i].layer of the model, its neuron j is neuron origins[i].neurons[j]. A layer that was folded
 * whole has no circuit layer and is reported all the same. A neuron is unproven where its weights can carry the
 * accumulator past what its table covers: in a tolerant circuit such an input reads the table's end, then wraps.
 */
#include "reports.h"

#include <math.h>

#include "memory.h"
#include "range.h"

static tnn_status fill_report(tnn_layer_report *report, const tnn_circuit *circuit, const tnn_model *model,
                              uint32_t index, tnn_watch *watch) {
    const tnn_layer *layer = &model->layers[index];
    *report = (tnn_layer_report){.inputs = layer->inputs,
                                 .neurons = layer->neurons,
                                 .tables_per_neuron = layer->tables_per_neuron,
                                 .table_cells = layer->table_cells,
                                 .circuit_layer = TNN_NO_LAYER};
    if (layer->tables_per_neuron == 0) {
        return TNN_OK;
    }
    report->fills = tnn_alloc(layer->neurons, sizeof *report->fills);
    if (!report->fills) {
        return TNN_ERR_MEMORY;
    }
    if (circuit->spec.exact) {
        return TNN_OK;
    }
    return tnn_unproven_neurons(&report->unproven_neurons, model, index, circuit->whole_torus, watch);
}

/* A table takes strength unit half_width of the half torus. */
static tnn_fill fill_of(const tnn_layer_budget *budget, const tnn_layer_shape *shape, size_t neuron) {
    const tnn_neuron_shape *form = &shape->neuron[neuron];
    const int32_t strength = tnn_strength(form, budget->unit_fraction);
    const double step = strength * budget->unit_fraction;
    return (tnn_fill){
        .width_share = form->half_width / shape->widest,
        .norm_share = sqrt(form->power) / form->width,
        .position_noise = sqrt(tnn_position_variance(budget, form, strength)) / (step * form->width),
        .room = 0.5 / step,
    };
}

static void write_fills(tnn_layer_report *report, const tnn_circuit *circuit, const tnn_shape *shape, uint32_t index,
                        const tnn_origin *origin) {
    for (size_t j = 0; j < shape->layers[index].neurons; j++) {
        report->fills[origin ? origin->neurons[j] : j] =
            fill_of(&circuit->budget.layers[index], &shape->layers[index], j);
    }
}

tnn_status tnn_circuit_write_reports(tnn_circuit *circuit, const tnn_model *model, const tnn_shape *shape,
                                     const tnn_origin *origins, tnn_watch *watch) {
    tnn_layer_report *reports = tnn_alloc(model->layer_count, sizeof *reports);
    if (!reports) {
        return TNN_ERR_MEMORY;
    }
    tnn_status status = TNN_OK;
    for (uint32_t i = 0; status == TNN_OK && i < model->layer_count; i++) {
        status = fill_report(&reports[i], circuit, model, i, watch);
    }
    if (status != TNN_OK) {
        tnn_reports_free(reports, model->layer_count);
        return status;
    }
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        const uint32_t worst = circuit->budget.layers[i].worst_neuron;
        tnn_layer_report *report = &reports[origins ? origins[i].layer : i];
        report->circuit_layer = i;
        report->worst_neuron = origins ? origins[i].neurons[worst] : worst;
        report->unproven_neurons += circuit->budget.layers[i].uncovered;
        if (report->fills) {
            write_fills(report, circuit, shape, i, origins ? &origins[i] : NULL);
        }
    }
    tnn_reports_free(circuit->reports, circuit->report_count);
    circuit->reports = reports;
    circuit->report_count = model->layer_count;
    return TNN_OK;
}
