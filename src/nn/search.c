/*
 * Enumerates n, k, N, noise, gadgets and inputs, cheapest first, and takes the first set whose noise budget meets the
 * requirement. Noise of both keys is the least that the security curve and the width of a word allow; of each gadget
 * only the base with the least noise is kept.
 *
 *     n         608, 640, ... 1280; N' is the largest power of two in it, at least 32
 *     input     16 bits, and 32 where that lets s have less noise
 *     k, N      RINGS
 *     key words 5 to 8 bytes, as long as each lets S have less noise
 *     Bg, l     l = 1 to 3, each with its best base: noise alone depends on the base, not the time
 *     B, t      log2 B = 1 to 6, each with enough levels; only where there is more than one table layer
 *
 * More noise than a requirement allows means more positions (N), a finer gadget (l) or a longer key with less noise
 * (n), each of which costs time: the first set that fits in order of predicted time is the cheapest that fits. A budget
 * is quick; nothing is encrypted.
 */
#include "search.h"

#include <math.h>
#include <stdlib.h>

#include "cost.h"
#include "memory.h"
#include "noise.h"

#define N_STEP 32u /* n is a multiple of it, so that inputs pack at least 32 to a mask */
#define N_MOST 1280u
#define LEVELS_MOST 3u
#define SWITCH_BASE_LOG_MOST 6u

static const struct ring {
    uint32_t k;
    uint32_t N;
} RINGS[] = {{4, 256},  {5, 256},  {6, 256},  {2, 512},  {3, 512},  {4, 512}, {1, 1024},
             {2, 1024}, {3, 1024}, {1, 2048}, {2, 2048}, {1, 4096}, {1, 8192}};
#define RING_COUNT (sizeof RINGS / sizeof *RINGS)

typedef struct candidate {
    tnn_params params;
    double milliseconds;
} candidate;

typedef struct candidate_list {
    candidate *items;
    size_t count;
    size_t capacity;
    const tnn_shape *shape;
    tnn_security security;
} candidate_list;

/* The least noise on a torus of 2^bits points that the curve allows at a dimension, in hundredths of a bit, rounded up:
 * towards more noise. On narrow words the 4 units that noise must have are more than the curve asks. */
static double least_noise(uint32_t dimension, uint32_t bits, tnn_security security) {
    double curve = tnn_security_min_log2_sigma(dimension, security);
    return ceil(100 * fmax(curve, TNN_MIN_LOG2_NOISE_UNITS - (double)bits)) / 100;
}

/* A candidate's cost is a function of shape and parameters: it is known before any budget. */
static tnn_status append(candidate_list *list, const tnn_params *params) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 1024;
        candidate *items = tnn_alloc(capacity, sizeof *items);
        if (!items) {
            return TNN_ERR_MEMORY;
        }
        for (size_t i = 0; i < list->count; i++) {
            items[i] = list->items[i];
        }
        tnn_free(list->items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = (candidate){*params, tnn_cost_image(list->shape, params)};
    return TNN_OK;
}

/* The base that gives l levels the least noise; false where none passes the checks. */
static bool best_base(tnn_params *best, tnn_params_literal literal, tnn_security security) {
    double least = INFINITY;
    for (uint32_t base_log = 2; base_log * literal.bs_levels <= 31; base_log++) {
        tnn_params params;
        literal.bs_base_log = base_log;
        if (tnn_params_check(&params, &literal, security) == TNN_OK && tnn_variance_blind_rotation(&params) < least) {
            least = tnn_variance_blind_rotation(&params);
            *best = params;
        }
    }
    return least < INFINITY;
}

/* Levels of a key switch: enough that rounding adds little to the noise of the key. (k N - n) B^(-2t) / 24 is the
 * rounding's part of tnn_variance_key_switch: less than a tenth. */
static bool set_switch(tnn_params *params, uint32_t base_log, tnn_security security) {
    tnn_params_literal literal = params->literal;
    literal.ks_base_log = base_log;
    for (uint32_t levels = 1; base_log * levels <= 31 && levels <= TNN_MAX_LEVELS; levels++) {
        literal.ks_levels = levels;
        if (tnn_params_check(params, &literal, security) != TNN_OK) {
            return false;
        }
        double rounding = (double)tnn_params_switched_coordinates(params) / 24 * exp2(-2.0 * base_log * levels);
        if (rounding < 0.1 * tnn_variance_key_switch(params)) {
            return true;
        }
    }
    return false;
}

