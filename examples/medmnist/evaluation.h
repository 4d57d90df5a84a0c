/* evaluation.h: a whole split, in the clear, simulated and encrypted under one or more keys. */
#ifndef MEDMNIST_EVALUATION_H
#define MEDMNIST_EVALUATION_H

#include <stdbool.h>
#include <stddef.h>

#include <torusnn/torusnn.h>

#include "common/excursions.h"
#include "common/metrics.h"
#include "common/options.h"
#include "common/simulation.h"
#include "common/split.h"
#include "common/spread.h"

enum { EVALUATION_MOST_KEYS = 64 };

typedef struct evaluation {
    size_t images;
    tnn_circuit_info circuit;
    metrics_quality clear; /* against itself */
    simulation simulated;  /* of 0 runs where none was asked for */
    excursions outside;

    /* Only where images were encrypted: */
    size_t keys;
    metrics_quality by_key[EVALUATION_MOST_KEYS]; /* [keys] */
    metrics_quality encrypted;                    /* mean over the keys, the root of the mean for the error */
    spread latency_ms; /* an image, from its encrypted bytes to those of its result, over all keys */
    double keygen_ms;  /* mean over the keys */
    size_t evaluation_key_bytes, input_bytes, output_bytes;
    size_t peak_rss_bytes; /* of client and server together */
} evaluation;

/** Evaluates a model on a split. On failure reports. */
bool evaluation_run(evaluation *result, const tnn_model *model, const split *data, const options *chosen);

#endif
