/* footprint.h: sizes and set-up of a deployment, and the memory of a process that only serves. */
#ifndef BENCH_FOOTPRINT_H
#define BENCH_FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>

#include <torusnn/torusnn.h>

#include "common/spread.h"

typedef struct footprint_figures {
    tnn_circuit_info info; /* its predictions */
    size_t rounds, threads;
    size_t eval_key_bytes, input_bytes, output_bytes; /* as saved */
    size_t server_peak_bytes;                         /* of program serve_once, the largest of the rounds */
    spread keygen_ms, ready_ms;                       /* key generation; key load and evaluator, in a new process */
    spread first_image_ms;                            /* in that process */
} footprint_figures;

/** Measures a model file. Keys and an input stand in a temporary folder meanwhile. On failure reports. */
bool footprint_measure(footprint_figures *figures, const char *model_path, size_t threads, size_t rounds);

#endif
