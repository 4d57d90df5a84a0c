/* plan.h: everything that is known of a model's encrypted inference before a key exists. */
#ifndef EXPLAIN_PLAN_H
#define EXPLAIN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include <torusnn/torusnn.h>

#include "common/excursions.h"
#include "common/fill.h"
#include "common/options.h"
#include "common/simulation.h"

typedef struct plan_layer {
    tnn_layer_info info;
    tnn_neuron_range *ranges; /* [neurons]; NULL for the logits */
    tnn_neuron_info *neurons; /* [neurons]; NULL for the logits */
    layer_fill fill;          /* of them */
} plan_layer;

typedef struct plan {
    tnn_model *model;
    tnn_model_info shape;
    tnn_options asked; /* the model's contract, but for what the command line says */
    tnn_circuit_info circuit;
    tnn_agreement_point *curve; /* [points] of a compilation by agreement, cheapest first */
    size_t points;
    plan_layer *layers; /* [circuit.layers] */
    size_t images;      /* that the ranges and the figures below are from; 0 where no data was given */
    metrics_quality clear;
    simulation simulated;
    excursions outside;
} plan;

/** Loads, compiles, proves and, where there is data, calibrates. On failure reports. Free with plan_free either way. */
bool plan_make(plan *made, const options *chosen);

void plan_free(plan *made);

/** A neuron whose range is not proven. */
typedef struct plan_neuron {
    size_t layer, neuron;
    const tnn_neuron_range *range;
    double excess; /* how far it can reach beyond its table on the worse side, in widths of the table */
} plan_neuron;

/** The unproven neurons with the largest excess, at most so many. Returns how many there are. */
size_t plan_worst_neurons(const plan *made, plan_neuron *worst, size_t most);

#endif
