/*
 * fft.h by FFTW, for comparison: the one file that knows it, of builds with TORUSNN_FFTW_ONLY. An allocation that fails
 * inside FFTW's planner ends the process, which is why no other build plans with it (single_fft.c). Complex transforms
 * of N/2 points, forward and inverse, real and imaginary parts in arrays of their own (split), and the twist w^t =
 * exp(i pi t / N) of fft.h.
 *
 * Forward transforms have the kernel exp(-2 pi i j t / (N/2)), so point j of a folded and twisted polynomial p is p at
 * w^(1 - 4j): the roots of X^(N/2) = i. Neither direction divides by N/2.
 */
#include "fft.h"

#include <fftw3.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>

#include "memory.h"

struct tnn_fft {
    uint32_t half; /* N/2 complex points */
    fftw_plan forward;
    fftw_plan inverse;
    double *twist; /* [N] */
};

/* FFTW's planner keeps global state; execution does not. */
static pthread_mutex_t planner_lock = PTHREAD_MUTEX_INITIALIZER;

/* The inverse is the forward transform with real and imaginary parts swapped, which conjugates it. It needs a plan of
 * its own: FFTW lets new arrays take the place of planned ones only where the distance from real to imaginary part is
 * the same, and its sign changes. */
static fftw_plan make_plan(uint32_t half, bool inverse) {
    double *scratch = tnn_alloc(4 * (size_t)half, sizeof *scratch);
    if (!scratch) {
        return NULL;
    }
    fftw_iodim points = {(int)half, 1, 1};
    const size_t re = inverse ? half : 0;
    const size_t im = half - re;
    double *out = scratch + 2 * (size_t)half;
    pthread_mutex_lock(&planner_lock);
    fftw_plan plan = fftw_plan_guru_split_dft(1, &points, 0, NULL, scratch + re, scratch + im, out + re, out + im,
                                              FFTW_MEASURE | FFTW_PRESERVE_INPUT);
    pthread_mutex_unlock(&planner_lock);
    tnn_free(scratch);
    return plan;
}

/* w^t, w = exp(i pi / N), N = 2 half: cosines, then sines. */
static double *make_twist(uint32_t half) {
    double *twist = tnn_alloc(2 * (size_t)half, sizeof *twist);
    for (uint32_t t = 0; twist && t < half; t++) {
        double angle = 3.14159265358979323846 * t / (2.0 * half);
        twist[t] = cos(angle);
        twist[half + t] = sin(angle);
    }
    return twist;
}

tnn_status tnn_fft_create(tnn_fft **out, uint32_t N) {
    *out = NULL;
    if (N < TNN_FFT_LEAST_DEGREE || (N & (N - 1)) != 0) {
        return TNN_ERR_MISUSE;
    }
    tnn_fft *fft = tnn_alloc(1, sizeof *fft);
    if (!fft) {
        return TNN_ERR_MEMORY;
    }
    fft->half = N / 2;
    fft->forward = make_plan(fft->half, false);
    fft->inverse = make_plan(fft->half, true);
    fft->twist = make_twist(fft->half);
    if (!fft->forward || !fft->inverse || !fft->twist) {
        tnn_fft_free(fft);
        return TNN_ERR_MEMORY;
    }
    *out = fft;
    return TNN_OK;
}

void tnn_fft_free(tnn_fft *fft) {
    if (!fft) {
        return;
    }
    pthread_mutex_lock(&planner_lock);
    fftw_destroy_plan(fft->forward);
    fftw_destroy_plan(fft->inverse);
    pthread_mutex_unlock(&planner_lock);
    tnn_free(fft->twist);
    tnn_free(fft);
}

const double *tnn_fft_twist(const tnn_fft *fft) {
    return fft->twist;
}

/* FFTW takes its input without const, and with FFTW_PRESERVE_INPUT leaves it alone. */
void tnn_fft_forward(const tnn_fft *fft, double *out, const double *in) {
    double *input = (double *)in;
    fftw_execute_split_dft(fft->forward, input, input + fft->half, out, out + fft->half);
}

void tnn_fft_inverse(const tnn_fft *fft, double *out, double *in) {
    fftw_execute_split_dft(fft->inverse, in + fft->half, in, out + fft->half, out);
}
