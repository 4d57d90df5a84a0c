/*
 * The cheapest parameters that give a model the precision asked for, and where none does, why: the neuron that stands
 * in the way, what it asks and what could be reached (search.c has what is enumerated).
 */
#ifndef TNN_NN_SEARCH_H
#define TNN_NN_SEARCH_H

#include "budget.h"

/* Why nothing fits: the neuron that stands in the way under the parameters that came closest. */
typedef enum tnn_shortfall_kind {
    TNN_SHORTFALL_PRECISION,      /* too much noise */
    TNN_SHORTFALL_WIDTH,          /* a range has more accumulators than the torus has points */
    TNN_SHORTFALL_REACH,          /* exact: weights carry an accumulator further than its table can be right */
    TNN_SHORTFALL_RANGE,          /* no accumulator can lie inside the neuron's table */
    TNN_SHORTFALL_NOT_NEGACYCLIC, /* its table cannot take the whole torus */
    TNN_SHORTFALL_BYTES,          /* no neuron's: circuit and compilation take more than the requirement allows */
} tnn_shortfall_kind;

typedef struct tnn_shortfall {
    tnn_shortfall_kind kind;
    uint32_t layer;
    uint32_t neuron;
    bool is_logit;    /* the noise of logits, not of a table position */
    double asked;     /* exact: bits that its scale takes of the half torus; width: that its accumulators take;
                         tolerant: the noise that was allowed */
    double reachable; /* exact: bits that can be told apart; tolerant: the least noise */
} tnn_shortfall;

/* How far the worst layer, *layer, is from the requirement: at most 1 where it is met. */
double tnn_excess(const tnn_budget *budget, const tnn_shape *shape, const tnn_requirement *requirement,
                  uint32_t *layer);

/* The widest neuron of a layer under whose budget there is no unit. */
tnn_shortfall tnn_width_shortfall(const tnn_budget *budget, const tnn_shape *shape, uint32_t index);

/* TNN_ERR_UNSATISFIABLE with *shortfall filled, TNN_ERR_MEMORY, TNN_ERR_CANCELLED. */
TNN_MUST_USE tnn_status tnn_search(tnn_params *chosen, tnn_shortfall *shortfall, const tnn_shape *shape,
                                   const tnn_requirement *requirement);

#endif
