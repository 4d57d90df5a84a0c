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

enum { FFT_FLOOR_TRANSFORMS = 2000 }; /* of a sample */

typedef struct fft_floor fft_floor;

/** Plans the transform for a ring of degree N, in about half a second. On failure reports and gives NULL. */
bool fft_floor_create(fft_floor **reference, uint32_t N);
void fft_floor_free(fft_floor *reference);

/** The same transform on arrays of its own, for another thread. Its plan is the other's. */
bool fft_floor_copy(fft_floor **copy, const fft_floor *reference);

/** Makes the transforms of a sample. */
void fft_floor_run(const fft_floor *reference);

/** Times one transform, in microseconds, as the mean over about a millisecond. */
double fft_floor_sample_us(const fft_floor *reference);

/** Transforms that one bootstrap makes. */
double fft_floor_transforms(const tnn_params_literal *parameters);

#endif
