/*
 * stage_profile.h: where the time of one image goes on one thread.
 *
 * The stages of src/nn/evaluation.c are called one after another on a circuit's own weights and tables and timed apart;
 * a whole tnn_infer is timed in the same rounds.
 */
#ifndef BENCH_STAGE_PROFILE_H
#define BENCH_STAGE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/bench_file.h"
#include "bench/deployment.h"

typedef enum stage {
    STAGE_EXPAND,         /* masks of the encrypted image */
    STAGE_DOT,            /* weighted sums of all table layers */
    STAGE_KEY_SWITCH,     /* of deeper layers */
    STAGE_MODULUS_SWITCH, /* timed apart, and taken off the bootstraps, which contain it */
    STAGE_BLIND_ROTATION, /* with the extraction of the results */
    STAGE_LOGITS,         /* sums of the last layer */
    STAGE_ROUND,          /* results to the bits that cross the wire */
    STAGE_COUNT,
} stage;

typedef struct stage_profile {
    size_t rounds;
    spread whole_ms; /* tnn_infer */
    spread stage_ms[STAGE_COUNT];
    spread floor_us; /* one transform */
} stage_profile;

const char *stage_name(stage which);

/** Profiles the first image of a deployment. On failure reports. */
bool stage_profile_measure(stage_profile *profile, const deployment *made, size_t rounds);

#endif
