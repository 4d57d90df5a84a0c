/*
 * Memory of one thread that computes on ciphertexts, made once: the hot path allocates nothing. For a batch of b: 2^v
 * (k+1) N words for a difference, b (n + 1) for positions, b 2^v (k+1) N for accumulators, and the engine's own
 * scratch.
 */
#include "workspace.h"

#include "memory.h"
#include "split.h"

static bool allocate_arrays(tnn_workspace *w) {
    const tnn_params *params = &w->execution.params;
    const size_t split_words = tnn_split_words(params);
    w->difference = tnn_alloc(split_words, sizeof *w->difference);
    w->positions = tnn_alloc(w->batch, (params->literal.n + 1) * sizeof *w->positions);
    w->accumulators = tnn_alloc(w->batch, split_words * sizeof *w->accumulators);
    return w->difference && w->positions && w->accumulators;
}

tnn_status tnn_workspace_create_for(tnn_workspace **out, const tnn_execution *execution, size_t batch) {
    *out = NULL;
    tnn_workspace *workspace = tnn_alloc(1, sizeof *workspace);
    if (!workspace) {
        return TNN_ERR_MEMORY;
    }
    workspace->execution = *execution;
    workspace->batch = batch;
    workspace->kernels = tnn_kernels_best();
    tnn_status status = tnn_engine_scratch_create(&workspace->engine_scratch, execution, batch);
    if (status == TNN_OK && !allocate_arrays(workspace)) {
        status = TNN_ERR_MEMORY;
    }
    if (status != TNN_OK) {
        tnn_workspace_free(workspace);
        return status;
    }
    *out = workspace;
    return TNN_OK;
}

tnn_status tnn_workspace_create(tnn_workspace **out, const tnn_params *params, size_t batch) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!params || !tnn_params_bootstrap(params) || batch == 0) {
        return TNN_ERR_MISUSE;
    }
    const tnn_execution execution = tnn_execution_of(params);
    return tnn_workspace_create_for(out, &execution, batch);
}

void tnn_workspace_free(tnn_workspace *workspace) {
    if (!workspace) {
        return;
    }
    tnn_engine_scratch_free(workspace->engine_scratch, workspace->execution.engine);
    tnn_free(workspace->difference);
    tnn_free(workspace->positions);
    tnn_free(workspace->accumulators);
    tnn_free(workspace);
}

size_t tnn_workspace_bytes(const tnn_execution *execution, size_t batch) {
    const tnn_params *params = &execution->params;
    const size_t split_words = tnn_split_words(params);
    const size_t words = split_words + batch * (params->literal.n + 1 + split_words);
    return execution->engine->scratch_bytes(params, batch) + words * sizeof(uint32_t);
}

size_t tnn_params_workspace_bytes(const tnn_params *params, size_t batch) {
    if (!params) {
        return 0;
    }
    const tnn_execution execution = tnn_execution_of(params);
    return tnn_workspace_bytes(&execution, batch);
}
