/* What one thread writes while it computes on ciphertexts. */
#ifndef TNN_TFHE_WORKSPACE_H
#define TNN_TFHE_WORKSPACE_H

#include "engine.h"
#include "kernels.h"

struct tnn_workspace {
    tnn_params params;
    size_t batch;
    const tnn_kernels *kernels;
    const tnn_engine_calls *calls;
    tnn_engine_scratch *engine;
    uint32_t *difference;   /* [(k+1)][N] what an external product decomposes */
    uint32_t *positions;    /* [batch][n+1] */
    uint32_t *accumulators; /* [batch][k+1][N] */
};

#endif
