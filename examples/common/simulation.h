/* simulation.h: the clear reference, and what encryption would make of it, on many images. */
#ifndef EXAMPLES_SIMULATION_H
#define EXAMPLES_SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torusnn/torusnn.h>

#include "common/metrics.h"

enum { SIMULATION_DEFAULT_RUNS = 16, SIMULATION_MOST_RUNS = 100000 };

/** Images with their labels and the clear reference's logits, all borrowed. */
typedef struct labelled_images {
    const uint8_t *images;  /* [count][pixels] */
    const uint32_t *labels; /* [count] */
    const double *clear;    /* [count][outputs] */
    size_t count, pixels, outputs;
} labelled_images;

/** The clear reference's logits [count][outputs] of images [count][pixels]. On failure reports. */
bool predict_images(double *logits, const tnn_model *model, const uint8_t *images, size_t pixels, size_t count);

/** What simulated evaluations of every image gave: means over the runs, the root of the mean for the error. */
typedef struct simulation {
    size_t runs;
    metrics_quality quality;
    double images_per_second; /* evaluations of one image, on one thread */
} simulation;

/** Simulates every image so many times, with the same noise in every program run. On failure reports. */
bool simulate_images(simulation *result, const tnn_circuit *circuit, const labelled_images *data, size_t runs);

#endif
