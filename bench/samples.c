#include "bench/samples.h"

#include <math.h>
#include <stdlib.h>

#include "common/report.h"

enum { LEAST_ROUNDS = 5 };

static double *sample_at(const samples *taken, size_t round, size_t subject) {
    return taken->values + (round * taken->subjects + subject) * (1 + taken->figures);
}

static bool allocate(samples *taken) {
    size_t count = taken->rounds * taken->subjects;
    taken->values = calloc(count * (1 + taken->figures), sizeof(double));
    taken->column = calloc(count, sizeof(double));
    return (taken->values != NULL && taken->column != NULL) || report_out_of_memory();
}

bool samples_take(samples *taken, const fft_floor *floor, take_sample *take, void *context) {
    bool done = allocate(taken);
    for (size_t round = 0; round < taken->rounds; round++) {
        for (size_t subject = 0; subject < taken->subjects && done; subject++) {
            double *sample = sample_at(taken, round, subject);
            sample[0] = fft_floor_sample_us(floor);
            done = take(context, subject, sample + 1);
        }
    }
    return done;
}

void samples_free(samples *taken) {
    free(taken->values);
    free(taken->column);
    *taken = (samples){0};
}

spread samples_spread(const samples *taken, size_t subject, size_t figure) {
    for (size_t round = 0; round < taken->rounds; round++) {
        taken->column[round] = sample_at(taken, round, subject)[1 + figure];
    }
    return spread_of(taken->column, taken->rounds);
}

spread samples_floor_us(const samples *taken) {
    size_t count = taken->rounds * taken->subjects;
    for (size_t i = 0; i < count; i++) {
        taken->column[i] = taken->values[i * (1 + taken->figures)];
    }
    return spread_of(taken->column, count);
}

size_t samples_rounds(size_t most, double round_ms, double all_ms) {
    double affordable = fmax(all_ms / round_ms, LEAST_ROUNDS);
    return affordable < (double)most ? (size_t)affordable : most;
}
