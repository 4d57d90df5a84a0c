/* latency.h: one image, and images that fill batches, over numbers of threads. */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include <stdbool.h>
#include <stddef.h>

#include <cJSON.h>

#include "bench/deployment.h"

enum { LATENCY_MOST_CALLS = 3, LATENCY_FULL = 0 };

typedef struct latency_plan {
    size_t threads; /* 1, 2, 4 ... up to these, and these, are tried */
    size_t rounds;  /* the most; */
    double all_ms;  /* about what they may take, though 5 always may */
    /* [image_count] of a call, 1 before others; LATENCY_FULL: as many as fill the batches of all threads */
    size_t images[LATENCY_MOST_CALLS];
    size_t image_count;
} latency_plan;

/**
 * Times the calls of a plan in turn, round after round, and adds parameters, bootstraps, rounds, floor and calls. Each
 * call has
 *
 *     threads, images
 *     image_ms    milliseconds of the call, an image
 *     gain        in each round, an image alone on one thread over image_ms
 *     crew_us     one transform on each of these threads at once, as fft_floor_sample_pool_us times it
 *     over_floor  image_ms over one thread's floor of all bootstraps of an image
 *
 * On failure reports.
 */
bool latency_measure(cJSON *object, const deployment *made, const latency_plan *plan);

#endif
