/*
 * crew.h: the FFT floor on several threads at once, each with arrays of its own.
 *
 * Processors that share a core, or a host that others use too, give less than their number. What this gains from
 * threads is what the machine has to give: nothing is shared here, and nothing is waited for.
 */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include "bench/fft_floor.h"

typedef struct crew crew;

/** Starts the threads, the calling one among them. Borrows the floor. On failure reports and gives NULL. */
bool crew_create(crew **made, const fft_floor *floor, size_t threads);
void crew_free(crew *made);

/** Times one transform on every thread at once, in microseconds, as the mean over some milliseconds. */
double crew_sample_us(crew *working);

#endif
