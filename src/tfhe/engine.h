/*
 * Two ways to compute external products, behind one interface. Both serve every purpose of this layer; which one is
 * used is part of a parameter set, since the Fourier form of keys depends on it.
 *
 *   FFTW  one polynomial at a time through fft.h; any rank
 *   quad  up to four polynomials at once through quad_fft.h, all passes fused with it; rank 1 to 3
 *
 * A product decomposes k + 1 polynomials into l digits each, transforms these (k+1) l polynomials, multiplies them at
 * each of N/2 points with a matrix of (k+1) l rows and k + 1 columns, and transforms k + 1 polynomials back. Doubles
 * carry it: the error that this adds is in tnn_variance_external_product.
 */
#ifndef TNN_TFHE_ENGINE_H
#define TNN_TFHE_ENGINE_H

#include "keys.h"
#include "params.h"

struct tnn_workspace;
typedef struct tnn_engine_scratch tnn_engine_scratch;

typedef struct tnn_engine_calls {
    const char *name;

    /* Doubles of a GGSW ciphertext in this engine's Fourier form. */
    size_t (*ggsw_doubles)(const tnn_params *params);

    /* Accumulators that are cheapest together: tnn_params_batch. */
    size_t (*batch)(const tnn_params *params);

    /* Scratch of one thread for `batch` accumulators: its structure, how that, zeroed, is filled (TNN_ERR_MEMORY) and
     * emptied, also when half filled, and the bytes of what it then holds. */
    size_t structure_bytes;
    tnn_status (*fill)(tnn_engine_scratch *scratch, const tnn_params *params, size_t batch);
    void (*empty)(tnn_engine_scratch *scratch);
    size_t (*scratch_bytes)(const tnn_params *params, size_t batch);

    /* Writes one row of a GGSW ciphertext in Fourier form. row: as in tnn_ggsw_encrypt_bodies. words [k+1][N] on
     * Z/2^64. */
    void (*put_row)(tnn_engine_scratch *scratch, double *ggsw, uint32_t row, const uint64_t *words);

    /* accumulator [k+1][N] += ggsw (x) glwe [k+1][N]; they may not overlap. */
    void (*add_product)(tnn_engine_scratch *scratch, uint32_t *accumulator, const double *ggsw, const uint32_t *glwe);

    /*
     * The n CMuxes of a blind rotation: accumulators [count][k+1][N] times X^(sum of positions[i] s_i).
     *
     * Args: bootstrapping  [n] GGSW ciphertexts
     *       positions      [count][n+1], each below 2N; the last of each is not read
     *       count          1 to the scratch's batch
     */
    void (*rotate)(tnn_engine_scratch *scratch, uint32_t *accumulators, const double *bootstrapping,
                   const uint32_t *positions, size_t count);
} tnn_engine_calls;

extern const tnn_engine_calls tnn_engine_fftw;
extern const tnn_engine_calls tnn_engine_quad;

/* The calls of a parameter set's engine. */
const tnn_engine_calls *tnn_engine_of(const tnn_params *params);

/* Scratch of one thread for `batch` accumulators. TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_engine_scratch_create(tnn_engine_scratch **scratch, const tnn_params *params, size_t batch);
void tnn_engine_scratch_free(tnn_engine_scratch *scratch, const tnn_engine_calls *calls);

/* The faster engine here: quad where vectors of four doubles are at hand and at least three of the four lanes are used,
 * unless the build asks for FFTW alone. */
tnn_engine tnn_engine_best(uint32_t k);

#endif
