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

/**
 * Makes keys for a circuit, which it owns from here on, and encrypts images. On failure reports.
 *
 * Args: images   0: as many as fill the batches of all threads
 *       threads  that will be timed, at most
 */
bool deployment_create(deployment *made, tnn_circuit *circuit, size_t images, size_t threads);

/** Frees what there is; a deployment whose creation failed, or {0}, is allowed. */
void deployment_free(deployment *made);

/** Expands the evaluation key for some threads and as many images as there are. On failure reports. */
bool deployment_evaluator(tnn_evaluator **evaluator, const deployment *made, size_t threads);

/** Times one tnn_infer of the first `images` images, in milliseconds. On failure reports. */
bool deployment_time_call(double *call_ms, const deployment *made, tnn_evaluator *evaluator, size_t images);

/** Transforms that the bootstraps of one image make, in thousands: milliseconds of floor a microsecond of transform. */
double deployment_floor_units(const deployment *made);

/** Images whose first layer fills the batches of some threads. */
size_t images_that_fill(const tnn_circuit *circuit, size_t threads);

/** What a client does first. On failure reports. */
bool make_keys(tnn_secret_key **secret, tnn_eval_key **eval, const tnn_circuit *circuit, size_t threads);

/** Encrypts a drawn image. On failure reports. */
bool encrypt_drawing(tnn_input **input, const tnn_circuit *circuit, const tnn_secret_key *secret, uint32_t variant);

#endif
