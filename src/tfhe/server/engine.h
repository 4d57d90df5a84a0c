/*
 * Two ways to compute external products, behind one interface. Both serve every purpose of this room; which one does is
 * chosen where server keys, GGSW ciphertexts and workspaces are made (execution.h), since the Fourier form of keys
 * depends on it. What crosses the wire does not.
 *
 *   single  one polynomial at a time through fft.h; any rank
 *   quad    all polynomials at once through quad_fft.h, all passes fused with it; rank 1 to 3
 *
 * A product decomposes k + 1 polynomials into l digits each, transforms these (k+1) l polynomials, multiplies them at
 * each of N/2 points with a matrix of (k+1) l rows and k + 1 columns, and transforms k + 1 polynomials back. Doubles
 * carry it: the error that this adds is in tnn_variance_external_product.
 */
#ifndef TNN_TFHE_ENGINE_H
#define TNN_TFHE_ENGINE_H

#include "params.h"

typedef struct tnn_engine_scratch tnn_engine_scratch;
typedef struct tnn_execution tnn_execution;

typedef struct tnn_engine {
    const char *name;

    /* Doubles of a GGSW ciphertext in this engine's Fourier form. */
    size_t (*ggsw_doubles)(const tnn_params *params);

    /* Accumulators that are cheapest together: tnn_params_batch. */
    size_t (*batch)(const tnn_params *params);

    /* Scratch of one thread for `batch` accumulators: its structure, how that, zeroed, is filled (TNN_ERR_MEMORY) and
     * emptied, also when half filled, and the bytes of what it then holds. */
    size_t structure_bytes;
    tnn_status (*fill)(tnn_engine_scratch *scratch, const tnn_execution *execution, size_t batch);
    void (*empty)(tnn_engine_scratch *scratch);
    size_t (*scratch_bytes)(const tnn_params *params, size_t batch);

    /* Writes one row of a GGSW ciphertext in Fourier form. row: as in tnn_ggsw_encrypt_bodies. words [k+1][N] on
     * Z/2^64. */
    void (*put_row)(tnn_engine_scratch *scratch, double *ggsw, uint32_t row, const uint64_t *words);

    /* accumulator [k+1][N] += ggsw (x) glwe [k+1][N]; they may not overlap. */
    void (*add_product)(tnn_engine_scratch *scratch, uint32_t *accumulator, const double *ggsw, const uint32_t *glwe);

    /*
     * The n CMuxes of a blind rotation: accumulators [count][2^v][k+1][N] times Y^(sum of positions[i] s_i), of which
     * residue 0 is right (split.h).
     *
     * Args: bootstrapping  [n] GGSW ciphertexts
     *       positions      [count][n+1], each below 2^(v+1) N; the last of each is not read
     *       count          1 to the scratch's batch
     */
    void (*rotate)(tnn_engine_scratch *scratch, uint32_t *accumulators, const double *bootstrapping,
                   const uint32_t *positions, size_t count);
} tnn_engine;

/* A parameter set, and how this server computes under it. */
struct tnn_execution {
    tnn_params params;
    const tnn_engine *engine;
    uint32_t coarse_bits; /* low bits of an accumulator that additions to it round away; 0: none */
};

extern const tnn_engine tnn_engine_single;
extern const tnn_engine tnn_engine_quad;

#endif
