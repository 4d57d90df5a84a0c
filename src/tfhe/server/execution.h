/*
 * The choice of an engine for a parameter set, and its scratch. An execution is a parameter set together with the
 * engine and the low bits of an accumulator that this engine rounds away: all that a server key, a workspace and a GGSW
 * ciphertext must agree on before they meet.
 */
#ifndef TNN_TFHE_EXECUTION_H
#define TNN_TFHE_EXECUTION_H

#include "engine.h"

/* On the faster engine here: quad up to rank 3 where vectors of four doubles are at hand, unless the build asks for
 * FFTW alone. Accumulators are rounded coarsely at the ranks where noise.h says so. */
tnn_execution tnn_execution_of(const tnn_params *params);

/* On an engine of the caller's choice that runs here. Only quad rounds accumulators coarsely. */
tnn_execution tnn_execution_on(const tnn_params *params, const tnn_engine *engine);

/* Doubles of a GGSW ciphertext in Fourier form. */
size_t tnn_execution_ggsw_doubles(const tnn_execution *execution);

/* Scratch of one thread for `batch` accumulators. TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_engine_scratch_create(tnn_engine_scratch **scratch, const tnn_execution *execution,
                                                  size_t batch);
void tnn_engine_scratch_free(tnn_engine_scratch *scratch, const tnn_engine *engine);

#endif
