/* GGSW ciphertexts in the Fourier form of an engine, as they are multiplied with. */
#ifndef TNN_TFHE_GGSW_H
#define TNN_TFHE_GGSW_H

#include "execution.h"
#include "keys.h"

struct tnn_ggsw {
    tnn_execution execution;
    double *fourier;
};

/* tnn_ggsw_encrypt for an execution, with its errors. */
TNN_MUST_USE tnn_status tnn_ggsw_encrypt_for(const tnn_secret_key *secret, tnn_ggsw **ggsw,
                                             const tnn_execution *execution, bool message);

/* Scratch of one thread that expands. */
typedef struct tnn_expand_scratch {
    tnn_execution execution;
    uint64_t *words; /* [k + 1][N]: masks, then body */
    uint8_t *stream; /* [k N 8] */
    tnn_engine_scratch *engine_scratch;
} tnn_expand_scratch;

TNN_MUST_USE tnn_status tnn_expand_scratch_create(tnn_expand_scratch **scratch, const tnn_execution *execution);
void tnn_expand_scratch_free(tnn_expand_scratch *scratch);

/* The Fourier form of bodies that tnn_ggsw_encrypt_bodies made. */
void tnn_ggsw_expand(tnn_expand_scratch *scratch, double *fourier, const uint8_t *bodies, const tnn_seed *seed,
                     size_t first_row);

#endif
