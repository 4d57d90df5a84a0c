/*
 * GLWE encryption on 64-bit words, the common root of every ciphertext under S. A torus of fewer bits stands in the top
 * bits of the words: sums and products with key bits then wrap as they should.
 */
#ifndef TNN_TFHE_GLWE_H
#define TNN_TFHE_GLWE_H

#include "keys.h"
#include "masked_sum.h"

/* Secret scratch of one encrypting thread. */
typedef struct tnn_glwe_scratch {
    uint64_t *doubled; /* [2N]: a polynomial, negated, then itself */
    uint64_t *masks;   /* [k][N] */
    uint64_t *body;    /* [N] */
    uint8_t *stream;   /* [k N 8] bytes of an expanded seed */
    tnn_masked_sum add;
} tnn_glwe_scratch;

TNN_MUST_USE tnn_status tnn_glwe_scratch_create(tnn_glwe_scratch **scratch, const tnn_params *params);
void tnn_glwe_scratch_free(tnn_glwe_scratch *scratch);

/* inout [N] += poly * key modulo X^N + 1, key [N] bits. `doubled` [2N] is scratch. Time independent of the key. */
void tnn_add_binary_product(tnn_masked_sum add, uint64_t *inout, uint64_t *doubled, const uint64_t *poly,
                            const uint32_t *key, uint32_t N);

/* scratch->body += sum over j of scratch->masks[j] * S_j, then noise of log2_sigma on 2^bits points. */
void tnn_glwe_mask_body(const tnn_secret_key *secret, tnn_glwe_scratch *scratch, double log2_sigma, uint32_t bits);

#endif