/* Two layers, tables and logits, need none: logits are read from big ciphertexts. */
static tnn_status add_switches(candidate_list *list, const tnn_params *params) {
    if (list->shape->layer_count <= 2) {
        return append(list, params);
    }
    for (uint32_t base_log = 1; base_log <= SWITCH_BASE_LOG_MOST; base_log++) {
        tnn_params with_switch = *params;
        tnn_status status = set_switch(&with_switch, base_log, list->security) ? append(list, &with_switch) : TNN_OK;
        if (status != TNN_OK) {
            return status;
        }
    }
    return TNN_OK;
}

/* Each level costs k + 1 more transforms and (k + 1)^2 more products, for a gadget log2(Bg) bits finer. */
static tnn_status add_gadgets(candidate_list *list, tnn_params_literal literal) {
    for (literal.bs_levels = 1; literal.bs_levels <= LEVELS_MOST; literal.bs_levels++) {
        tnn_params params;
        tnn_status status = best_base(&params, literal, list->security) ? add_switches(list, &params) : TNN_OK;
        if (status != TNN_OK) {
            return status;
        }
    }
    return TNN_OK;
}

/* Wider words of the bootstrapping key carry less noise, as far as the curve goes down. */
static tnn_status add_key_widths(candidate_list *list, tnn_params_literal literal) {
    double last = INFINITY;
    for (uint32_t bytes = 5; bytes <= 8; bytes++) {
        literal.glwe_log2_sigma = least_noise(literal.k * literal.N, 8 * bytes, list->security);
        if (literal.glwe_log2_sigma >= last) {
            return TNN_OK;
        }
        last = literal.glwe_log2_sigma;
        tnn_status status = add_gadgets(list, literal);
        if (status != TNN_OK) {
            return status;
        }
    }
    return TNN_OK;
}

/* s is a prefix of S where a key switch has to go between them: k N must be larger than n. */
static tnn_status add_rings(candidate_list *list, tnn_params_literal literal) {
    const bool switches = list->shape->layer_count > 2;
    for (size_t i = 0; i < RING_COUNT; i++) {
        literal.k = RINGS[i].k;
        literal.N = RINGS[i].N;
        literal.shared_prefix = switches;
        if (literal.k * literal.N > literal.n) {
            tnn_status status = add_key_widths(list, literal);
            if (status != TNN_OK) {
                return status;
            }
        }
    }
    return TNN_OK;
}

static uint32_t largest_power_dividing(uint32_t n) {
    /* The lowest set bit: -n keeps it and inverts all above. */
    return n & (~n + 1);
}

/* Wider input words are tried only where they let s have less noise: else they are longer and nothing more. */
static tnn_status add_all(candidate_list *list) {
    for (uint32_t n = 608; n <= N_MOST; n += N_STEP) {
        double last = INFINITY;
        for (uint32_t input_bits = 16; input_bits <= 32; input_bits += 16) {
            tnn_params_literal literal = {.n = n, .input_N = largest_power_dividing(n), .input_bits = input_bits};
            literal.lwe_log2_sigma = least_noise(n, input_bits, list->security);
            if (literal.lwe_log2_sigma >= last) {
                continue;
            }
            last = literal.lwe_log2_sigma;
            tnn_status status = add_rings(list, literal);
            if (status != TNN_OK) {
                return status;
            }
        }
    }
    return TNN_OK;
}

/* Cheaper first; at the same cost, the smaller key, then the smaller input. */
static int by_cost(const void *left, const void *right) {
    const candidate *a = left;
    const candidate *b = right;
    if (a->milliseconds != b->milliseconds) {
        return a->milliseconds < b->milliseconds ? -1 : 1;
    }
    if (a->params.bsk_bytes != b->params.bsk_bytes) {
        return a->params.bsk_bytes < b->params.bsk_bytes ? -1 : 1;
    }
    return (int)a->params.literal.input_bits - (int)b->params.literal.input_bits;
}

/* How far the worst layer is from the requirement: at most 1 where it is met. Noise over the noise allowed; for exact
 * circuits log2 of both error probabilities, negative numbers, so the one asked for is divided by the one given. */
static double excess_of(const tnn_budget *budget, const tnn_shape *shape, const tnn_requirement *requirement,
                        double output_scale, uint32_t *layer) {
    double worst = 0;
    for (uint32_t i = 0; i < shape->layer_count; i++) {
        const tnn_layer_budget *b = &budget->layers[i];
        double excess = requirement->exact ? requirement->log2_lookup_error / fmin(b->worst_lookup_log2, -1e-9)
                                           : b->worst_position_noise / requirement->position_noise;
        if (i + 1 == shape->layer_count) {
            excess = requirement->exact ? excess : budget->logit_noise * output_scale / requirement->logit_noise;
            excess = fmax(excess, budget->logit_room_used);
        }
        if (excess > worst) {
            worst = excess;
            *layer = i;
        }
    }
    return worst;
}

