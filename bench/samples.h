/* samples.h: memory for what is measured. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

/** Gives samples [count] that are 0; free them. On failure reports and gives NULL. */
bool samples_allocate(double **samples, size_t count);

#endif
