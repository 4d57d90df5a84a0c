/* rotation.h: blind rotations and bootstraps against the FFT floor over batch sizes, on one thread. */
#ifndef BENCH_ROTATION_H
#define BENCH_ROTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/bench_file.h"
#include "bench/core_items.h"

enum { ROTATION_MOST_POINTS = 24 };

typedef struct rotation_point {
    const core_item *item;
    spread us; /* a ciphertext */
    floor_ratio ratio;
} rotation_point;

typedef struct rotation_figures {
    tnn_params_literal parameters;
    size_t rounds;
    spread floor_us; /* one transform */
    size_t count;
    rotation_point points[ROTATION_MOST_POINTS];
} rotation_figures;

/** Takes a sample of the floor before each sample of an item, round after round. On failure reports. */
bool rotation_measure(rotation_figures *figures, const tnn_params_literal *parameters, size_t rounds);

#endif
