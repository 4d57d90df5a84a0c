/*
 * A budget: the scale of each layer under a parameter set, and the noise that follows. Let u be a layer's unit, the
 * torus weight of one accumulator step, and g a neuron's strength, an integer >= 1 that multiplies its weights. A table
 * covers half the torus and has N positions of 1 / 2N (2^v times the ring's N), so
 *
 *     room        g u half_width <= 1/2                  half_width accumulators must fit half the torus
 *     slope       2N g u                                 positions an accumulator
 *     deviation   2N sqrt(g^2 V_sum + V_fixed)           of the position that is read
 *
 * with V_sum = power V_in + common_power V_common, what pixels or rotations bring at strength 1 (shape.h), and V_fixed
 * of key switch and modulus switch, which no strength multiplies. As a share of the table's range, deviation / (slope
 * width),
 *
 *     sqrt(V_sum / u^2 + V_fixed / (g u)^2) / width :
 *
 * noise falls with u, and with g u until the inputs' own noise is all that is left. A neuron can have g u within a
 * factor of 2 of its room, whatever u is, unless int16 weights stop it; which u suits the worst neuron is searched.
 *
 * Logits have no table: u times the largest logit, of either sign, must leave the torus room for their noise. Those of
 * a single layer are dot products of pixels, in the pixels' unit and with their noise.
 *
 * Tolerant circuits count with averages over keys. What an exact one promises must hold for each: it counts with
 * variances that one key in 2^20 passes (noise.h).
 */
#include "budget.h"

#include <math.h>

#include "noise.h"

/* Share of the torus that logits may fill: the rest is room for their noise, on either side ROOM_DEVIATIONS of its
 * standard deviation. Beyond it a logit wraps, once in 10^10: erfc(6.5 / sqrt(2)) = 8e-11. */
#define LOGIT_SHARE_MOST 0.9
#define LOGIT_SHARE_LEAST 0.2
#define ROOM_DEVIATIONS 6.5

/* Units that are tried for each layer, from the largest that fits down to a sixth of it. Strengths are integers: a
 * smaller unit can let more neurons fill their half torus, at the price of smaller inputs. */
#define UNIT_STEPS 48

/* Significant bits of the units that a spec names, of pixels and of logits: a reader of the spec learns the widest
 * neuron and the largest logit no better than to a factor between 8 / 7 and 5 / 4. */
#define WIRE_BITS 3

int32_t tnn_strength(const tnn_neuron_shape *neuron, double unit_fraction) {
    /* The unit leaves the widest neuron at least strength 1; int16 weights end it for narrow ones. */
    double room = floor(0.5 / (unit_fraction * neuron->half_width));
    int32_t most = INT16_MAX / neuron->largest_weight;
    return room < 1 ? 1 : room > most ? most : (int32_t)room;
}

/* Variance of a neuron's weighted inputs at strength 1. */
static double input_noise(const tnn_layer_budget *layer, const tnn_neuron_shape *neuron) {
    return neuron->power * layer->input_variance + neuron->common_power * layer->common_variance;
}

double tnn_position_variance(const tnn_layer_budget *layer, const tnn_neuron_shape *neuron, int32_t strength) {
    const uint32_t twos = neuron->twos + (uint32_t)__builtin_ctz((uint32_t)strength);
    const double weighted = (double)strength * strength * input_noise(layer, neuron);
    return weighted + layer->switch_variance[twos < TNN_MOST_TWOS ? twos : TNN_MOST_TWOS];
}

static double position_deviation(const tnn_layer_budget *layer, const tnn_neuron_shape *neuron, int32_t strength,
                                 double two_N) {
    return two_N * sqrt(tnn_position_variance(layer, neuron, strength));
}

/* Standard deviations that a key may lie off the average. */
static double key_deviations(bool exact) {
    return exact ? TNN_WORST_KEY : 0;
}

/* Words of pixels have input_bits, and the weights of a row leave zeros below them; behind a key switch words are
 * spread over all 32 bits. */
static void set_switch_variance(tnn_layer_budget *layer, uint32_t index, const tnn_params *params, bool exact) {
    const double behind_key_switch =
        tnn_variance_modulus_switch(params) + tnn_variance_key_switch_of_key(params, key_deviations(exact));
    for (uint32_t twos = 0; twos <= TNN_MOST_TWOS; twos++) {
        layer->switch_variance[twos] =
            index == 0 ? tnn_variance_row_switch(params, 32 - params->literal.input_bits + twos) : behind_key_switch;
    }
}

