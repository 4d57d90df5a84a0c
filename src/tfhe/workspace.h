/* What one thread writes while it computes on ciphertexts. */
#ifndef TNN_TFHE_WORKSPACE_H
#define TNN_TFHE_WORKSPACE_H

#include "fft.h"
#include "gadget.h"
#include "kernels.h"
#include "params.h"

struct tnn_workspace {
    tnn_params params;
    size_t batch;
    const tnn_kernels *kernels;
    tnn_fft *fft;
    tnn_gadget gadget;
    uint32_t *difference;   /* [(k+1)][N] what an external product decomposes */
    double *folded;         /* [N] one polynomial on its way into or out of the FFT */
    double *digits;         /* [(k+1) l][N] in the Fourier domain */
    double *products;       /* [k+1][N] in the Fourier domain */
    uint32_t *positions;    /* [batch][n+1] */
    uint32_t *accumulators; /* [batch][k+1][N] */
};

/* accumulator [k+1][N] += ggsw (x) workspace->difference. */
void tnn_add_external_product(tnn_workspace *workspace, uint32_t *accumulator, const double *ggsw);

#endif
