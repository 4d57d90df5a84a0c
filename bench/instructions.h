/*
 * instructions.h: loops of another instruction set than the processor's best, so that figures of one machine speak for
 * others. Programs are linked with --wrap=tnn_instructions_best.
 */
#ifndef BENCH_INSTRUCTIONS_H
#define BENCH_INSTRUCTIONS_H

#include <stdbool.h>

/** From now on those of `name`: portable, avx2 or avx512. On failure, or where the processor lacks them, reports. */
bool instructions_choose(const char *name);

#endif
