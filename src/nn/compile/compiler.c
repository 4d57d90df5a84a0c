/*
 * From a model to a circuit: gather its shape, search parameters, lower it. The order of decisions:
 *
 *     1  refuse what takes too much memory, and a table that no accumulator reaches (a mistake of the model)
 *     2  search with the reach that weights allow; where that cannot be had and images were given, with theirs
 *     3  do the same for the simplified model (simplify.h), whose logits are the same for every image
 *     4  lower the cheaper of both, the other one where that fails
 *
 * Simplifying is not always cheaper: folded neurons have wider ranges and may need a larger ring. A refusal names a
 * neuron of the model that was given, whichever of the two it stood in.
 */
#include "compiler.h"

#include <math.h>

#include "cost.h"
#include "lower.h"
#include "memory.h"
#include "range.h"
#include "reports.h"
#include "simplify.h"

/* What there is to lower of a model, or why there is nothing. */
typedef struct plan {
    const tnn_model *model;
    tnn_status status;
    tnn_shape *shape;
    tnn_params params;       /* where status is TNN_OK, */
    tnn_shortfall shortfall; /* where it is TNN_ERR_UNSATISFIABLE */
} plan;

static void release_plan(plan *p) {
    tnn_shape_free(p->shape);
    p->shape = NULL;
}

/* ------------------------------------------------------------------------------------------------------ memory -- */

/* Of a model and of what is computed of it on the way: a simplified copy, shapes, groups of twins. */
static uint64_t working_bytes(const tnn_model *model) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < model->layer_count; i++) {
        const tnn_layer *layer = &model->layers[i];
        const uint64_t neurons = layer->neurons;
        const uint64_t outputs = tnn_layer_outputs(layer);
        bytes +=
            neurons * layer->inputs * sizeof *layer->weights + outputs * layer->table_cells * sizeof *layer->tables;
        bytes += 3 * (neurons * sizeof(tnn_neuron_shape) + outputs * sizeof(tnn_gain));
    }
    return bytes;
}

static bool takes_too_much(const tnn_requirement *requirement, uint64_t bytes) {
    return requirement->most_bytes != 0 && bytes > requirement->most_bytes;
}

/* ------------------------------------------------------------------------------------------------- parameters -- */

/* The first neuron of a layer whose accumulator lies outside its table whatever the image: it would never be read. */
static tnn_status find_unreachable_table(tnn_shortfall *shortfall, const tnn_model *model, uint32_t index,
                                         tnn_watch *watch) {
    const tnn_layer *layer = &model->layers[index];
    tnn_interval *reach;
    tnn_status status = tnn_layer_reach(&reach, model, index, watch);
    for (uint32_t j = 0; status == TNN_OK && j < layer->neurons; j++) {
        if (reach[j].low > layer->ranges[2 * (size_t)j + 1] || reach[j].high < layer->ranges[2 * (size_t)j]) {
            *shortfall = (tnn_shortfall){.kind = TNN_SHORTFALL_RANGE, .layer = index, .neuron = j};
            status = TNN_ERR_UNSATISFIABLE;
        }
    }
    tnn_free(reach);
    return status;
}

static void search_with(plan *p, const tnn_requirement *requirement, tnn_reach_source source) {
    release_plan(p);
    p->status = tnn_shape_create(&p->shape, p->model, requirement, source);
    if (p->status == TNN_OK) {
        p->status = tnn_search(&p->params, &p->shortfall, p->shape, requirement);
    }
}

/* The neuron whose reach asks for the most room beside its table's, and that room. */
static void blame_widest_reach(tnn_shortfall *shortfall, const tnn_shape *shape) {
    double worst = 0;
    for (uint32_t i = 0; i + 1 < shape->layer_count; i++) {
        for (uint32_t j = 0; j < shape->layers[i].neurons; j++) {
            const tnn_neuron_shape *neuron = &shape->layers[i].neuron[j];
            if (neuron->half_width / neuron->width > worst) {
                worst = neuron->half_width / neuron->width;
                *shortfall = (tnn_shortfall){.layer = i, .neuron = j};
                shortfall->asked = log2(neuron->half_width);
                shortfall->reachable = log2(neuron->width);
            }
        }
    }
}

static bool is_widened(const tnn_shape *shape, const tnn_shortfall *shortfall) {
    const tnn_neuron_shape *neuron = &shape->layers[shortfall->layer].neuron[shortfall->neuron];
    return !shortfall->is_logit && neuron->half_width > neuron->width;
}

/* Would it fit, were it not for how far weights carry accumulators beyond their tables? Then that is what is in the
 * way. */
static tnn_status blame_reach(plan *p, const tnn_requirement *requirement) {
    plan alone = {.model = p->model};
    search_with(&alone, requirement, TNN_REACH_OF_TABLES);
    if (alone.status == TNN_OK) {
        if (!is_widened(p->shape, &p->shortfall)) {
            blame_widest_reach(&p->shortfall, p->shape);
        }
        p->shortfall.kind = TNN_SHORTFALL_REACH;
    }
    release_plan(&alone);
    return alone.status == TNN_ERR_UNSATISFIABLE ? TNN_OK : alone.status;
}

/* The weights' word first; then, where it is given, the images'. */
static void search_parameters(plan *p, const tnn_requirement *requirement) {
    search_with(p, requirement, TNN_REACH_OF_WEIGHTS);
    if (p->status == TNN_ERR_UNSATISFIABLE && p->shape->widened && requirement->images) {
        search_with(p, requirement, TNN_REACH_OF_IMAGES);
    }
    if (p->status == TNN_ERR_UNSATISFIABLE && p->shape->widened) {
        tnn_status status = blame_reach(p, requirement);
        p->status = status == TNN_OK ? TNN_ERR_UNSATISFIABLE : status;
    }
}

