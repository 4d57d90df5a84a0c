/*
 * WHAT IS COUNTED. An image agrees in a run where the class of its simulated logits is that of the clear ones. Runs of
 * one image share the image, so the images alone count as independent: with p the mean over images and runs, and n
 * images, the share that new images would have lies above Wilson's (p + z^2 / 2n - z sqrt(p (1 - p) / n + z^2 / 4n^2))
 * / (1 + z^2 / n) with 95 % confidence, z = 1.645. An image that agrees in a part of its runs varies less than one that
 * does in all or none, so the bound is on the safe side. Perfect agreement on n images shows n / (n + 2.7).
 */
#include "agreement.h"

#include <math.h>
#include <stdlib.h>

#include "encoding.h"
#include "memory.h"
#include "reference.h"
#include "simulation.h"

#define RUNS 4u

/* Noise limits that are tried: halving steps of positions, thirds of logits. */
static const double POSITION_NOISE[] = {0.2,   0.1,   0.05,   0.035,  0.025, 0.018,
                                        0.013, 0.009, 0.0065, 0.0045, 0.003, 0.002};
static const double LOGIT_NOISE[] = {3, 1, 0.3, 0.1, 0.03};
#define LIMITS(list) (sizeof(list) / sizeof *(list))
#define MOST_CIRCUITS (LIMITS(POSITION_NOISE) * LIMITS(LOGIT_NOISE))

double tnn_wilson_low(double share, size_t count) {
    const double z = 1.6448536269514722;
    const double n = (double)count;
    const double half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    return fmax((share + z * z / (2 * n) - half) / (1 + z * z / n), 0);
}

typedef struct noise_pair {
    double position, logit;
} noise_pair;

typedef struct agreeing {
    const tnn_model *model;
    const tnn_options *options;
    tnn_circuit *circuits[MOST_CIRCUITS]; /* cheapest first; NULL where dropped */
    size_t count;
    uint32_t *clear; /* [image_count] classes */
    double *logits;  /* [outputs] */
    uint32_t *phases;
    tnn_watch *watch;
} agreeing;

/* ------------------------------------------------------------------------------------------------ candidates -- */

/* Two limits that lead to one circuit: all that is decided follows from the parameters and from the model. */
static bool is_new(const agreeing *a, const tnn_circuit *circuit) {
    for (size_t i = 0; i < a->count; i++) {
        const tnn_params *params = &a->circuits[i]->spec.params;
        if (tnn_params_equal(params, &circuit->spec.params) &&
            params->literal.log2_split == circuit->spec.params.literal.log2_split &&
            a->circuits[i]->bootstraps == circuit->bootstraps) {
            return false;
        }
    }
    return true;
}

static double worst_position_noise(const tnn_circuit *circuit) {
    double worst = 0;
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        worst = fmax(worst, circuit->budget.layers[i].worst_position_noise);
    }
    return worst;
}

/* *found: what the cheapest circuit under the limits has; infinite where there is none. */
static tnn_status add_circuit(agreeing *a, noise_pair *found, tnn_shortfall *shortfall, const tnn_requirement *limits) {
    tnn_circuit *circuit;
    *found = (noise_pair){INFINITY, INFINITY};
    tnn_status status = tnn_circuit_compile_simplified(&circuit, shortfall, a->model, limits);
    if (status == TNN_ERR_UNSATISFIABLE) {
        return TNN_OK;
    }
    if (status != TNN_OK) {
        return status;
    }
    *found = (noise_pair){worst_position_noise(circuit), circuit->budget.logit_noise_share};
    if (is_new(a, circuit)) {
        a->circuits[a->count++] = circuit;
    } else {
        tnn_circuit_free(circuit);
    }
    return TNN_OK;
}

/* The cheapest under looser limits is the cheapest under tighter ones that it meets too. */
static bool is_within(const noise_pair *found, const tnn_requirement *limits) {
    return found->position <= limits->position_noise && found->logit <= limits->logit_noise;
}

static int by_cost(const void *left, const void *right) {
    const tnn_circuit *a = *(tnn_circuit *const *)left;
    const tnn_circuit *b = *(tnn_circuit *const *)right;
    return a->milliseconds < b->milliseconds ? -1 : a->milliseconds > b->milliseconds;
}

static tnn_status add_circuits(agreeing *a, tnn_shortfall *shortfall, const tnn_requirement *requirement) {
    tnn_requirement limits = *requirement;
    noise_pair found[LIMITS(POSITION_NOISE)][LIMITS(LOGIT_NOISE)];
    for (size_t i = 0; i < MOST_CIRCUITS; i++) {
        const size_t p = i / LIMITS(LOGIT_NOISE);
        const size_t l = i % LIMITS(LOGIT_NOISE);
        limits.position_noise = POSITION_NOISE[p];
        limits.logit_noise = LOGIT_NOISE[l];
        tnn_status status = TNN_OK;
        if (l > 0 && is_within(&found[p][l - 1], &limits)) {
            found[p][l] = found[p][l - 1];
        } else if (p > 0 && is_within(&found[p - 1][l], &limits)) {
            found[p][l] = found[p - 1][l];
        } else {
            status = add_circuit(a, &found[p][l], shortfall, &limits);
        }
        if (status != TNN_OK) {
            return status;
        }
    }
    qsort(a->circuits, a->count, sizeof *a->circuits, by_cost);
    return a->count > 0 ? TNN_OK : TNN_ERR_UNSATISFIABLE;
}

/* ------------------------------------------------------------------------------------------------- agreement -- */