/* Deviations of a Gaussian that stay inside half a cell with the probability asked for: log2 P(|z| > x) = log2_error,
 * solved for x by halving [0, 64]. */
static double deviations_for(double log2_error) {
    double low = 0;
    double high = 64;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(tnn_log2_gaussian_tail(middle, 1) > log2_error ? &low : &high) = middle;
    }
    return high;
}

static tnn_shortfall shortfall_of(const tnn_budget *budget, uint32_t index, const tnn_shape *shape,
                                  const tnn_params *params, const tnn_requirement *requirement, double output_scale) {
    const tnn_layer_budget *layer = &budget->layers[index];
    const bool is_logit = shape->layers[index].tables_per_neuron == 0;
    tnn_shortfall s = {.layer = index, .neuron = layer->worst_neuron, .is_logit = is_logit};
    if (!requirement->exact) {
        s.asked = is_logit ? requirement->logit_noise : requirement->position_noise;
        s.reachable = is_logit ? budget->logit_noise * output_scale : layer->worst_position_noise;
        return s;
    }
    const double deviations = deviations_for(requirement->log2_lookup_error);
    const double width = is_logit ? 2 * shape->layers[index].widest : shape->layers[index].neuron[s.neuron].width;
    /* Bits of accumulators that are wanted, and that can be told apart: cells of 2 (x deviations + 1/2 position) in N
     * positions, or of 2 x deviations, counted in logits, in as many logits as the unit lets through. */
    s.asked = log2(width);
    s.reachable = is_logit ? log2(width / (2 * deviations * budget->logit_noise))
                           : log2(params->literal.N / (2 * (deviations * layer->worst_deviation + 0.5)));
    return s;
}

/* The widest neuron of a layer that leaves no unit. */
static tnn_shortfall width_shortfall(const tnn_shape *shape, uint32_t index) {
    const tnn_layer_shape *layer = &shape->layers[index];
    tnn_shortfall s = {.kind = TNN_SHORTFALL_WIDTH, .layer = index, .is_logit = layer->tables_per_neuron == 0};
    for (uint32_t j = 0; j < layer->neurons; j++) {
        s.neuron = layer->neuron[j].width > layer->neuron[s.neuron].width ? j : s.neuron;
    }
    s.asked = log2(layer->neuron[s.neuron].width);
    /* Half the torus holds 2^31 units of 2^-32, or 2^29 of the multiples of 4 that tables need. */
    s.reachable = index == 0 ? 31 : 29;
    return s;
}

/* The first candidate that meets the requirement; where none does, what stood in the way of the closest. */
static tnn_status take_first(tnn_params *chosen, tnn_shortfall *shortfall, const candidate_list *list,
                             tnn_budget *budget, const tnn_requirement *requirement, double output_scale) {
    double closest = INFINITY;
    for (size_t i = 0; i < list->count; i++) {
        const tnn_params *params = &list->items[i].params;
        uint32_t layer = 0;
        if (tnn_budget_fill(budget, &layer, list->shape, params, requirement->exact) != TNN_OK) {
            *shortfall = closest < INFINITY ? *shortfall : width_shortfall(list->shape, layer);
            continue;
        }
        double excess = excess_of(budget, list->shape, requirement, output_scale, &layer);
        if (excess <= 1) {
            *chosen = *params;
            return TNN_OK;
        }
        if (excess < closest) {
            closest = excess;
            *shortfall = shortfall_of(budget, layer, list->shape, params, requirement, output_scale);
        }
    }
    return TNN_ERR_UNSATISFIABLE;
}

tnn_status tnn_search(tnn_params *chosen, tnn_shortfall *shortfall, const tnn_shape *shape,
                      const tnn_requirement *requirement, double output_scale) {
    candidate_list list = {.shape = shape, .security = requirement->security};
    tnn_budget budget = {.layers = tnn_alloc(shape->layer_count, sizeof *budget.layers)};
    *shortfall = (tnn_shortfall){.reachable = -INFINITY};
    tnn_status status = budget.layers ? add_all(&list) : TNN_ERR_MEMORY;
    if (status == TNN_OK) {
        qsort(list.items, list.count, sizeof *list.items, by_cost);
        status = take_first(chosen, shortfall, &list, &budget, requirement, output_scale);
    }
    tnn_free(list.items);
    tnn_free(budget.layers);
    return status;
}
