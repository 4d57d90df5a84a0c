#include "bench/fft_floor.h"

#include <fftw3.h>
#include <math.h>
#include <stdlib.h>

#include "memory.h"

#include "common/clock.h"
#include "common/report.h"

enum {
    PLANS = 6,
    TRIALS = 20,          /* of each plan */
    TRANSFORMS = 2000,    /* of a sample */
    POOL_REPETITIONS = 5, /* of them a thread: its waking up is little beside them */
    APART = 64,           /* doubles from the end of the input to the output: neither at the same place of a page */
};

struct fft_floor {
    uint32_t N;
    size_t words;   /* of a thread's arrays: N of input, N/2 real parts, then N/2 imaginary; APART; N of output */
    double *arrays; /* [threads][words] */
    fftw_plan plans[PLANS]; /* of the first thread's arrays */
    fftw_plan fastest;      /* of them */
};

/* FFTW remembers plans: each is looked for from the start. */
static bool plan_transforms(fft_floor *reference) {
    int points = (int)(reference->N / 2);
    double *in = reference->arrays, *out = in + reference->N + APART;
    const fftw_iodim whole = {.n = points, .is = 1, .os = 1};
    for (size_t i = 0; i < PLANS; i++) {
        fftw_forget_wisdom();
        reference->plans[i] =
            fftw_plan_guru_split_dft(1, &whole, 0, NULL, in, in + points, out, out + points, FFTW_MEASURE);
        if (reference->plans[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* After planning, which overwrites the arrays. */
static void fill_inputs(fft_floor *reference, size_t threads) {
    for (size_t thread = 0; thread < threads; thread++) {
        for (uint32_t i = 0; i < reference->N; i++) {
            reference->arrays[thread * reference->words + i] = (double)(i % 17) - 8.0;
        }
    }
}

static void transform(const fft_floor *reference, const fftw_plan plan, size_t thread, int repetitions) {
    const size_t points = reference->N / 2;
    double *in = reference->arrays + thread * reference->words, *out = in + reference->N + APART;
    for (int i = 0; i < repetitions; i++) {
        fftw_execute_split_dft(plan, in, in + points, out, out + points);
    }
}

static double time_us(const fft_floor *reference, const fftw_plan plan, int repetitions) {
    double start = clock_ms();
    transform(reference, plan, 0, repetitions);
    return (clock_ms() - start) * 1e3 / repetitions;
}

/* In turn, so that what else the machine does hits all of them. */
static void choose_fastest(fft_floor *reference) {
    double best_us = HUGE_VAL;
    for (size_t i = 0; i < (size_t)TRIALS * PLANS; i++) {
        double us = time_us(reference, reference->plans[i % PLANS], TRANSFORMS / 10);
        if (us < best_us) {
            best_us = us;
            reference->fastest = reference->plans[i % PLANS];
        }
    }
}

bool fft_floor_create(fft_floor **reference, uint32_t N, size_t threads) {
    fft_floor *made = tnn_alloc(1, sizeof *made);
    *reference = NULL;
    if (made != NULL) {
        *made = (fft_floor){.N = N, .words = 2 * (size_t)N + 2 * APART};
        made->arrays = tnn_alloc(threads, made->words * sizeof(double));
    }
    if (made == NULL || made->arrays == NULL || !plan_transforms(made)) {
        fft_floor_free(made);
        return report_out_of_memory();
    }
    fill_inputs(made, threads);
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
    tnn_free(reference->arrays);
    tnn_free(reference);
}

double fft_floor_sample_us(const fft_floor *reference) {
    return time_us(reference, reference->fastest, TRANSFORMS);
}

static void run_task(void *context, unsigned worker, size_t task) {
    (void)worker;
    const fft_floor *reference = context;
    transform(reference, reference->fastest, task, POOL_REPETITIONS * TRANSFORMS);
}

double fft_floor_sample_pool_us(const fft_floor *reference, tnn_pool *pool) {
    double start = clock_ms();
    tnn_pool_run(pool, run_task, (void *)reference, tnn_pool_threads(pool));
    return (clock_ms() - start) * 1e3 / ((double)POOL_REPETITIONS * TRANSFORMS);
}

double fft_floor_transforms(const tnn_params_literal *parameters) {
    return (double)parameters->n * (parameters->k + 1.0) * (parameters->bs_levels + 1.0);
}
