#include "bench/fft_floor.h"

#include <fftw3.h>
#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/report.h"

enum {
    REPETITIONS = 2000,
    PLANS = 6,
    TRIALS = 20, /* of each plan */
    LINE = 64,
    APART = 512, /* bytes from the end of the input to the output: neither at the same place of a page */
};

struct fft_floor {
    double *in, *out; /* [N]: N/2 real parts, then N/2 imaginary parts; of one block */
    fftw_plan plans[PLANS];
    fftw_plan fastest; /* of them */
};

static bool allocate(fft_floor *reference, uint32_t N) {
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

static double sample_us(const fftw_plan plan, int repetitions) {
    double start = clock_ms();
    for (int i = 0; i < repetitions; i++) {
        fftw_execute(plan);
    }
    return (clock_ms() - start) * 1e3 / repetitions;
}

/* In turn, so that what else the machine does hits all of them. */
static void choose_fastest(fft_floor *reference) {
    double best_us = HUGE_VAL;
    for (size_t i = 0; i < (size_t)TRIALS * PLANS; i++) {
        double us = sample_us(reference->plans[i % PLANS], REPETITIONS / 10);
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

double fft_floor_sample_us(const fft_floor *reference) {
    return sample_us(reference->fastest, REPETITIONS);
}

double fft_floor_transforms(const tnn_params_literal *parameters) {
    return (double)parameters->n * (parameters->k + 1.0) * (parameters->bs_levels + 1.0);
}
