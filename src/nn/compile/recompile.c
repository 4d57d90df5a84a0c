/*
 * A circuit for a spec that is in use. Parameters and units are given, so nothing is searched; what a spec does not say
 * is in which of a few ways its circuit was made:
 *
 *     simplified or not      (simplify.h)        neurons taken away change ranges and noise, not what a client does
 *     whole torus or half    (tables.h)          tables spread over all of it where they are negacyclic
 *     reach                  (shape.h)           exact: of the weights, or of tables alone
 *
 * 2 x 2 ways at most. Each is budgeted twice: once free, to see whether it would choose the spec's own units, and once
 * with them. The way that would choose them itself is the one that made the spec; should the library have changed
 * since, any way with room serves the keys, and the budget states the noise that it then has.
 */
#include "recompile.h"

#include "lower.h"
#include "memory.h"
#include "reports.h"
#include "simplify.h"

/* One way to evaluate a model under a spec. */
typedef struct way {
    const tnn_model *model;
    const tnn_origin *origins; /* NULL: the model is the one that was asked for */
    bool whole_torus;
    tnn_reach_source source;
    tnn_shape *shape;
    unsigned rank; /* 0: it has no room */
} way;

/* What counts, from most to least: the spec's units are its own choice; it meets the requirement; it has room. */
enum { HAS_ROOM = 1, MEETS_REQUIREMENT = 2, CHOOSES_THESE_UNITS = 4 };

typedef struct recompilation {
    const tnn_model *model;
    const tnn_spec *spec;
    tnn_requirement requirement;
    tnn_simplified *simplified;
    tnn_layer_budget *layers; /* [layer_count] scratch */
    way best;
    bool half_torus_only;
    bool suited;             /* some way's network can be computed under the spec's parameters */
    tnn_shortfall shortfall; /* of the last way without room */
} recompilation;

static void name_neuron(tnn_shortfall *shortfall, const tnn_origin *origins) {
    if (origins) {
        const tnn_origin *origin = &origins[shortfall->layer];
        shortfall->layer = origin->layer;
        shortfall->neuron = origin->neurons[shortfall->neuron];
    }
}

static tnn_status fill(tnn_budget *budget, const recompilation *r, const tnn_shape *shape, uint32_t *layer) {
    return tnn_budget_fill(budget, layer, shape, &r->spec->params, r->spec->exact, r->requirement.watch);
}

/* Units as they would be chosen, and then as the spec has them. */
static tnn_status rank_way(recompilation *r, way *w) {
    tnn_budget budget = {.layers = r->layers};
    uint32_t layer = 0;
    tnn_status status = fill(&budget, r, w->shape, &layer);
    const bool chooses = status == TNN_OK && budget.layers[0].unit == r->spec->input_unit &&
                         tnn_output_unit(&budget, w->shape->layer_count, &r->spec->params) == r->spec->output_unit;
    if (status == TNN_OK || status == TNN_ERR_UNSATISFIABLE) {
        w->shape->pinned = (tnn_pinned){.input_unit = r->spec->input_unit,
                                        .output_unit = r->spec->output_unit,
                                        .output_bits = r->spec->output_bits};
        status = fill(&budget, r, w->shape, &layer);
    }
    if (status == TNN_ERR_UNSATISFIABLE) {
        r->shortfall = tnn_width_shortfall(&budget, w->shape, layer);
        name_neuron(&r->shortfall, w->origins);
        return TNN_OK;
    }
    if (status == TNN_OK) {
        const bool meets = tnn_excess(&budget, w->shape, &r->requirement, &layer) <= 1;
        w->rank = HAS_ROOM | (meets ? MEETS_REQUIREMENT : 0u) | (chooses ? CHOOSES_THESE_UNITS : 0u);
    }
    return status;
}

