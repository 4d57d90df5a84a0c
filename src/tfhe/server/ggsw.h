/*
 * GGSW ciphertexts in the Fourier form of an engine, as they are multiplied with. Of a bit m under S, row (c, v) of the
 * (k+1) l is a GLWE ciphertext of
 *
 *     -m Bg^-(v+1) S_c   for c < k,        m Bg^-(v+1)   for c = k        (eprint 2018/421, section 3.3)
 *
 * so that rows times the digits of a GLWE ciphertext's k + 1 polynomials sum up to m times its phase. Rows come over
 * the wire as bodies (client/ggsw_bodies.h); expansion draws their masks from the seed and transforms all polynomials.
 */
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
