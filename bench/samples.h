/* samples.h: samples that each follow one of the FFT floor, so that both see the same machine. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/fft_floor.h"
#include "common/spread.h"

typedef struct samples {
    size_t rounds, subjects, figures; /* set by the caller: a sample of a subject is so many figures */
    double *values;                   /* [rounds][subjects][1 + figures], one transform of the floor first */
    double *column;                   /* [rounds][subjects] of one figure, for sorting */
} samples;

/** Takes one sample of a subject: its figures, zeroed before. On failure reports. */
typedef bool take_sample(void *context, size_t subject, double *figures);

/** Takes every subject once, in turn, round after round. On failure reports. Free with samples_free either way. */
bool samples_take(samples *taken, const fft_floor *floor, take_sample *take, void *context);
void samples_free(samples *taken);

/** Of all rounds. */
spread samples_spread(const samples *taken, size_t subject, size_t figure);

/** One transform of the floor, of all rounds and subjects. */
spread samples_floor_us(const samples *taken);

/** As many rounds as fit a time, but at least 5; never more than `most`. */
size_t samples_rounds(size_t most, double round_ms, double all_ms);

#endif
