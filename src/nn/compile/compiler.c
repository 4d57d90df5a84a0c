/* Parameters by search, a circuit under them, and fewer rotations where that is cheaper. */
#include "compiler.h"

#include "lower.h"
#include "memory.h"
#include "range.h"
#include "reports.h"
#include "simplify.h"

/* A neuron whose accumulator lies outside its table whatever the image: its table would never be read. */
static bool finds_unreachable_table(tnn_shortfall *shortfall, const tnn_model *model) {
    for (uint32_t i = 0; i + 1 < model->layer_count; i++) {
        for (uint32_t j = 0; j < model->layers[i].neurons; j++) {
            const int32_t *range = model->layers[i].ranges + 2 * (size_t)j;
            tnn_interval reach = tnn_accumulator_interval(model, i, j);
            if (reach.low > range[1] || reach.high < range[0]) {
                *shortfall = (tnn_shortfall){.kind = TNN_SHORTFALL_RANGE, .layer = i, .neuron = j};
                return true;
            }
        }
    }
    return false;
}

tnn_status tnn_circuit_compile(tnn_circuit **out, tnn_shortfall *shortfall, const tnn_model *model,
                               const tnn_requirement *requirement) {
    *out = NULL;
    if (finds_unreachable_table(shortfall, model)) {
        return TNN_ERR_UNSATISFIABLE;
    }
    tnn_shape *shape;
    tnn_params chosen;
    tnn_status status = tnn_shape_create(&shape, model, requirement->whole_torus);
    status = status == TNN_OK ? tnn_search(&chosen, shortfall, shape, requirement) : status;
    status = status == TNN_OK ? tnn_lower(out, shortfall, model, shape, &chosen, requirement) : status;
    tnn_shape_free(shape);
    return status;
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
