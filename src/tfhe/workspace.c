#include "workspace.h"

#include "memory.h"

static bool allocate_arrays(tnn_workspace *w) {
    const size_t N = w->params.literal.N;
    const size_t glwe_words = tnn_params_glwe_words(&w->params);
    w->difference = tnn_alloc(glwe_words, sizeof *w->difference);
    w->folded = tnn_alloc(N, sizeof *w->folded);
    w->digits = tnn_alloc(tnn_params_ggsw_rows(&w->params) * N, sizeof *w->digits);
    w->products = tnn_alloc(glwe_words, sizeof *w->products);
    w->positions = tnn_alloc(w->batch, (w->params.literal.n + 1) * sizeof *w->positions);
    w->accumulators = tnn_alloc(w->batch, glwe_words * sizeof *w->accumulators);
    return w->difference && w->folded && w->digits && w->products && w->positions && w->accumulators;
}

tnn_status tnn_workspace_create(tnn_workspace **out, const tnn_params *params, size_t batch) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!params || batch == 0) {
        return TNN_ERR_MISUSE;
    }
    tnn_workspace *workspace = tnn_alloc(1, sizeof *workspace);
    if (!workspace) {
        return TNN_ERR_MEMORY;
    }
    workspace->params = *params;
    workspace->batch = batch;
    workspace->kernels = tnn_kernels_best();
    workspace->gadget = tnn_gadget_of(params->literal.bs_base_log, params->literal.bs_levels);
    tnn_status status = tnn_fft_create(&workspace->fft, params->literal.N);
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

void tnn_workspace_free(tnn_workspace *workspace) {
    if (!workspace) {
        return;
    }
    tnn_fft_free(workspace->fft);
    tnn_free(workspace->difference);
    tnn_free(workspace->folded);
    tnn_free(workspace->digits);
    tnn_free(workspace->products);
    tnn_free(workspace->positions);
    tnn_free(workspace->accumulators);
    tnn_free(workspace);
}

size_t tnn_params_workspace_bytes(const tnn_params *params, size_t batch) {
    const size_t N = params->literal.N;
    const size_t glwe_words = tnn_params_glwe_words(params);
    const size_t doubles = N + tnn_params_ggsw_rows(params) * N + glwe_words;
    const size_t words = glwe_words + batch * (params->literal.n + 1 + glwe_words);
    return doubles * sizeof(double) + words * sizeof(uint32_t);
}