/* Of what a layer sums: pixels, or rotations, whose coefficients have a part in common. */
static void set_input_variance(tnn_layer_budget *layer, uint32_t index, const tnn_params *params, bool exact) {
    const double deviations = key_deviations(exact);
    layer->common_variance = index == 0 ? 0 : tnn_variance_common_of_key(params, deviations);
    layer->input_variance =
        index == 0 ? tnn_variance_small(params) : tnn_variance_blind_rotation_of_key(params, deviations);
}

/* What must be small: the deviation of a position over the table's range, or over half an accumulator's cell, of which
 * half a position is lost to the table's own grid: the border between two accumulators lies anywhere between two
 * positions. No room at all where accumulators are no more than a position apart. */
static double noise_score(double deviation, double slope, double width, bool exact) {
    double room = exact ? slope / 2 - 0.5 : slope * width;
    return room > 0 ? deviation / room : INFINITY;
}

/* Of all neurons, *worst_neuron first and last the worst of those looked at; no more than give_up_above takes are. */
static double worst_score(const tnn_layer_budget *layer, const tnn_layer_shape *shape, double two_N, bool exact,
                          double give_up_above, size_t *worst_neuron) {
    const size_t first = *worst_neuron;
    double worst = 0;
    for (size_t i = 0; i < shape->neurons && worst < give_up_above; i++) {
        const size_t j = (first + i) % shape->neurons;
        const tnn_neuron_shape *neuron = &shape->neuron[j];
        int32_t strength = tnn_strength(neuron, layer->unit_fraction);
        double slope = two_N * strength * layer->unit_fraction;
        double deviation = position_deviation(layer, neuron, strength, two_N);
        const double score = noise_score(deviation, slope, neuron->width, exact);
        *worst_neuron = score > worst ? j : *worst_neuron;
        worst = fmax(worst, score);
    }
    return worst;
}

/* `units` counts `multiple` times `smallest`: 2^-input_bits for pixels, 4 times 2^-32 otherwise. Centring halves a
 * table's unit, and the rotated polynomial of a multi-value bootstrap halves it again: both must stay integers. */
static void set_unit(tnn_layer_budget *layer, uint32_t units, uint32_t multiple, double smallest) {
    layer->unit = units * multiple;
    layer->unit_fraction = layer->unit * smallest;
}

static bool is_on_wire(const tnn_shape *shape, uint32_t index) {
    return index == 0 || index + 1 == shape->layer_count;
}

/* At most `units`. */
static uint32_t wire_units(uint32_t units) {
    uint32_t zeros = 0;
    while (units >> zeros >> WIRE_BITS != 0) {
        zeros++;
    }
    return units >> zeros << zeros;
}

static bool choose_unit(tnn_layer_budget *layer, const tnn_layer_shape *shape, uint32_t most, uint32_t multiple,
                        double smallest, double two_N, bool on_wire, bool exact, tnn_watch *watch) {
    double best_score = INFINITY;
    size_t worst_neuron = 0;
    bool on = true;
    uint32_t best = on_wire ? wire_units(most) : most;
    uint32_t last = 0;
    for (int step = 0; step < UNIT_STEPS && on; step++) {
        uint32_t units = (uint32_t)fmax(1, floor(most * exp2(-2.6 * step / UNIT_STEPS)));
        units = on_wire ? wire_units(units) : units;
        if (units == last) {
            continue;
        }
        last = units;
        set_unit(layer, units, multiple, smallest);
        double score = worst_score(layer, shape, two_N, exact, best_score, &worst_neuron);
        if (score < best_score) {
            best_score = score;
            best = units;
        }
        on = tnn_watch_work(watch, 0, 10 * (uint64_t)shape->neurons);
    }
    set_unit(layer, best, multiple, smallest);
    return on;
}

/* P(|u + e| > cell / 2), u uniform on the cell and e Gaussian. The tail of e is averaged over the distances from u to
 * the border: 1 - erf(a) + (1 - exp(-a^2)) / (a sqrt(pi)), a = cell / (e's deviation sqrt(2)). For little noise it is
 * deviation sqrt(2 / pi) / cell: the mean size of e, over the cell. */
double tnn_off_by_one_rate(double cell, double deviation) {
    const double sqrt_pi = 1.77245385090551602730;
    double a = cell / (deviation * sqrt(2));
    return erfc(a) + (1 - exp(-a * a)) / (a * sqrt_pi);
}

/* Where each cell holds one accumulator, it stands in the middle of it; more are close enough to evenly spread. */
static double off_by_one(const tnn_neuron_shape *neuron, uint32_t cells, double slope, double deviation) {
    if (neuron->width < 1.5 * cells) {
        return exp2(tnn_log2_gaussian_tail(slope / 2, deviation));
    }
    return tnn_off_by_one_rate(slope * neuron->width / cells, deviation);
}

