/*
 * Scales of a model under one parameter set, and the noise that follows from them: a function of shape and parameters,
 * without a ciphertext (budget.c has the equations).
 */
#ifndef TNN_NN_BUDGET_H
#define TNN_NN_BUDGET_H

#include "params.h"
#include "shape.h"

/* One layer. For the layer of the logits, a lookup is the rounding of a logit to an integer. */
typedef struct tnn_layer_budget {
    uint32_t unit;          /* torus weight of one unit of an input: in 2^-input_bits for pixels, else in 2^-32 */
    double unit_fraction;   /* the same as a fraction of the torus */
    double input_variance;  /* of a pixel or a blind rotation, fraction of the torus squared */
    double common_variance; /* what of it a rotation's coefficients have in common */
    double switch_variance[TNN_MOST_TWOS + 1]; /* of what brings a weighted sum to its table, key switch and modulus
                                                  switch, by the zero bits below the weights of the compiled row */
    double worst_position_noise; /* standard deviation of a table position, fraction of the table's range */
    double worst_lookup_log2;    /* log2 of the probability of a neighbouring accumulator's entry */
    double error_sum;            /* sum of that probability over the neurons */
    double off_by_one_rate;      /* share of lookups that read another cell, accumulators even over the range */
    uint32_t worst_neuron;       /* the one with worst_position_noise, or in exact circuits with worst_lookup_log2 */
    double worst_deviation;      /* of that neuron's table position, in positions; of the logit, in integers */
    double worst_slope;          /* positions that stand for one of its accumulators; integers apart that logits are
                                    told from each other */
    double widest_possible;      /* with more accumulators in the half torus the layer would have no unit */
    uint64_t uncovered;          /* exact: neurons whose weights reach further than their tables are right */
} tnn_layer_budget;

typedef struct tnn_budget {
    tnn_layer_budget *layers; /* [layer_count], the caller's */
    uint32_t output_bits;     /* of results on the wire */
    double logit_variance;    /* of the noisiest logit, fraction of the torus squared */
    double logit_noise;       /* its standard deviation, in integer logits */
    double logit_noise_share; /* of the logit where it is largest: that deviation over the logit's spread (shape.h) */
    double logit_room_used;   /* share of the torus's room for it that it needs: at most 1, or logits would wrap */
} tnn_budget;

/* Fills budget->layers and the rest. TNN_ERR_UNSATISFIABLE, and *failed_layer, where a layer's range leaves no unit;
 * TNN_ERR_CANCELLED where watch, which may be NULL, stops it. */
TNN_MUST_USE tnn_status tnn_budget_fill(tnn_budget *budget, uint32_t *failed_layer, const tnn_shape *shape,
                                        const tnn_params *params, bool exact, tnn_watch *watch);

/* Torus weight of one integer logit, in 2^-32. */
uint32_t tnn_output_unit(const tnn_budget *budget, uint32_t layer_count, const tnn_params *params);

/* Share of lookups that read another cell than the reference: cells `cell` positions wide, accumulators spread evenly
 * over them, read with a Gaussian error. */
double tnn_off_by_one_rate(double cell, double deviation);

/* Variance of a neuron's table position, as a fraction of the torus squared, its weights times `strength`. */
double tnn_position_variance(const tnn_layer_budget *layer, const tnn_neuron_shape *neuron, int32_t strength);

/* The largest integer by which a neuron's weights can grow with its range in the half torus and the weights in int16.
 */
int32_t tnn_strength(const tnn_neuron_shape *neuron, double unit_fraction);

#endif
