/*
 * What one thread writes while it computes on ciphertexts: accumulators, positions and the engine's scratch. Keys are
 * shared and read; a workspace belongs to one thread at a time. workspace.c has the sizes.
 */
#ifndef TNN_TFHE_WORKSPACE_H
#define TNN_TFHE_WORKSPACE_H

#include "execution.h"
#include "kernels.h"

struct tnn_workspace {
    tnn_execution execution;
    size_t batch;
    const tnn_kernels *kernels;
    tnn_engine_scratch *engine_scratch;
    uint32_t *difference;   /* [2^v][k+1][N] what external products decompose */
    uint32_t *positions;    /* [batch][n+1] */
    uint32_t *accumulators; /* [batch][2^v][k+1][N] */
};

/* tnn_workspace_create for an execution, with its errors, and the bytes that it takes. */
TNN_MUST_USE tnn_status tnn_workspace_create_for(tnn_workspace **workspace, const tnn_execution *execution,
                                                 size_t batch);
size_t tnn_workspace_bytes(const tnn_execution *execution, size_t batch);

#endif
