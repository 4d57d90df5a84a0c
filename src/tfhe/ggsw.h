/*
 * GGSW rows on words, as they cross the wire, and in the Fourier form of the parameters' engine, as they are multiplied
 * with: (k+1) l rows of k + 1 polynomials, each of which N/2 complex points determine.
 */
#ifndef TNN_TFHE_GGSW_H
#define TNN_TFHE_GGSW_H

#include "engine.h"
#include "glwe.h"

struct tnn_ggsw {
    tnn_params params;
    double *fourier;
};

/*
 * The bodies of one GGSW ciphertext of a bit. Row (c, level) encrypts -bit Bg^-(level+1) S_c, or, for c = k,
 * bit Bg^-(level+1): with masks that come from the seed alone, all of the message stands in the body.
 *
 * Out:   bodies     [(k+1) l][N] coefficients of bsk_bytes bytes
 * Args:  first_row  number of the first row among all rows of the seed
 */
void tnn_ggsw_encrypt_bodies(const tnn_secret_key *secret, tnn_glwe_scratch *scratch, uint8_t *bodies,
                             const tnn_seed *seed, size_t first_row, uint32_t bit);

/* Scratch of one thread that expands. */
typedef struct tnn_expand_scratch {
    uint64_t *words; /* [k + 1][N]: masks, then body */
    uint8_t *stream; /* [k N 8] */
    const tnn_engine_calls *calls;
    tnn_engine_scratch *engine;
} tnn_expand_scratch;

TNN_MUST_USE tnn_status tnn_expand_scratch_create(tnn_expand_scratch **scratch, const tnn_params *params);
void tnn_expand_scratch_free(tnn_expand_scratch *scratch);

/* The Fourier form of bodies made as above. */
void tnn_ggsw_expand(const tnn_params *params, tnn_expand_scratch *scratch, double *fourier, const uint8_t *bodies,
                     const tnn_seed *seed, size_t first_row);

#endif
