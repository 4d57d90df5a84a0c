/*
 * Enumerates n, k, N, noise, gadgets and inputs, cheapest first, and takes the first set whose noise budget meets the
 * requirement. Noise of both keys is the least that the security curve and the width of a word allow; of each gadget
 * only the base with the least noise is kept.
 *
 *     n         608, 640, ... 1280; N' is the largest power of two in it, at least 32
 *     input     16 bits, and 32 where that lets s have less noise
 *     k, N      RINGS
 *     v         0 to what RINGS says; 0 where several tables share a rotation
 *     key words 5 to 8 bytes, as long as each lets S have less noise
 *     Bg, l     l = 1 to 3, each with its best base: noise alone depends on the base, not the time
 *     B, t      log2 B = 1 to 6, each with enough levels; only where there is more than one table layer
 *
 * A single layer, of logits, has no ring: n and the input are all there is.
 *
 * More noise than a requirement allows means more positions (N and v), a finer gadget (l) or a longer key with less
 * noise (n), each of which costs time: the first set that fits in order of predicted time is the cheapest that fits. A
 * budget is quick; nothing is encrypted.
 */
#include "search.h"

#include <math.h>
#include <stdlib.h>

#include "cost.h"
#include "memory.h"
#include "noise.h"
#include "suspects.h"

#define N_STEP 32u /* n is a multiple of it, so that inputs pack at least 32 to a mask */
#define N_MOST 1280u
#define LEVELS_MOST 3u
#define SWITCH_BASE_LOG_MOST 6u

/* Of a ring with more masks than one, half as many at twice the degree have the positions of its split, no more noise
 * of the key, and by cost.c fewer products; but for 3 masks, of which the half is 2, split once. */
static const struct ring {
    uint32_t k;
    uint32_t N;
    uint32_t most_split; /* the largest v that is tried */
} RINGS[] = {{4, 256, 0},  {5, 256, 0},  {6, 256, 0},  {2, 512, 0},  {3, 512, 1},  {4, 512, 0}, {1, 1024, 3},
             {2, 1024, 0}, {3, 1024, 1}, {1, 2048, 3}, {2, 2048, 0}, {1, 4096, 2}, {1, 8192, 1}};
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
    tnn_watch *watch;
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
    return tnn_watch_work(list->watch, 0, 10000) ? TNN_OK : TNN_ERR_CANCELLED;
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

static tnn_status add_splits(candidate_list *list, tnn_params_literal literal, uint32_t most) {
    tnn_status status = TNN_OK;
    for (literal.log2_split = 0; status == TNN_OK && literal.log2_split <= most; literal.log2_split++) {
        status = add_key_widths(list, literal);
    }
    return status;
}

/* s is a prefix of S where a key switch has to go between them: k N must be larger than n. */
static tnn_status add_rings(candidate_list *list, tnn_params_literal literal) {
    const bool switches = list->shape->layer_count > 2;
    /* several tables of a rotation read coefficients that a split one does not compute */
    const bool whole = list->shape->most_tables > 1;
    for (size_t i = 0; i < RING_COUNT; i++) {
        literal.k = RINGS[i].k;
        literal.N = RINGS[i].N;
        literal.shared_prefix = switches;
        if (literal.k * literal.N > literal.n) {
            tnn_status status = add_splits(list, literal, whole ? 0 : RINGS[i].most_split);
            if (status != TNN_OK) {
                return status;
            }
        }
    }
    return TNN_OK;
}

