/* latency.h: one image, and images that fill batches, over numbers of threads. */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include <stdbool.h>
#include <stddef.h>

#include <torusnn/torusnn.h>

#include "bench/bench_file.h"

enum { LATENCY_MOST_SETTINGS = 12 };

typedef struct latency_setting {
    size_t threads;
    spread image_ms;        /* of an image alone */
    floor_ratio ratio;      /* of it to one thread's floor of all its bootstraps */
    size_t images;          /* in a call that fills the batches of all threads */
    double best_per_second; /* images, in the fastest such call */
    double median_per_second;
    spread gain;    /* in each round, an image alone on one thread over the same on these threads */
    spread crew_us; /* one transform on each of these threads at once */
} latency_setting;

typedef struct latency_figures {
    tnn_circuit_info info;
    tnn_layer_info first_layer;
    size_t rounds;
    spread floor_us; /* one transform */
    size_t count;
    latency_setting settings[LATENCY_MOST_SETTINGS];
} latency_figures;

/**
 * Measures a circuit on 1, 2, 4 ... threads up to those asked for, which are measured too, in turn, round after round.
 * On failure reports.
 *
 * Args: circuit  freed before this returns
 *       rounds   the most; fewer, but at least 5, where the circuit is slow
 */
bool latency_measure(latency_figures *figures, tnn_circuit *circuit, size_t threads, size_t rounds);

#endif