static tnn_status find_clear_classes(agreeing *a) {
    const size_t outputs = tnn_model_outputs(a->model);
    for (size_t i = 0; i < a->options->image_count; i++) {
        const uint8_t *image = a->options->images + i * a->options->pixels;
        tnn_status status = tnn_model_predict(a->model, a->logits, image, a->options->pixels);
        if (status != TNN_OK) {
            return status;
        }
        a->clear[i] = (uint32_t)tnn_class_of(a->logits, outputs);
    }
    return TNN_OK;
}

static uint32_t simulated_class(agreeing *a, tnn_simulation *simulation, const tnn_spec *spec, size_t image,
                                uint64_t run) {
    tnn_simulation_run(simulation, a->phases, a->options->images + image * a->options->pixels, RUNS * image + run);
    for (size_t j = 0; j < spec->readout.outputs; j++) {
        a->logits[j] = tnn_decode_logit(spec, j, a->phases[j]);
    }
    return (uint32_t)tnn_class_of(a->logits, spec->readout.outputs);
}

/* A rough guess: a table of several sees the noise of all coefficients of its rotation. */
static uint64_t simulation_ns(const tnn_circuit *circuit) {
    uint64_t ns = 0;
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        const tnn_layer_circuit *layer = &circuit->layers[i];
        const uint64_t lookup =
            layer->tables_per_neuron > 1 ? 30 * (uint64_t)tnn_params_positions(&circuit->spec.params) : 100;
        ns += layer->neurons * (layer->inputs + lookup);
    }
    return ns;
}

/* Share of images and runs in which the class stays. */
static tnn_status measure(agreeing *a, double *share, const tnn_circuit *circuit) {
    tnn_simulation *simulation;
    tnn_status status = tnn_simulation_create(&simulation, circuit);
    if (status != TNN_OK) {
        return status;
    }
    size_t same = 0;
    bool on = true;
    tnn_watch_stage(a->watch, a->options->image_count);
    for (size_t i = 0; i < a->options->image_count && on; i++) {
        for (uint64_t run = 0; run < RUNS; run++) {
            same += simulated_class(a, simulation, &circuit->spec, i, run) == a->clear[i];
        }
        on = tnn_watch_work(a->watch, 1, RUNS * simulation_ns(circuit));
    }
    tnn_simulation_free(simulation);
    *share = (double)same / (double)(RUNS * a->options->image_count);
    return on ? TNN_OK : TNN_ERR_CANCELLED;
}

static tnn_agreement point_of(const tnn_circuit *circuit, double share, size_t images) {
    return (tnn_agreement){.milliseconds = circuit->milliseconds,
                           .position_noise = worst_position_noise(circuit),
                           .logit_noise = circuit->budget.logit_noise_share,
                           .share = share,
                           .low = tnn_wilson_low(share, images)};
}

/* What is noisier in both ways than a circuit that agreed too seldom is not worth a simulation. */
static bool is_hopeless(const tnn_agreement *failed, size_t count, const tnn_agreement *point) {
    for (size_t i = 0; i < count; i++) {
        if (point->position_noise >= failed[i].position_noise && point->logit_noise >= failed[i].logit_noise) {
            return true;
        }
    }
    return false;
}

/* The first circuit that agrees often enough takes the curve [MOST_CIRCUITS] over. */
static tnn_status take_first(agreeing *a, tnn_circuit **out, double *best, tnn_agreement *curve) {
    size_t seen = 0;
    for (size_t i = 0; i < a->count; i++) {
        tnn_agreement point = point_of(a->circuits[i], 0, a->options->image_count);
        if (is_hopeless(curve, seen, &point)) {
            continue;
        }
        double share;
        tnn_status status = measure(a, &share, a->circuits[i]);
        if (status != TNN_OK) {
            return status;
        }
        curve[seen++] = point_of(a->circuits[i], share, a->options->image_count);
        *best = fmax(*best, curve[seen - 1].low);
        if (curve[seen - 1].low >= a->options->agreement) {
            *out = a->circuits[i];
            a->circuits[i] = NULL;
            (*out)->curve = curve;
            (*out)->curve_count = seen;
            return TNN_OK;
        }
    }
    return TNN_ERR_UNSATISFIABLE;
}

static bool allocate(agreeing *a) {
    const size_t outputs = tnn_model_outputs(a->model);
    a->clear = tnn_alloc(a->options->image_count, sizeof *a->clear);
    a->logits = tnn_alloc(outputs, sizeof *a->logits);
    a->phases = tnn_alloc(outputs, sizeof *a->phases);
    return a->clear && a->logits && a->phases;
}

static void release(agreeing *a) {
    for (size_t i = 0; i < a->count; i++) {
        tnn_circuit_free(a->circuits[i]);
    }
    tnn_free(a->clear);
    tnn_free(a->logits);
    tnn_free(a->phases);
}

tnn_status tnn_compile_agreeing(tnn_circuit **out, double *best, tnn_shortfall *shortfall, const tnn_model *model,
                                const tnn_requirement *requirement, const tnn_options *options) {
    agreeing a = {.model = model, .options = options, .watch = requirement->watch};
    tnn_agreement *curve = tnn_alloc(MOST_CIRCUITS, sizeof *curve);
    *out = NULL;
    *best = -1;
    tnn_status status = curve && allocate(&a) ? find_clear_classes(&a) : TNN_ERR_MEMORY;
    status = status == TNN_OK ? add_circuits(&a, shortfall, requirement) : status;
    status = status == TNN_OK ? take_first(&a, out, best, curve) : status;
    if (status != TNN_OK) {
        tnn_free(curve);
    }
    release(&a);
    return status;
}
