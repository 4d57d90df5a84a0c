/*
 * stage_profile.h: where the time of one image goes on one thread.
 *
 * The linker puts clocks around the functions that src/nn/run/evaluation.c calls for its stages (see CMakeLists.txt):
 * what is timed is tnn_infer itself. A tnn_infer without clocks is timed in the same rounds.
 */
#ifndef BENCH_STAGE_PROFILE_H
#define BENCH_STAGE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include <cJSON.h>

#include "bench/deployment.h"

/**
 * Profiles the first image of a deployment and adds a list of name, ms, share of the whole's median, and over_floor.
 * On failure reports.
 */
bool stage_profile_measure(cJSON *list, const deployment *made, size_t rounds);

#endif