/* Noise of every neuron at the chosen unit. */
static void measure_layer(tnn_layer_budget *layer, const tnn_layer_shape *shape, double two_N, bool exact) {
    double worst = -1;
    layer->worst_lookup_log2 = -INFINITY;
    for (uint32_t j = 0; j < shape->neurons; j++) {
        const tnn_neuron_shape *neuron = &shape->neuron[j];
        int32_t strength = tnn_strength(neuron, layer->unit_fraction);
        double slope = two_N * strength * layer->unit_fraction;
        double deviation = position_deviation(layer, neuron, strength, two_N);
        double lookup = tnn_log2_gaussian_tail(fmax(slope / 2 - 0.5, 0), deviation);
        double score = noise_score(deviation, slope, neuron->width, exact);
        layer->worst_position_noise = fmax(layer->worst_position_noise, deviation / (slope * neuron->width));
        layer->worst_lookup_log2 = fmax(layer->worst_lookup_log2, lookup);
        layer->error_sum += exp2(lookup);
        layer->uncovered += strength * layer->unit_fraction * neuron->cover_width > 0.5 * (1 + 1e-12);
        layer->off_by_one_rate += off_by_one(neuron, shape->table_cells, slope, deviation) / shape->neurons;
        if (score > worst) {
            worst = score;
            layer->worst_neuron = j;
            layer->worst_deviation = deviation;
            layer->worst_slope = slope;
        }
    }
}

/* The most units with which a layer's widest value fits; 0 where none does. */
static uint32_t most_units(const tnn_layer_budget *layer, const tnn_shape *shape, uint32_t index, double smallest) {
    double most = layer->widest_possible / shape->layers[index].widest;
    if (index == 0) {
        most = fmin(most, 0.5 / (shape->input_levels * smallest));
    }
    return (uint32_t)fmin(floor(most), 1u << 28);
}

/* Of the noisiest logit, on the wire. */
static void measure_logit_variance(tnn_budget *budget, tnn_layer_budget *layer, const tnn_layer_shape *shape,
                                   const tnn_params *params, bool exact) {
    double worst = 0;
    for (uint32_t j = 0; j < shape->neurons; j++) {
        double noise = input_noise(layer, &shape->neuron[j]);
        layer->worst_neuron = noise > worst ? j : layer->worst_neuron;
        worst = fmax(worst, noise);
    }
    /* The sum of an output layer meets no table and no switch: what is added is its rounding to output_bits. */
    budget->logit_variance =
        worst + tnn_variance_output_rounding_of_key(params, budget->output_bits, key_deviations(exact));
    /* 2 ROOM_DEVIATIONS deviations must fit beside the least share that is left to logits. */
    budget->logit_room_used = 2 * ROOM_DEVIATIONS * sqrt(budget->logit_variance) / (1 - LOGIT_SHARE_LEAST);
}

/* What the noise leaves: 1 - 13 deviations, between the least and the most. */
static double logit_share(const tnn_budget *budget) {
    double share = 1 - 2 * ROOM_DEVIATIONS * sqrt(budget->logit_variance);
    return fmin(fmax(share, LOGIT_SHARE_LEAST), LOGIT_SHARE_MOST);
}

/* input_noise is what the worst logit has; each has the rounding on the wire besides. */
static double worst_logit_share(const tnn_budget *budget, const tnn_layer_budget *layer, const tnn_layer_shape *shape,
                                uint32_t *worst_logit) {
    const double rounding = budget->logit_variance - input_noise(layer, &shape->neuron[layer->worst_neuron]);
    double worst = 0;
    for (uint32_t j = 0; j < shape->neurons; j++) {
        const double deviation = sqrt(input_noise(layer, &shape->neuron[j]) + rounding) / layer->unit_fraction;
        const double share = deviation / shape->neuron[j].spread;
        *worst_logit = share > worst ? j : *worst_logit;
        worst = fmax(worst, share);
    }
    return worst;
}

