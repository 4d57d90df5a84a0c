/* core_items.h: the operations of the core that are timed. */
#ifndef BENCH_CORE_ITEMS_H
#define BENCH_CORE_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include <cJSON.h>

#include "bench/core_fixture.h"

typedef struct core_item {
    const char *name;
    size_t batch;       /* ciphertexts a call */
    size_t repetitions; /* calls a sample, so that a sample is long against the clock */
    bool has_floor;     /* does the work of one bootstrap a ciphertext */
    void (*run)(core_fixture *fixture, size_t batch);
} core_item;

/** All items. Static. */
const core_item *core_items_list(size_t *count);

/** Whether a parameter set has the keys that an item needs. */
bool core_item_applies(const core_item *item, const tnn_params_literal *parameters);

/**
 * Times all items of a parameter set on one thread, each after the FFT floor, and adds parameters, rounds, floor and
 * items: microseconds a ciphertext. On failure reports.
 */
bool core_items_measure(cJSON *object, const tnn_params_literal *parameters, size_t rounds);

#endif
