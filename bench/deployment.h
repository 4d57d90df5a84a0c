/* deployment.h: a circuit with one client's keys and encrypted images, ready to be timed beside the FFT floor. */
#ifndef BENCH_DEPLOYMENT_H
#define BENCH_DEPLOYMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <torusnn/torusnn.h>

#include "bench/fft_floor.h"

typedef struct deployment {
    tnn_circuit *circuit;
    tnn_circuit_info info;
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    tnn_input **inputs; /* [count] drawn images, encrypted */
    size_t count;
    fft_floor *floor;
} deployment;

/** Makes keys for a circuit, which it owns from here on, and encrypts `count` images. On failure reports. */
bool deployment_create(deployment *made, tnn_circuit *circuit, size_t count);

/** Frees what there is; a deployment whose creation failed, or {0}, is allowed. */
void deployment_free(deployment *made);

/** Expands the evaluation key for some threads and as many images as there are. On failure reports. */
bool deployment_evaluator(tnn_evaluator **evaluator, const deployment *made, size_t threads);

/** Times one tnn_infer of the first `images` images, in milliseconds. On failure reports. */
bool deployment_time_call(double *call_ms, const deployment *made, tnn_evaluator *evaluator, size_t images);

/** Transforms that the bootstraps of one image make. */
double deployment_transforms(const deployment *made);

#endif
