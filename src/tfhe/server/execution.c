/*
 * Which engine makes the external products of a parameter set. Both compute the same products, up to rounding:
 *
 *     quad     ranks 1 to 3: own transforms of all polynomials of a ciphertext at once, side by side in vectors
 *     single   every rank, every processor; one transform after another (fft.h)
 *
 * and their keys in Fourier form differ. The choice depends on the processor and the build. It must not reach anything
 * that a client's key depends on: parameters and stated noise are those of a reference server that has both (noise.h).
 * That server rounds accumulators coarsely at the ranks that it plans quads for, 2 and 3, and so does this one.
 */
#include "execution.h"

#include "kernels.h"
#include "memory.h"
#include "noise.h"

#define MOST_QUAD_RANK 3u

static const tnn_engine *best_engine(const tnn_params *params) {
#if defined(TNN_FFTW_ONLY)
    (void)params;
    return &tnn_engine_single;
#else
    return tnn_kernels_best()->quad && params->literal.k <= MOST_QUAD_RANK ? &tnn_engine_quad : &tnn_engine_single;
#endif
}

tnn_execution tnn_execution_of(const tnn_params *params) {
    tnn_execution execution = tnn_execution_on(params, best_engine(params));
    execution.coarse_bits = tnn_planned_for_quads(params) ? execution.coarse_bits : 0;
    return execution;
}

tnn_execution tnn_execution_on(const tnn_params *params, const tnn_engine *engine) {
    const uint32_t coarse_bits = engine == &tnn_engine_quad ? tnn_coarse_bits(params) : 0;
    return (tnn_execution){.params = *params, .engine = engine, .coarse_bits = coarse_bits};
}

size_t tnn_execution_ggsw_doubles(const tnn_execution *execution) {
    return execution->engine->ggsw_doubles(&execution->params);
}

const char *tnn_params_engine(const tnn_params *params) {
    if (!params) {
        return NULL;
    }
    return tnn_params_bootstrap(params) ? best_engine(params)->name : "none";
}

size_t tnn_params_batch(const tnn_params *params) {
    return params ? best_engine(params)->batch(params) : 0;
}

tnn_status tnn_engine_scratch_create(tnn_engine_scratch **out, const tnn_execution *execution, size_t batch) {
    const tnn_engine *engine = execution->engine;
    *out = NULL;
    tnn_engine_scratch *scratch = tnn_alloc(1, engine->structure_bytes);
    if (!scratch) {
        return TNN_ERR_MEMORY;
    }
    tnn_status status = engine->fill(scratch, execution, batch);
    if (status != TNN_OK) {
        tnn_engine_scratch_free(scratch, engine);
        return status;
    }
    *out = scratch;
    return TNN_OK;
}

void tnn_engine_scratch_free(tnn_engine_scratch *scratch, const tnn_engine *engine) {
    if (!scratch) {
        return;
    }
    engine->empty(scratch);
    tnn_free(scratch);
}
