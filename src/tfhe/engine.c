/*
 * Scratch of an engine, and the choice between the two of engine.h. Both compute
 *
 *     accumulator [k+1][N] += sum over rows r of digits[r] * GGSW[r]        modulo X^N + 1, rounded to Z/2^32
 *
 * and differ in how many polynomials share a transform. Their results differ in rounding alone.
 */
#include "engine.h"

#include "kernels.h"
#include "memory.h"

const tnn_engine_calls *tnn_engine_of(const tnn_params *params) {
    return params->engine == TNN_ENGINE_QUAD ? &tnn_engine_quad : &tnn_engine_fftw;
}

const char *tnn_params_engine(const tnn_params *params) {
    return tnn_engine_of(params)->name;
}

size_t tnn_params_batch(const tnn_params *params) {
    return tnn_engine_of(params)->batch(params);
}

tnn_status tnn_engine_scratch_create(tnn_engine_scratch **out, const tnn_params *params, size_t batch) {
    const tnn_engine_calls *calls = tnn_engine_of(params);
    *out = NULL;
    tnn_engine_scratch *scratch = tnn_alloc(1, calls->structure_bytes);
    if (!scratch) {
        return TNN_ERR_MEMORY;
    }
    tnn_status status = calls->fill(scratch, params, batch);
    if (status != TNN_OK) {
        tnn_engine_scratch_free(scratch, calls);
        return status;
    }
    *out = scratch;
    return TNN_OK;
}

void tnn_engine_scratch_free(tnn_engine_scratch *scratch, const tnn_engine_calls *calls) {
    if (!scratch) {
        return;
    }
    calls->empty(scratch);
    tnn_free(scratch);
}

tnn_engine tnn_engine_best(uint32_t k) {
#if defined(TNN_FFTW_ONLY)
    (void)k;
    return TNN_ENGINE_FFTW;
#else
    return tnn_kernels_best()->has_quads && (k == 2 || k == 3) ? TNN_ENGINE_QUAD : TNN_ENGINE_FFTW;
#endif
}
