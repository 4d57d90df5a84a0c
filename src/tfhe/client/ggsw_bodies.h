/*
 * GGSW ciphertexts as they cross the wire: bodies, of masks that come from a seed. ggsw_bodies.c has the equation. Both
 * sides count rows alike through the whole key: row r of the (k+1) l n has its masks in stream r of the seed.
 */
#ifndef TNN_TFHE_GGSW_BODIES_H
#define TNN_TFHE_GGSW_BODIES_H

#include "glwe.h"
#include "sampling.h"

/* The masks of row `row`, counted among all rows of the seed. */
static inline tnn_mask_source tnn_ggsw_row_masks(const tnn_params *params, const tnn_seed *seed, size_t row) {
    return (tnn_mask_source){seed, tnn_bootstrapping_stream(row), params->bsk_bytes};
}

/*
 * The bodies of one GGSW ciphertext of a bit. Row (c, level) encrypts -bit Bg^-(level+1) S_c, or, for c = k,
 * bit Bg^-(level+1): with masks that come from the seed alone, all of the message stands in the body.
 *
 * Out:   bodies     [(k+1) l][N] coefficients of bsk_bytes bytes
 * Args:  first_row  number of the first row among all rows of the seed
 */
void tnn_ggsw_encrypt_bodies(const tnn_secret_key *secret, tnn_glwe_scratch *scratch, uint8_t *bodies,
                             const tnn_seed *seed, size_t first_row, uint32_t bit);

#endif
