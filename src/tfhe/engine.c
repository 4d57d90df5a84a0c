#include "engine.h"

#include "kernels.h"

const tnn_engine_calls *tnn_engine_of(const tnn_params *params) {
    return params->engine == TNN_ENGINE_QUAD ? &tnn_engine_quad : &tnn_engine_fftw;
}

const char *tnn_params_engine(const tnn_params *params) {
    return tnn_engine_of(params)->name;
}

tnn_engine tnn_engine_best(uint32_t k) {
#if defined(TNN_FFTW_ONLY)
    (void)k;
    return TNN_ENGINE_FFTW;
#else
    return tnn_kernels_best()->has_quads && (k == 2 || k == 3) ? TNN_ENGINE_QUAD : TNN_ENGINE_FFTW;
#endif
}
