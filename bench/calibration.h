/*
 * calibration.h: the constants of the library's cost model (src/nn/compile/cost.c), measured on this machine
 * with the loops of the reference processor.
 *
 * For each ring degree N, blind rotations of 16 under parameter sets of several shapes give the time of a transform
 * and of a pointwise product; key switches give the time of a word.
 */
#ifndef BENCH_CALIBRATION_H
#define BENCH_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>

/** Measures, prints predicted beside measured times, and writes the constants as a C header. On failure reports. */
bool calibration_run(const char *path, size_t rounds);

#endif
