/* What a circuit says of itself, and the spec it hands to clients. */
#include <math.h>
#include <torusnn/torusnn.h>

#include "evaluation.h"
#include "sizes.h"
#include "spec_file.h"

static void describe_model(const tnn_circuit *circuit, tnn_circuit_info *info) {
    for (uint32_t i = 0; i < circuit->report_count; i++) {
        const tnn_layer_report *report = &circuit->reports[i];
        info->neurons += report->tables_per_neuron > 0 ? report->neurons : 0;
        info->unproven_neurons += report->unproven_neurons;
    }
}

static double largest_scale(const tnn_readout *readout) {
    double largest = 0;
    for (uint32_t i = 0; i < readout->outputs; i++) {
        largest = fmax(largest, readout->scales[i]);
    }
    return largest;
}

static void describe_noise(const tnn_circuit *circuit, tnn_circuit_info *info) {
    double error_sum = 0;
    uint64_t uncovered = 0;
    info->worst_lookup_log2 = -INFINITY;
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        const tnn_layer_budget *layer = &circuit->budget.layers[i];
        info->worst_position_noise = fmax(info->worst_position_noise, layer->worst_position_noise);
        info->worst_lookup_log2 = fmax(info->worst_lookup_log2, layer->worst_lookup_log2);
        error_sum += layer->error_sum;
        uncovered += layer->uncovered;
    }
    info->exact_proven = circuit->spec.exact && uncovered == 0;
    info->taken_on_word = uncovered;
    info->circuit_error_log2 = uncovered > 0 ? 0 : fmin(log2(error_sum), 0);
    info->logit_noise = circuit->budget.logit_noise * largest_scale(&circuit->spec.readout);
    info->logit_noise_share = circuit->budget.logit_noise_share;
}

static void describe_sizes(const tnn_circuit *circuit, tnn_circuit_info *info) {
    const tnn_spec *spec = &circuit->spec;
    const tnn_params *params = &spec->params;
    info->spec_bytes = tnn_spec_size(spec);
    info->secret_key_bytes = tnn_secret_key_file_bytes(params);
    info->eval_key_bytes = tnn_eval_key_file_bytes(params);
    info->input_bytes = tnn_input_file_bytes(params->literal.input_bits, circuit->layers[0].inputs);
    info->output_bytes =
        tnn_output_file_bytes(spec->output_bits, spec->readout.outputs, tnn_params_output_dimension(params));
    info->server_key_bytes = tnn_params_server_key_bytes(params);
    info->server_bytes = info->server_key_bytes + tnn_circuit_bytes(circuit) + tnn_evaluation_bytes(circuit, 1, 1);
}

void tnn_circuit_describe(const tnn_circuit *circuit, tnn_circuit_info *info) {
    if (!circuit || !info) {
        return;
    }
    *info = (tnn_circuit_info){
        .parameters = circuit->spec.params.literal,
        .security_bits = tnn_security_bits(circuit->spec.params.security),
        .estimated_bits = circuit->spec.params.security == TNN_SECURITY_128 ? 128 : 132,
        .layers = circuit->report_count,
        .outputs = circuit->spec.readout.outputs,
        .bootstraps = circuit->bootstraps,
        .predicted_ms = circuit->milliseconds,
    };
    describe_model(circuit, info);
    describe_noise(circuit, info);
    describe_sizes(circuit, info);
}

static void describe_lookups(const tnn_circuit *circuit, const tnn_layer_report *report, tnn_layer_info *info) {
    const tnn_layer_budget *budget = &circuit->budget.layers[report->circuit_layer];
    info->bootstraps = report->tables_per_neuron > 0 ? circuit->layers[report->circuit_layer].neurons : 0;
    info->position_noise = budget->worst_position_noise;
    info->position_noise_cells = budget->worst_position_noise * report->table_cells;
    info->off_by_one_rate = budget->off_by_one_rate;
    info->lookup_log2 = budget->worst_lookup_log2;
    info->worst_neuron = report->worst_neuron;
}

tnn_status tnn_circuit_layer(const tnn_circuit *circuit, tnn_layer_info *info, uint32_t index) {
    if (!circuit || !info || index >= circuit->report_count) {
        return TNN_ERR_MISUSE;
    }
    const tnn_layer_report *report = &circuit->reports[index];
    *info = (tnn_layer_info){
        .inputs = report->inputs,
        .neurons = report->neurons,
        .tables_per_neuron = report->tables_per_neuron,
        .table_cells = report->table_cells,
        .unproven_neurons = report->unproven_neurons,
        .lookup_log2 = -INFINITY,
    };
    if (report->circuit_layer != TNN_NO_LAYER) {
        describe_lookups(circuit, report, info);
    }
    return TNN_OK;
}

tnn_status tnn_circuit_neurons(const tnn_circuit *circuit, tnn_neuron_info *neurons, uint32_t index) {
    if (!circuit || !neurons || index >= circuit->report_count || !circuit->reports[index].fills) {
        return TNN_ERR_MISUSE;
    }
    const tnn_layer_report *report = &circuit->reports[index];
    for (size_t j = 0; j < report->neurons; j++) {
        const tnn_fill *fill = &report->fills[j];
        neurons[j] = (tnn_neuron_info){.bootstrapped = fill->room > 0,
                                       .width_share = fill->width_share,
                                       .norm_share = fill->norm_share,
                                       .position_noise = fill->position_noise};
    }
    return TNN_OK;
}

size_t tnn_circuit_agreement_points(const tnn_circuit *circuit) {
    return circuit ? circuit->curve_count : 0;
}

tnn_status tnn_circuit_agreement(const tnn_circuit *circuit, tnn_agreement_point *point, size_t index) {
    if (!circuit || !point || index >= circuit->curve_count) {
        return TNN_ERR_MISUSE;
    }
    const tnn_agreement *seen = &circuit->curve[index];
    *point = (tnn_agreement_point){.predicted_ms = seen->milliseconds,
                                   .position_noise = seen->position_noise,
                                   .logit_noise = seen->logit_noise,
                                   .agreement = seen->share,
                                   .agreement_low = seen->low};
    return TNN_OK;
}

tnn_status tnn_circuit_spec(tnn_spec **out, const tnn_circuit *circuit) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!circuit) {
        return TNN_ERR_MISUSE;
    }
    return tnn_spec_copy(out, &circuit->spec);
}
