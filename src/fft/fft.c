/* Twists, and the choice of who transforms. */
#include "fft.h"

#include <math.h>

#include "fftw_plans.h"
#include "memory.h"
#include "single_fft.h"

#define PI 3.14159265358979323846264338328L
#define MOST_DEGREE (1u << 24)

/* Either a transform of our own and its loops, or FFTW's. */
struct tnn_fft {
    tnn_single_fft *single;
    const tnn_single_loops *loops;
    const tnn_fftw_plans *fftw;
    double *twist; /* [N] */
};

static const tnn_single_loops *own_loops(void) {
#if defined(TNN_FFTW_ONLY)
    return NULL;
#else
    return tnn_single_loops_best();
#endif
}

/* w^t, w = exp(i pi / N): cosines, then sines. */
static double *make_twist(uint32_t N) {
    const uint32_t points = N / 2;
    double *twist = tnn_alloc(N, sizeof *twist);
    for (uint32_t t = 0; twist && t < points; t++) {
        const long double angle = PI * t / N;
        twist[t] = (double)cosl(angle);
        twist[points + t] = (double)sinl(angle);
    }
    return twist;
}

static tnn_status fill(tnn_fft *fft, uint32_t N) {
    fft->twist = make_twist(N);
    if (!fft->twist) {
        return TNN_ERR_MEMORY;
    }
    fft->loops = own_loops();
    return fft->loops ? tnn_single_fft_create(&fft->single, N) : tnn_fftw_plans_of(&fft->fftw, N);
}

tnn_status tnn_fft_create(tnn_fft **out, uint32_t N) {
    *out = NULL;
    if (N < TNN_FFT_LEAST_DEGREE || N > MOST_DEGREE || (N & (N - 1)) != 0) {
        return TNN_ERR_MISUSE;
    }
    tnn_fft *fft = tnn_alloc(1, sizeof *fft);
    if (!fft) {
        return TNN_ERR_MEMORY;
    }
    tnn_status status = fill(fft, N);
    if (status != TNN_OK) {
        tnn_fft_free(fft);
        return status;
    }
    *out = fft;
    return TNN_OK;
}

void tnn_fft_free(tnn_fft *fft) {
    if (!fft) {
        return;
    }
    tnn_single_fft_free(fft->single);
    tnn_free(fft->twist);
    tnn_free(fft);
}

const double *tnn_fft_twist(const tnn_fft *fft) {
    return fft->twist;
}

void tnn_fft_forward(const tnn_fft *fft, double *out, const double *in) {
    if (fft->loops) {
        fft->loops->forward(fft->single, out, in);
    } else {
        tnn_fftw_forward(fft->fftw, out, in);
    }
}

void tnn_fft_inverse(const tnn_fft *fft, double *out, double *in) {
    if (fft->loops) {
        fft->loops->inverse(fft->single, out, in);
    } else {
        tnn_fftw_inverse(fft->fftw, out, in);
    }
}