/* Keeps the better of the best way so far and this one; of equals the earlier. */
static tnn_status try_way(recompilation *r, way w) {
    tnn_requirement requirement = r->requirement;
    requirement.whole_torus = w.whole_torus;
    const bool suited = tnn_params_serve(&r->spec->params, w.model);
    r->suited |= suited;
    if (!suited || (w.whole_torus && r->half_torus_only)) {
        return TNN_OK;
    }
    tnn_status status = tnn_shape_create(&w.shape, w.model, &requirement, w.source);
    status = status == TNN_OK ? rank_way(r, &w) : status;
    if (status == TNN_OK && w.rank > r->best.rank) {
        tnn_shape_free(r->best.shape);
        r->best = w;
        return TNN_OK;
    }
    tnn_shape_free(w.shape);
    return status;
}

/* The simplified model first; the whole torus as the requirement has it first; the weights' word first. */
static tnn_status try_all(recompilation *r) {
    tnn_status status = TNN_OK;
    for (int turn = 0; turn < 2; turn++) {
        const bool whole_torus = !r->spec->exact && r->requirement.whole_torus != (turn > 0);
        const tnn_reach_source source = turn > 0 ? TNN_REACH_OF_TABLES : TNN_REACH_OF_WEIGHTS;
        way w = {.model = r->simplified->model, .origins = r->simplified->origins, .whole_torus = whole_torus};
        w.source = source;
        status = status == TNN_OK && r->simplified->changed ? try_way(r, w) : status;
        w.model = r->model;
        w.origins = NULL;
        status = status == TNN_OK ? try_way(r, w) : status;
    }
    return status;
}

static tnn_status lower_best(tnn_circuit **out, recompilation *r) {
    const way *w = &r->best;
    tnn_requirement requirement = r->requirement;
    requirement.whole_torus = w->whole_torus;
    if (w->rank == 0) {
        return r->suited ? TNN_ERR_UNSATISFIABLE : TNN_ERR_MODEL_MISMATCH;
    }
    tnn_status status = tnn_lower(out, &r->shortfall, w->model, w->shape, &r->spec->params, &requirement);
    if (status == TNN_ERR_UNSATISFIABLE) {
        name_neuron(&r->shortfall, w->origins);
    }
    if (status == TNN_OK && w->origins) {
        status = tnn_circuit_write_reports(*out, r->model, w->shape, w->origins, requirement.watch);
    }
    return status;
}

/* A table cannot take the whole torus, so the spec is of a circuit in which none does. */
static tnn_status recompile_on_half_torus(tnn_circuit **out, recompilation *r) {
    tnn_shape_free(r->best.shape);
    r->best = (way){0};
    r->half_torus_only = true;
    tnn_status status = try_all(r);
    return status == TNN_OK ? lower_best(out, r) : status;
}

static tnn_status recompile(tnn_circuit **out, recompilation *r) {
    r->layers = tnn_alloc(r->model->layer_count, sizeof *r->layers);
    tnn_status status = tnn_simplify(&r->simplified, r->model, r->requirement.watch);
    status = status == TNN_OK && !r->layers ? TNN_ERR_MEMORY : status;
    status = status == TNN_OK ? try_all(r) : status;
    status = status == TNN_OK ? lower_best(out, r) : status;
    if (status == TNN_ERR_UNSATISFIABLE && r->best.whole_torus) {
        status = recompile_on_half_torus(out, r);
    }
    tnn_shape_free(r->best.shape);
    tnn_simplified_free(r->simplified);
    tnn_free(r->layers);
    return status;
}

tnn_status tnn_circuit_recompile(tnn_circuit **out, tnn_shortfall *shortfall, const tnn_model *model,
                                 const tnn_spec *spec, const tnn_requirement *requirement) {
    recompilation r = {.model = model, .spec = spec, .requirement = *requirement};
    r.requirement.exact = spec->exact;
    *out = NULL;
    tnn_status status = recompile(out, &r);
    if (status != TNN_OK) {
        tnn_circuit_free(*out);
        *out = NULL;
    }
    *shortfall = r.shortfall;
    return status;
}
