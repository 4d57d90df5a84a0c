/*
 * fft_floor.h: the time below which no bootstrap can be that makes its transforms with FFTW.
 *
 * A bootstrap makes n (k+1)(l+1) transforms of N/2 complex points: in each of its n external products (k+1) l
 * forward and k+1 inverse ones. One transform is timed in FFTW's split format, out of place, aligned, in cache.
 *
 * What FFTW_MEASURE finds on a noisy machine differs by half from one try to the next, and a slow floor would flatter
 * every ratio: the floor is the fastest of six plans.
 */
#ifndef BENCH_FFT_FLOOR_H
#define BENCH_FFT_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

#include <torusnn/tfhe.h>

#include "pool.h"

typedef struct fft_floor fft_floor;

/**
 * Plans the transform for a ring of degree N, in about half a second. On failure reports and gives NULL.
 *
 * Args: threads  that will make transforms at once, at most
 */
bool fft_floor_create(fft_floor **reference, uint32_t N, size_t threads);
void fft_floor_free(fft_floor *reference);

/** Times one transform, in microseconds, as the mean over about a millisecond. */
double fft_floor_sample_us(const fft_floor *reference);

/**
 * The same on every thread of a pool at once, each with arrays of its own: nothing is shared, and nothing is waited
 * for. What this gains from threads is what the machine has to give: processors that share a core, or a host that
 * others use too, give less than their number.
 */
double fft_floor_sample_pool_us(const fft_floor *reference, tnn_pool *pool);

/** Transforms that one bootstrap makes. */
double fft_floor_transforms(const tnn_params_literal *parameters);

#endif
