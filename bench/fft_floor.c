#include "bench/fft_floor.h"

#include <fftw3.h>
#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/report.h"

enum {
    PLANS = 6,
    TRIALS = 20, /* of each plan */
    LINE = 64,
    APART = 512, /* bytes from the end of the input to the output: neither at the same place of a page */
};

struct fft_floor {
    uint32_t N;
    double *in, *out;       /* [N]: N/2 real parts, then N/2 imaginary parts; of one block */
    fftw_plan plans[PLANS]; /* of their own; a copy has none */
    fftw_plan fastest;      /* of them */
};

static bool allocate(fft_floor *reference, uint32_t N) {
    reference->N = N;
    reference->in = aligned_alloc(LINE, 2 * N * sizeof(double) + APART);
    reference->out = reference->in == NULL ? NULL : reference->in + N + APART / sizeof(double);
    return reference->in != NULL;
}

/* FFTW remembers plans: each is looked for from the start. */
static bool plan_transforms(fft_floor *reference, uint32_t N) {
    int points = (int)(N / 2);
    const fftw_iodim whole = {.n = points, .is = 1, .os = 1};
    for (size_t i = 0; i < PLANS; i++) {
        fftw_forget_wisdom();
        reference->plans[i] = fftw_plan_guru_split_dft(1, &whole, 0, NULL, reference->in, reference->in + points,
                                                       reference->out, reference->out + points, FFTW_MEASURE);
        if (reference->plans[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* After planning, which overwrites the arrays. */
static void fill_input(fft_floor *reference, uint32_t N) {
    for (uint32_t i = 0; i < N; i++) {
        reference->in[i] = (double)(i % 17) - 8.0;
    }
}

static void run(const fft_floor *reference, const fftw_plan plan, int repetitions) {
    const size_t points = reference->N / 2;
    for (int i = 0; i < repetitions; i++) {
        fftw_execute_split_dft(plan, reference->in, reference->in + points, reference->out, reference->out + points);
    }
}

static double trial_us(const fft_floor *reference, const fftw_plan plan) {
    double start = clock_ms();
    run(reference, plan, FFT_FLOOR_TRANSFORMS / 10);
    return (clock_ms() - start) * 1e4 / FFT_FLOOR_TRANSFORMS;
}

/* In turn, so that what else the machine does hits all of them. */
static void choose_fastest(fft_floor *reference) {
    double best_us = HUGE_VAL;
    for (size_t i = 0; i < (size_t)TRIALS * PLANS; i++) {
        double us = trial_us(reference, reference->plans[i % PLANS]);
        if (us < best_us) {
            best_us = us;
            reference->fastest = reference->plans[i % PLANS];
        }
    }
}

bool fft_floor_create(fft_floor **reference, uint32_t N) {
    fft_floor *made = calloc(1, sizeof *made);
    *reference = NULL;
    if (made == NULL || !allocate(made, N) || !plan_transforms(made, N)) {
        fft_floor_free(made);
        return report_out_of_memory();
    }
    fill_input(made, N);
    choose_fastest(made);
    *reference = made;
    return true;
}

void fft_floor_free(fft_floor *reference) {
    if (reference == NULL) {
        return;
    }
    for (size_t i = 0; i < PLANS; i++) {
        fftw_destroy_plan(reference->plans[i]);
    }
    free(reference->in);
    free(reference);
}

bool fft_floor_copy(fft_floor **copy, const fft_floor *reference) {
    fft_floor *made = calloc(1, sizeof *made);
    *copy = NULL;
    if (made == NULL || !allocate(made, reference->N)) {
        fft_floor_free(made);
        return report_out_of_memory();
    }
    fill_input(made, reference->N);
    made->fastest = reference->fastest;
    *copy = made;
    return true;
}

void fft_floor_run(const fft_floor *reference) {
    run(reference, reference->fastest, FFT_FLOOR_TRANSFORMS);
}

double fft_floor_sample_us(const fft_floor *reference) {
    double start = clock_ms();
    fft_floor_run(reference);
    return (clock_ms() - start) * 1e3 / FFT_FLOOR_TRANSFORMS;
}

double fft_floor_transforms(const tnn_params_literal *parameters) {
    return (double)parameters->n * (parameters->k + 1.0) * (parameters->bs_levels + 1.0);
}