/* Logits that are dot products of inputs. */
static tnn_status add_without_ring(candidate_list *list, const tnn_params_literal *literal) {
    tnn_params params;
    return tnn_params_check(&params, literal, list->security) == TNN_OK ? append(list, &params) : TNN_OK;
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
            tnn_status status =
                list->shape->layer_count == 1 ? add_without_ring(list, &literal) : add_rings(list, literal);
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

double tnn_excess(const tnn_budget *budget, const tnn_shape *shape, const tnn_requirement *requirement,
                  uint32_t *layer) {
    double worst = 0;
    for (uint32_t i = 0; i < shape->layer_count; i++) {
        const tnn_layer_budget *b = &budget->layers[i];
        double excess = requirement->exact ? requirement->log2_lookup_error / fmin(b->worst_lookup_log2, -1e-9)
                                           : b->worst_position_noise / requirement->position_noise;
        if (i + 1 == shape->layer_count) {
            excess = requirement->exact ? excess : budget->logit_noise_share / requirement->logit_noise;
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
                                  const tnn_params *params, const tnn_requirement *requirement) {
    const tnn_layer_budget *layer = &budget->layers[index];
    const bool is_logit = shape->layers[index].tables_per_neuron == 0;
    tnn_shortfall s = {.layer = index, .neuron = layer->worst_neuron, .is_logit = is_logit};
    if (!requirement->exact) {
        s.asked = is_logit ? fmin(requirement->logit_noise, budget->logit_noise_share / budget->logit_room_used)
                           : requirement->position_noise;
        s.reachable = is_logit ? budget->logit_noise_share : layer->worst_position_noise;
        return s;
    }
    /* how many times as far apart accumulators, or logits, would have to be */
    const double deviations = deviations_for(requirement->log2_lookup_error);
    const double apart =
        is_logit ? fmax(2 * deviations * layer->worst_deviation / layer->worst_slope, budget->logit_room_used)
                 : 2 * (deviations * layer->worst_deviation + 0.5) / layer->worst_slope;
    s.asked = log2(is_logit ? 2 * shape->layers[index].widest : tnn_params_positions(params) / layer->worst_slope);
    s.reachable = s.asked - log2(apart);
    return s;
}

tnn_shortfall tnn_width_shortfall(const tnn_budget *budget, const tnn_shape *shape, uint32_t index) {
    const tnn_layer_shape *layer = &shape->layers[index];
    tnn_shortfall s = {.kind = TNN_SHORTFALL_WIDTH, .layer = index, .is_logit = layer->tables_per_neuron == 0};
    for (uint32_t j = 0; j < layer->neurons; j++) {
        s.neuron = layer->neuron[j].half_width > layer->neuron[s.neuron].half_width ? j : s.neuron;
    }
    s.asked = log2(layer->widest);
    s.reachable = log2(budget->layers[index].widest_possible);
    return s;
}

/* What a look at candidates needs. */
typedef struct inspection {
    const candidate_list *list;
    const tnn_requirement *requirement;
    tnn_suspects *suspects;
    tnn_budget few;      /* of the suspects */
    tnn_budget all;      /* of all neurons */
    tnn_shortfall width; /* of the candidate with the most room among those under which a layer has no unit */
} inspection;

static void note_width(inspection *in, const tnn_budget *budget, uint32_t layer) {
    const tnn_shortfall width = tnn_width_shortfall(budget, in->list->shape, layer);
    in->width = width.reachable > in->width.reachable ? width : in->width;
}

/* A lower bound of a candidate's excess, up to rounding: that of the suspects. INFINITY where a layer has no unit. */
static double least_excess(inspection *in, size_t index) {
    const tnn_shape *shape = tnn_suspects_shape(in->suspects);
    const tnn_params *params = &in->list->items[index].params;
    uint32_t layer = 0;
    if (tnn_budget_fill(&in->few, &layer, shape, params, in->requirement->exact, NULL) != TNN_OK) {
        note_width(in, &in->few, layer);
        return INFINITY;
    }
    return tnn_excess(&in->few, shape, in->requirement, &layer);
}

/* The excess of all neurons, and the layer it is of; the worst become suspects. INFINITY where a layer has no unit. */
static tnn_status find_excess(inspection *in, size_t index, double *excess, uint32_t *layer) {
    const tnn_shape *shape = in->list->shape;
    const tnn_params *params = &in->list->items[index].params;
    tnn_status status = tnn_budget_fill(&in->all, layer, shape, params, in->requirement->exact, in->list->watch);
    *excess = INFINITY;
    if (status == TNN_ERR_UNSATISFIABLE) {
        note_width(in, &in->all, *layer);
        return TNN_OK;
    }
    if (status == TNN_OK) {
        *excess = tnn_excess(&in->all, shape, in->requirement, layer);
        tnn_suspects_add(in->suspects, &in->all);
    }
    return status;
}

static tnn_status watch_candidate(const inspection *in) {
    const bool on = tnn_watch_work(in->list->watch, 1, 2000 * (uint64_t)in->list->shape->layer_count);
    return on ? TNN_OK : TNN_ERR_CANCELLED;
}

/* What separates a difference from rounding. */
#define CERTAIN (1 + 1e-9)

/* The first candidate that meets the requirement, or the end of the list; *likely is the one whose suspects come
 * closest to it. */
static tnn_status find_first(inspection *in, size_t *first, size_t *likely) {
    double closest = INFINITY;
    tnn_watch_stage(in->list->watch, in->list->count);
    for (*first = 0; *first < in->list->count; (*first)++) {
        double excess = least_excess(in, *first);
        if (excess < closest) {
            closest = excess;
            *likely = *first;
        }
        uint32_t layer = 0;
        tnn_status status = excess <= CERTAIN ? find_excess(in, *first, &excess, &layer) : TNN_OK;
        status = status == TNN_OK ? watch_candidate(in) : status;
        if (status != TNN_OK || excess <= 1) {
            return status;
        }
    }
    return TNN_OK;
}

/* The closest candidate so far. */
typedef struct closest_candidate {
    double excess;
    size_t index;
} closest_candidate;

/* Of equally close ones the first. */
static bool comes_closer(double excess, size_t index, const closest_candidate *closest) {
    return excess < closest->excess || (excess == closest->excess && excess < INFINITY && index < closest->index);
}

static tnn_status try_closer(inspection *in, size_t index, closest_candidate *closest, tnn_shortfall *shortfall) {
    double excess;
    uint32_t layer = 0;
    tnn_status status = find_excess(in, index, &excess, &layer);
    if (status == TNN_OK && comes_closer(excess, index, closest)) {
        const tnn_params *params = &in->list->items[index].params;
        *closest = (closest_candidate){excess, index};
        *shortfall = shortfall_of(&in->all, layer, in->list->shape, params, in->requirement);
    }
    return status;
}

/* What stands in the way of the candidate that comes closest. */
static tnn_status find_obstacle(inspection *in, size_t likely, tnn_shortfall *shortfall) {
    closest_candidate closest = {INFINITY, in->list->count};
    tnn_status status = try_closer(in, likely, &closest, shortfall);
    tnn_watch_stage(in->list->watch, in->list->count);
    for (size_t i = 0; status == TNN_OK && i < in->list->count; i++) {
        if (comes_closer(least_excess(in, i), i, &closest)) {
            status = try_closer(in, i, &closest, shortfall);
        }
        status = status == TNN_OK ? watch_candidate(in) : status;
    }
    if (status == TNN_OK && closest.excess == INFINITY) {
        *shortfall = in->width;
    }
    return status == TNN_OK ? TNN_ERR_UNSATISFIABLE : status;
}

/* The first candidate that meets the requirement; where none does, what stood in the way of the closest. */
static tnn_status take_first(tnn_params *chosen, tnn_shortfall *shortfall, inspection *in) {
    size_t first;
    size_t likely = 0;
    tnn_status status = find_first(in, &first, &likely);
    if (status == TNN_OK && first == in->list->count) {
        return find_obstacle(in, likely, shortfall);
    }
    if (status == TNN_OK) {
        *chosen = in->list->items[first].params;
    }
    return status;
}

static tnn_status inspect(tnn_params *chosen, tnn_shortfall *shortfall, candidate_list *list,
                          const tnn_requirement *requirement) {
    inspection in = {.list = list, .requirement = requirement, .width.reachable = -INFINITY};
    in.few.layers = tnn_alloc(list->shape->layer_count, sizeof *in.few.layers);
    in.all.layers = tnn_alloc(list->shape->layer_count, sizeof *in.all.layers);
    tnn_status status = tnn_suspects_create(&in.suspects, list->shape);
    status = status == TNN_OK && !(in.few.layers && in.all.layers) ? TNN_ERR_MEMORY : status;
    if (status == TNN_OK) {
        qsort(list->items, list->count, sizeof *list->items, by_cost);
        status = take_first(chosen, shortfall, &in);
    }
    tnn_suspects_free(in.suspects);
    tnn_free(in.few.layers);
    tnn_free(in.all.layers);
    return status;
}

tnn_status tnn_search(tnn_params *chosen, tnn_shortfall *shortfall, const tnn_shape *shape,
                      const tnn_requirement *requirement) {
    candidate_list list = {.shape = shape, .security = requirement->security, .watch = requirement->watch};
    tnn_status status = add_all(&list);
    if (status == TNN_OK) {
        status = inspect(chosen, shortfall, &list, requirement);
    }
    tnn_free(list.items);
    return status;
}
