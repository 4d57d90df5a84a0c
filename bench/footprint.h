/* footprint.h: sizes and set-up of a deployment, and the memory of a process that only serves. */
#ifndef BENCH_FOOTPRINT_H
#define BENCH_FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>

#include <cJSON.h>

/**
 * Measures a model file and adds threads, rounds and
 *
 *     bytes           as saved, and the most that program serve_once had resident (p95)
 *     said_bytes      the same as tnn_circuit_describe says them before any key exists
 *     keygen_ms       key generation
 *     ready_ms        key load and evaluator, in a new process
 *     first_image_ms  in that process
 *
 * Key and input stand in a temporary folder meanwhile. On failure reports.
 */
bool footprint_measure(cJSON *object, const char *model_path, size_t threads, size_t rounds);

#endif
