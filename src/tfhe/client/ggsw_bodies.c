/*
 * GGSW encryption of one bit m of s under S, for the bootstrapping key (eprint 2018/421, section 3.3). Row (c, v) is a
 * GLWE ciphertext with masks A_0, ..., A_(k-1) from the seed and the body
 *
 *     B = sum over j of A_j S_j + E + message,        message = -m Bg^-(v+1) S_c, or m Bg^-(v+1) for c = k.
 *
 * The textbook adds m Bg^-(v+1) to mask A_c instead; its phase is the same, and here masks stay what the seed says:
 * only bodies travel, 1 of k + 1 polynomials. E is drawn on Z/2^(8 bsk_bytes), as wide a word as its noise needs. m and
 * S enter by products and sums, no branch and no index.
 */
#include "ggsw_bodies.h"

#include <string.h>

#include "bytes.h"

/* body += bit * 2^(64 - base_log (level + 1)) times -S_c, or times 1 for c = k. */
static void add_message(const tnn_secret_key *secret, uint64_t *body, uint32_t row, uint32_t bit) {
    const tnn_params_literal *p = &secret->params.literal;
    const uint32_t component = row / p->bs_levels;
    const uint32_t level = row % p->bs_levels;
    const uint64_t unit = (uint64_t)bit << (64 - p->bs_base_log * (level + 1));
    if (component == p->k) {
        body[0] += unit;
        return;
    }
    const uint32_t *key = secret->big + (size_t)component * p->N;
    for (uint32_t t = 0; t < p->N; t++) {
        body[t] -= unit * key[t];
    }
}

static void store_body(uint8_t *out, const uint64_t *body, uint32_t N, uint32_t bytes) {
    for (uint32_t t = 0; t < N; t++) {
        tnn_store_le(out + (size_t)t * bytes, body[t] >> (64 - 8 * bytes), bytes);
    }
}

void tnn_ggsw_encrypt_bodies(const tnn_secret_key *secret, tnn_glwe_scratch *scratch, uint8_t *bodies,
                             const tnn_seed *seed, size_t first_row, uint32_t bit) {
    const tnn_params *params = &secret->params;
    const uint32_t N = params->literal.N;
    for (uint32_t row = 0; row < tnn_params_ggsw_rows(params); row++) {
        tnn_uniform_masks(scratch->masks, scratch->stream, tnn_params_big_dimension(params),
                          tnn_ggsw_row_masks(params, seed, first_row + row));
        memset(scratch->body, 0, N * sizeof *scratch->body);
        add_message(secret, scratch->body, row, bit);
        tnn_glwe_mask_body(secret, scratch, params->literal.glwe_log2_sigma, 8 * params->bsk_bytes);
        store_body(bodies + (size_t)row * N * params->bsk_bytes, scratch->body, N, params->bsk_bytes);
    }
}
