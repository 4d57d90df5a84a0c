/* Options, compilation and what a circuit says of itself. */
#include <math.h>
#include <torusnn/torusnn.h>

#include "circuit.h"
#include "memory.h"
#include "sizes.h"
#include "spec_file.h"

void tnn_options_default(tnn_options *options) {
    *options = (tnn_options){
        .security = TNN_SECURITY_128_MARGIN,
        .precision = TNN_PRECISION_TOLERANT,
        .position_noise = 0.02,
        .logit_noise = 0.1,
        .log2_lookup_error = -40,
    };
}

/* Written so that a NaN fails. */
static bool options_ok(const tnn_options *options) {
    return (options->security == TNN_SECURITY_128_MARGIN || options->security == TNN_SECURITY_128) &&
           (options->precision == TNN_PRECISION_TOLERANT || options->precision == TNN_PRECISION_EXACT) &&
           options->position_noise > 0 && options->position_noise < 0.25 && options->logit_noise > 0 &&
           options->log2_lookup_error <= -1 && options->log2_lookup_error >= -256;
}

tnn_status tnn_compile(tnn_circuit **out, const tnn_model *model, const tnn_options *options) {
    tnn_options chosen;
    tnn_options_default(&chosen);
    chosen = options ? *options : chosen;
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!model || !options_ok(&chosen)) {
        return TNN_ERR_MISUSE;
    }
    const tnn_requirement requirement = {
        .security = chosen.security,
        .exact = chosen.precision == TNN_PRECISION_EXACT,
        .position_noise = chosen.position_noise,
        .logit_noise = chosen.logit_noise,
        .log2_lookup_error = chosen.log2_lookup_error,
    };
    tnn_status status = tnn_circuit_compile(out, model, &requirement);
    if (status == TNN_OK) {
        tnn_spec_set_fingerprint(&(*out)->spec, model->fingerprint);
    }
    return status;
}

static void describe_noise(const tnn_circuit *circuit, tnn_circuit_info *info) {
    info->worst_lookup_log2 = -INFINITY;
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        info->worst_position_noise = fmax(info->worst_position_noise, circuit->layers[i].worst_position_noise);
        info->worst_lookup_log2 = fmax(info->worst_lookup_log2, circuit->layers[i].worst_lookup_log2);
    }
    info->logit_noise = tnn_circuit_logit_noise(circuit);
}

void tnn_circuit_describe(const tnn_circuit *circuit, tnn_circuit_info *info) {
    const tnn_spec *spec = &circuit->spec;
    const tnn_params *params = &spec->params;
    *info = (tnn_circuit_info){
        .parameters = params->literal,
        .parameters_name = circuit->params_name,
        .security_bits = 128,
        .estimated_bits = params->security == TNN_SECURITY_128 ? 128 : 132,
        .bootstraps = circuit->bootstraps,
        .spec_bytes = tnn_spec_file_bytes(),
        .secret_key_bytes = tnn_secret_key_file_bytes(params),
        .eval_key_bytes = tnn_eval_key_file_bytes(params),
        .input_bytes = tnn_input_file_bytes(params->literal.input_bits, circuit->layers[0].inputs),
        .output_bytes = tnn_output_file_bytes(spec->output_bits, spec->outputs, tnn_params_big_dimension(params)),
        .server_key_bytes = tnn_params_server_key_bytes(params),
        .unproven_neurons = circuit->unproven_neurons,
    };
    describe_noise(circuit, info);
}

tnn_status tnn_circuit_spec(tnn_spec **out, const tnn_circuit *circuit) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!circuit) {
        return TNN_ERR_MISUSE;
    }
    tnn_spec *spec = tnn_alloc(1, sizeof *spec);
    *out = spec;
    if (!spec) {
        return TNN_ERR_MEMORY;
    }
    *spec = circuit->spec;
    return TNN_OK;
}
