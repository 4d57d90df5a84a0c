/*
 * Compiling with fewer rotations where that is cheaper, and what is said of the model's own layers then.
 *
 * Fewer neurons are not always cheaper. Two equal rotations of weight w give a noise of 2 w^2 V, one of weight 2w gives
 * 4 w^2 V, so the reduced model can need better parameters. Both are compiled, and the time predicted for an image
 * decides. Reports and refusals name layers and neurons of the model that was given.
 */
#include "circuit.h"
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

/* Layers of the model that no layer of the circuit comes from keep TNN_NO_LAYER: they were folded. The budget's worst
 * neurons go back to the numbers they had in the model. */
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

/* A circuit of the simplified model that speaks of the given one. */
static tnn_status compile_reduced(tnn_circuit **out, tnn_shortfall *shortfall, const tnn_simplified *simplified,
                                  const tnn_model *model, const tnn_requirement *requirement) {
    tnn_status status = tnn_circuit_compile(out, shortfall, simplified->model, requirement);
    if (status == TNN_ERR_UNSATISFIABLE) {
        const tnn_origin *origin = &simplified->origins[shortfall->layer];
        shortfall->layer = origin->layer;
        shortfall->neuron = origin->neurons[shortfall->neuron];
    }
    if (status == TNN_OK) {
        status = tnn_circuit_write_reports(*out, model, simplified->origins);
        if (status != TNN_OK) {
            tnn_circuit_free(*out);
            *out = NULL;
        }
    }
    return status;
}

/* Puts the reduced circuit in the place of the plain one where it is no dearer, or the only one there is. */
static tnn_status offer_reduced(tnn_circuit **circuit, tnn_shortfall *shortfall, const tnn_simplified *simplified,
                                const tnn_model *model, const tnn_requirement *requirement) {
    tnn_circuit *reduced;
    tnn_status status = compile_reduced(&reduced, shortfall, simplified, model, requirement);
    if (status == TNN_ERR_UNSATISFIABLE && *circuit) {
        return TNN_OK;
    }
    if (status == TNN_OK && *circuit && (*circuit)->milliseconds < reduced->milliseconds) {
        tnn_circuit_free(reduced);
        return TNN_OK;
    }
    if (status == TNN_OK) {
        tnn_circuit_free(*circuit);
        *circuit = reduced;
    }
    return status;
}

/* A table that is never read is refused, not removed: it is a mistake of the model. */
tnn_status tnn_circuit_compile_simplified(tnn_circuit **out, tnn_shortfall *shortfall, const tnn_model *model,
                                          const tnn_requirement *requirement) {
    tnn_status status = tnn_circuit_compile(out, shortfall, model, requirement);
    if (status == TNN_ERR_MEMORY || (status != TNN_OK && shortfall->kind == TNN_SHORTFALL_RANGE)) {
        return status;
    }
    tnn_simplified *simplified;
    tnn_status simplifying = tnn_simplify(&simplified, model);
    if (simplifying == TNN_OK && simplified->changed) {
        simplifying = status = offer_reduced(out, shortfall, simplified, model, requirement);
    }
    tnn_simplified_free(simplified);
    if (simplifying == TNN_ERR_MEMORY) {
        tnn_circuit_free(*out);
        *out = NULL;
        return TNN_ERR_MEMORY;
    }
    return status;
}
