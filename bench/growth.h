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

#include <cJSON.h>
#include <torusnn/tfhe.h>

/**
 * Measures growth with neurons, inputs and layers and adds a series each: variable, setting, parameters, rounds, floor,
 * and points of size, bootstraps, best_ms (the sum of the best parts), median_ms (of whole images) and over_floor. On
 * failure reports.
 *
 * Args: parameters  of the networks with one layer of tables; those of deep ones are the library's choice for the
 *                   deepest
 *       rounds      the most of a series; fewer, but at least 5, where it is slow
 *       quick       fewer and smaller sizes
 */
bool growth_measure(cJSON *list, const tnn_params_literal *parameters, size_t rounds, bool quick);

#endif