/* The rest of the torus beside the logits is room for their noise, half of it on either side. */
static void measure_logits(tnn_budget *budget, tnn_layer_budget *layer, const tnn_layer_shape *shape, bool exact) {
    budget->logit_noise = sqrt(budget->logit_variance) / layer->unit_fraction;
    uint32_t worst_logit = layer->worst_neuron;
    budget->logit_noise_share = worst_logit_share(budget, layer, shape, &worst_logit);
    layer->worst_neuron = exact ? layer->worst_neuron : worst_logit;
    const double filled = fmax(logit_share(budget), 2 * shape->widest * layer->unit_fraction);
    const double room = (1 - filled) / 2;
    const double bound = fmin(0.5, room / layer->unit_fraction);
    layer->worst_slope = 2 * bound;
    layer->worst_deviation = budget->logit_noise;
    layer->worst_lookup_log2 = exact ? tnn_log2_gaussian_tail(bound, budget->logit_noise) : -INFINITY;
    layer->error_sum = exact ? shape->neurons * exp2(layer->worst_lookup_log2) : 0;
}

/* The unit that a spec asks for; 0 where it asks for none. */
static uint32_t pinned_unit(const tnn_shape *shape, uint32_t index) {
    return index == 0 ? shape->pinned.input_unit : index + 1 == shape->layer_count ? shape->pinned.output_unit : 0;
}

/* False where the layer's widest value, or the levels of a pixel, have no place at it. */
static bool set_pinned_unit(tnn_layer_budget *layer, const tnn_shape *shape, uint32_t index, uint32_t unit,
                            uint32_t multiple, double smallest) {
    set_unit(layer, unit / multiple, multiple, smallest);
    layer->widest_possible = 0.5 / layer->unit_fraction;
    return unit % multiple == 0 && shape->layers[index].widest <= layer->widest_possible * (1 + 1e-12) &&
           (index > 0 || shape->input_levels <= layer->widest_possible);
}

static tnn_status fill_layer(tnn_budget *budget, uint32_t index, const tnn_shape *shape, const tnn_params *params,
                             bool exact, tnn_watch *watch) {
    const tnn_layer_shape *layer_shape = &shape->layers[index];
    tnn_layer_budget *layer = &budget->layers[index];
    const bool is_logits = layer_shape->tables_per_neuron == 0;
    const uint32_t multiple = index == 0 ? 1 : 4;
    const double smallest = index == 0 ? exp2(-(double)params->literal.input_bits) : 0x1p-32;
    const double two_N = 2.0 * tnn_params_positions(params);
    *layer = (tnn_layer_budget){0};
    set_input_variance(layer, index, params, exact);
    if (is_logits) {
        measure_logit_variance(budget, layer, layer_shape, params, exact);
    }
    layer->widest_possible = (is_logits ? logit_share(budget) / 2 : 0.5) / (multiple * smallest);
    const uint32_t pinned = pinned_unit(shape, index);
    const uint32_t most = most_units(layer, shape, index, smallest);
    if (pinned ? !set_pinned_unit(layer, shape, index, pinned, multiple, smallest) : most == 0) {
        return TNN_ERR_UNSATISFIABLE;
    }
    if (is_logits) {
        set_unit(layer, pinned ? pinned / multiple : wire_units(most), multiple, smallest);
        measure_logits(budget, layer, layer_shape, exact);
        return TNN_OK;
    }
    set_switch_variance(layer, index, params, exact);
    if (!pinned &&
        !choose_unit(layer, layer_shape, most, multiple, smallest, two_N, is_on_wire(shape, index), exact, watch)) {
        return TNN_ERR_CANCELLED;
    }
    measure_layer(layer, layer_shape, two_N, exact);
    return tnn_watch_work(watch, 0, 150 * (uint64_t)layer_shape->neurons) ? TNN_OK : TNN_ERR_CANCELLED;
}

uint32_t tnn_output_unit(const tnn_budget *budget, uint32_t layer_count, const tnn_params *params) {
    const uint32_t unit = budget->layers[layer_count - 1].unit;
    return layer_count == 1 ? unit << (32 - params->literal.input_bits) : unit;
}

/* Exact logits lose nothing on the wire. */
static uint32_t output_bits_for(uint32_t layer_count, const tnn_params *params, bool exact) {
    const uint32_t all = layer_count == 1 ? params->literal.input_bits : 32;
    return exact ? all : 16;
}

tnn_status tnn_budget_fill(tnn_budget *budget, uint32_t *failed_layer, const tnn_shape *shape, const tnn_params *params,
                           bool exact, tnn_watch *watch) {
    budget->output_bits =
        shape->pinned.output_bits ? shape->pinned.output_bits : output_bits_for(shape->layer_count, params, exact);
    for (uint32_t i = 0; i < shape->layer_count; i++) {
        tnn_status status = fill_layer(budget, i, shape, params, exact, watch);
        if (status != TNN_OK) {
            *failed_layer = i;
            return status;
        }
    }
    return TNN_OK;
}
