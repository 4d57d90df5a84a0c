#include "bench/latency.h"

#include <stdlib.h>

#include "circuit.h"

#include "bench/crew.h"
#include "bench/deployment.h"
#include "bench/samples.h"
#include "common/report.h"

enum { LEAST_ROUNDS = 5 };

static const double ROUNDS_MS = 8e3; /* what all rounds may take about */

/* All that is measured of a circuit. */
typedef struct measurement {
    deployment made;
    tnn_evaluator *evaluators[LATENCY_MOST_SETTINGS];
    crew *crews[LATENCY_MOST_SETTINGS];
    double *image_ms; /* [settings][rounds] */
    double *full_ms;  /* [settings][rounds] a call that fills the batches */
    double *floor_us; /* [settings][rounds] */
    double *crew_us;  /* [settings][rounds] */
} measurement;

static void choose_threads(latency_figures *figures, size_t most) {
    for (size_t threads = 1; threads < most && figures->count + 1 < LATENCY_MOST_SETTINGS; threads *= 2) {
        figures->settings[figures->count++].threads = threads;
    }
    figures->settings[figures->count++].threads = most;
}

static void choose_images(latency_figures *figures, size_t batch) {
    for (size_t i = 0; i < figures->count; i++) {
        latency_setting *setting = &figures->settings[i];
        setting->images = (batch * setting->threads + figures->first_layer.neurons - 1) / figures->first_layer.neurons;
    }
}

static void choose_rounds(latency_figures *figures, size_t most) {
    double round_ms = 0;
    for (size_t i = 0; i < figures->count; i++) {
        const latency_setting *setting = &figures->settings[i];
        size_t calls = setting->images == 1 ? 1 : 1 + setting->images; /* in images' worth of time */
        round_ms += figures->info.predicted_ms * (double)calls / (double)setting->threads;
    }
    size_t affordable = (size_t)(ROUNDS_MS / round_ms);
    affordable = affordable < LEAST_ROUNDS ? LEAST_ROUNDS : affordable;
    figures->rounds = affordable < most ? affordable : most;
}

static bool plan(latency_figures *figures, const tnn_circuit *circuit, size_t threads, size_t rounds) {
    *figures = (latency_figures){0};
    tnn_circuit_describe(circuit, &figures->info);
    if (!status_ok(tnn_circuit_layer(circuit, &figures->first_layer, 0), "first layer")) {
        return false;
    }
    choose_threads(figures, threads);
    choose_images(figures, tnn_params_batch(&circuit->spec.params));
    choose_rounds(figures, rounds);
    return true;
}

static bool prepare(measurement *taken, const latency_figures *figures) {
    size_t samples = figures->count * figures->rounds;
    bool done = samples_allocate(&taken->image_ms, samples) && samples_allocate(&taken->full_ms, samples) &&
                samples_allocate(&taken->floor_us, samples) && samples_allocate(&taken->crew_us, samples);
    for (size_t i = 0; i < figures->count && done; i++) {
        size_t threads = figures->settings[i].threads;
        done = deployment_evaluator(&taken->evaluators[i], &taken->made, threads) &&
               crew_create(&taken->crews[i], taken->made.floor, threads);
    }
    return done;
}

static bool take_sample(measurement *taken, const latency_setting *setting, size_t index, size_t slot) {
    tnn_evaluator *evaluator = taken->evaluators[index];
    taken->floor_us[slot] = fft_floor_sample_us(taken->made.floor);
    taken->crew_us[slot] = crew_sample_us(taken->crews[index]);
    if (!deployment_time_call(&taken->image_ms[slot], &taken->made, evaluator, 1)) {
        return false;
    }
    if (setting->images == 1) {
        taken->full_ms[slot] = taken->image_ms[slot];
        return true;
    }
    return deployment_time_call(&taken->full_ms[slot], &taken->made, evaluator, setting->images);
}

static bool take_samples(measurement *taken, const latency_figures *figures) {
    bool done = true;
    for (size_t round = 0; round < figures->rounds; round++) {
        for (size_t i = 0; i < figures->count && done; i++) {
            done = take_sample(taken, &figures->settings[i], i, i * figures->rounds + round);
        }
    }
    return done;
}

/* full_ms becomes the gains' memory. Sorts the samples of the setting. */
static void summarize_setting(latency_setting *setting, const latency_figures *figures, double *image_ms,
                              double *full_ms, const double *one_thread_ms) {
    double transforms = (double)figures->info.bootstraps * fft_floor_transforms(&figures->info.parameters);
    spread full = spread_of(full_ms, figures->rounds);
    setting->best_per_second = 1e3 * (double)setting->images / full.min;
    setting->median_per_second = 1e3 * (double)setting->images / full.median;
    for (size_t round = 0; round < figures->rounds; round++) {
        full_ms[round] = one_thread_ms[round] / image_ms[round];
    }
    setting->gain = spread_of(full_ms, figures->rounds);
    setting->image_ms = spread_of(image_ms, figures->rounds);
    setting->ratio = floor_ratio_of(setting->image_ms, figures->floor_us, transforms * 1e-3);
}

/* The setting of one thread comes first, and its samples must be in their order until the others are done. */
static void summarize(latency_figures *figures, measurement *taken) {
    figures->floor_us = spread_of(taken->floor_us, figures->count * figures->rounds);
    for (size_t i = figures->count; i-- > 0;) {
        size_t first = i * figures->rounds;
        summarize_setting(&figures->settings[i], figures, taken->image_ms + first, taken->full_ms + first,
                          taken->image_ms);
        figures->settings[i].crew_us = spread_of(taken->crew_us + first, figures->rounds);
    }
}

static void free_measurement(measurement *taken) {
    for (size_t i = 0; i < LATENCY_MOST_SETTINGS; i++) {
        tnn_evaluator_free(taken->evaluators[i]);
        crew_free(taken->crews[i]);
    }
    free(taken->image_ms);
    free(taken->full_ms);
    free(taken->floor_us);
    free(taken->crew_us);
    deployment_free(&taken->made);
}

bool latency_measure(latency_figures *figures, tnn_circuit *circuit, size_t threads, size_t rounds) {
    measurement taken = {0};
    if (!plan(figures, circuit, threads, rounds)) {
        tnn_circuit_free(circuit);
        return false;
    }
    bool done = deployment_create(&taken.made, circuit, figures->settings[figures->count - 1].images) &&
                prepare(&taken, figures) && take_samples(&taken, figures);
    if (done) {
        summarize(figures, &taken);
    }
    free_measurement(&taken);
    return done;
}
