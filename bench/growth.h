/*
 * growth.h: the latency of one image on one thread as one size of a random network grows.
 *
 * All networks of a series run under one parameter set and one key, so that nothing but the size changes: parameters
 * found for each size would step. The sizes are timed in turn, round after round, by the time that the processor spent
 * on the thread. A run of seconds, unlike one of milliseconds, never has the processor to itself, so the best time of
 * an image is the sum of the best times of its parts, each a batch of bootstraps: that is as fair to long runs as to
 * short.
 */
#ifndef BENCH_GROWTH_H
#define BENCH_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

#include <torusnn/torusnn.h>

#include "bench/bench_file.h"
#include "bench/linear_fit.h"
#include "bench/synthetic_network.h"

enum { GROWTH_MOST_POINTS = 20 };

typedef struct growth_point {
    size_t size;
    double best_ms;   /* sum of the best parts */
    double median_ms; /* of whole images */
    floor_ratio ratio;
} growth_point;

/* What grows. */
typedef enum growth_variable { GROWTH_NEURONS, GROWTH_INPUTS, GROWTH_LAYERS, GROWTH_VARIABLES } growth_variable;

typedef struct growth_series {
    growth_variable variable;
    tnn_params_literal parameters;
    size_t rounds;
    size_t count;
    growth_point points[GROWTH_MOST_POINTS];
    linear_fit fit; /* of the best */
} growth_series;

/** "neurons", "inputs" or "layers". */
const char *growth_name(growth_variable variable);

/** The sizes that do not grow, as a sentence's end. */
const char *growth_setting(growth_variable variable);

/** The largest network of a series. */
synthetic_shape growth_largest(growth_variable variable);

/**
 * Measures a series.
 *
 * Args: parameters  of every network; with a key-switching key where layers grow
 *       rounds      the most; fewer, but at least 3, where the series is slow
 *       quick       fewer and smaller sizes
 */
bool growth_measure(growth_series *series, growth_variable variable, const tnn_params_literal *parameters,
                    size_t rounds, bool quick);

#endif