static plan make_plan(const tnn_model *model, const tnn_requirement *requirement) {
    plan p = {.model = model};
    if (takes_too_much(requirement, working_bytes(model))) {
        p.shortfall = (tnn_shortfall){.kind = TNN_SHORTFALL_BYTES, .asked = (double)working_bytes(model)};
        p.status = TNN_ERR_LIMIT;
    }
    for (uint32_t i = 0; p.status == TNN_OK && i + 1 < model->layer_count; i++) {
        p.status = find_unreachable_table(&p.shortfall, model, i, requirement->watch);
    }
    if (p.status == TNN_OK) {
        search_parameters(&p, requirement);
    }
    return p;
}

/* ---------------------------------------------------------------------------------------------------- circuits -- */

static tnn_status lower_plan(tnn_circuit **out, plan *p, const tnn_requirement *requirement) {
    *out = NULL;
    const uint64_t bytes = working_bytes(p->model) + tnn_lowered_bytes(p->model, tnn_params_positions(&p->params));
    if (p->status == TNN_OK && takes_too_much(requirement, bytes)) {
        p->shortfall = (tnn_shortfall){.kind = TNN_SHORTFALL_BYTES, .asked = (double)bytes};
        p->status = TNN_ERR_LIMIT;
    }
    if (p->status == TNN_OK) {
        p->status = tnn_lower(out, &p->shortfall, p->model, p->shape, &p->params, requirement);
    }
    return p->status;
}

tnn_status tnn_circuit_compile(tnn_circuit **out, tnn_shortfall *shortfall, const tnn_model *model,
                               const tnn_requirement *requirement) {
    plan p = make_plan(model, requirement);
    tnn_status status = lower_plan(out, &p, requirement);
    *shortfall = p.shortfall;
    release_plan(&p);
    return status;
}

/* A circuit of the simplified model that speaks of the given one. */
static tnn_status lower_reduced(tnn_circuit **out, plan *p, const tnn_simplified *simplified, const tnn_model *model,
                                const tnn_requirement *requirement) {
    tnn_status status = lower_plan(out, p, requirement);
    if (status == TNN_ERR_UNSATISFIABLE) {
        const tnn_origin *origin = &simplified->origins[p->shortfall.layer];
        p->shortfall.layer = origin->layer;
        p->shortfall.neuron = origin->neurons[p->shortfall.neuron];
    }
    if (status == TNN_OK) {
        status = tnn_circuit_write_reports(*out, model, p->shape, simplified->origins, requirement->watch);
        if (status != TNN_OK) {
            tnn_circuit_free(*out);
            *out = NULL;
        }
    }
    return status;
}

static bool is_cheaper(const plan *a, const plan *b) {
    return a->status == TNN_OK && b->status == TNN_OK &&
           tnn_cost_image(a->shape, &a->params) < tnn_cost_image(b->shape, &b->params);
}

static bool is_refusal(tnn_status status) {
    return status == TNN_ERR_UNSATISFIABLE || status == TNN_ERR_LIMIT;
}

/* The reduced model's circuit where it is no dearer, and the other one where that fails. */
static tnn_status lower_either(tnn_circuit **out, plan *plain, plan *reduced, const tnn_simplified *simplified,
                               const tnn_model *model, const tnn_requirement *requirement) {
    if (is_cheaper(plain, reduced) && !is_refusal(lower_plan(out, plain, requirement))) {
        return plain->status;
    }
    tnn_status status = lower_reduced(out, reduced, simplified, model, requirement);
    return is_refusal(status) && plain->status == TNN_OK ? lower_plan(out, plain, requirement) : status;
}

static tnn_status compile_either(tnn_circuit **out, tnn_shortfall *shortfall, plan *plain,
                                 const tnn_simplified *simplified, const tnn_requirement *requirement) {
    plan reduced = make_plan(simplified->model, requirement);
    tnn_status status = reduced.status;
    if (status == TNN_OK || status == TNN_ERR_UNSATISFIABLE) {
        status = lower_either(out, plain, &reduced, simplified, plain->model, requirement);
    }
    *shortfall = status == plain->status && status != reduced.status ? plain->shortfall : reduced.shortfall;
    release_plan(&reduced);
    return status;
}

/* A table that is never read is refused, not removed: it is a mistake of the model. */
tnn_status tnn_circuit_compile_simplified(tnn_circuit **out, tnn_shortfall *shortfall, const tnn_model *model,
                                          const tnn_requirement *requirement) {
    *out = NULL;
    plan plain = make_plan(model, requirement);
    tnn_status status = plain.status;
    *shortfall = plain.shortfall;
    if (status == TNN_OK || (status == TNN_ERR_UNSATISFIABLE && shortfall->kind != TNN_SHORTFALL_RANGE)) {
        tnn_simplified *simplified;
        status = tnn_simplify(&simplified, model, requirement->watch);
        if (status == TNN_OK && simplified->changed) {
            status = compile_either(out, shortfall, &plain, simplified, requirement);
        } else if (status == TNN_OK) {
            status = lower_plan(out, &plain, requirement);
            *shortfall = plain.shortfall;
        }
        tnn_simplified_free(simplified);
    }
    release_plan(&plain);
    return status;
}
