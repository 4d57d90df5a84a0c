#include "bench/fft_floor.h"

#include <fftw3.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/report.h"

enum { REPETITIONS = 2000 };

struct fft_floor {
    double *in, *out; /* [N]: N/2 real parts, then N/2 imaginary parts */
    fftw_plan plan;
};

static bool plan_transform(fft_floor *reference, uint32_t N) {
    int points = (int)(N / 2);
    const fftw_iodim whole = {.n = points, .is = 1, .os = 1};
    reference->in = fftw_alloc_real(N);
    reference->out = fftw_alloc_real(N);
    if (reference->in == NULL || reference->out == NULL) {
        return false;
    }
    reference->plan = fftw_plan_guru_split_dft(1, &whole, 0, NULL, reference->in, reference->in + points,
                                               reference->out, reference->out + points, FFTW_MEASURE);
    return reference->plan != NULL;
}

/* After planning, which overwrites the arrays. */
static void fill_input(fft_floor *reference, uint32_t N) {
    for (uint32_t i = 0; i < N; i++) {
        reference->in[i] = (double)(i % 17) - 8.0;
    }
}

bool fft_floor_create(fft_floor **reference, uint32_t N) {
    fft_floor *made = calloc(1, sizeof *made);
    *reference = NULL;
    if (made == NULL || !plan_transform(made, N)) {
        fft_floor_free(made);
        return report_out_of_memory();
    }
    fill_input(made, N);
    *reference = made;
    return true;
}

void fft_floor_free(fft_floor *reference) {
    if (reference == NULL) {
        return;
    }
    fftw_destroy_plan(reference->plan);
    fftw_free(reference->in);
    fftw_free(reference->out);
    free(reference);
}

double fft_floor_sample_us(const fft_floor *reference) {
    double start = clock_ms();
    for (int i = 0; i < REPETITIONS; i++) {
        fftw_execute(reference->plan);
    }
    return (clock_ms() - start) * 1e3 / REPETITIONS;
}

double fft_floor_transforms(const tnn_params_literal *parameters) {
    return (double)parameters->n * (parameters->k + 1.0) * (parameters->bs_levels + 1.0);
}
