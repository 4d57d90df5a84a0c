/*
 * Packed inputs: small integers under the small key, in GLWE ciphertexts of rank k' and degree N' with k' N' = n. The
 * key s [n] is read as k' polynomials s_j of N' bits; elements are the coefficients of blocks of N' of them. On
 * Z/2^input_bits, modulo X^N' + 1, a block is
 *
 *     (A_1, ..., A_k', B) with B = sum over j of A_j s_j + M + E.
 *
 * Masks come from a seed: what travels is 32 bytes and a word an element. (Module-LWE; eprint 2018/421, section 2, has
 * the linear operations.)
 *
 * A DOT PRODUCT with integer weights w, of one block. Coefficient i of A s_j is the sum over t of A[i - t] s_j[t], with
 * A[-t] = -A[N' - t]. So the phase of sum over i of w[i] (coefficient i of the block) is
 *
 *     sum over i of w[i] B[i]  -  sum over j, t of (sum over i of w[i] A_j[i - t]) s_j[t]:
 *
 * an LWE ciphertext under s, whose body is a plain dot product and whose mask, at coordinate j N' + t, is the
 * correlation of w with mask j read backwards. Blocks add up. It is what sample extraction would read as the constant
 * coefficient of the block times sum of w[i] X^-i; no other coefficient is computed. Noise variance: |w|_2^2 sigma^2.
 */
#include <string.h>

#include "bytes.h"
#include "kernels.h"
#include "memory.h"
#include "packed.h"

struct tnn_packed_masks {
    tnn_params params;
    const tnn_kernels *kernels;
    size_t count;
    size_t blocks;        /* GLWE ciphertexts: count / N', rounded up */
    uint8_t *stream;      /* the expanded seed: [blocks][k'][N'] words of input_bits */
    uint16_t *reversed16; /* [blocks][k'][2 N']: A[-t] at N' + t; this or the next, by input_bits */
    uint32_t *reversed32;
    uint32_t *body; /* [count] */
};

static bool allocate_masks(tnn_packed_masks *masks) {
    const size_t words = masks->blocks * masks->params.literal.n;
    masks->stream = tnn_alloc(words, tnn_packed_word_bytes(&masks->params));
    masks->body = tnn_alloc(masks->count, sizeof *masks->body);
    if (masks->params.literal.input_bits == 16) {
        masks->reversed16 = tnn_alloc(2 * words, sizeof *masks->reversed16);
    } else {
        masks->reversed32 = tnn_alloc(2 * words, sizeof *masks->reversed32);
    }
    return masks->stream && masks->body && (masks->reversed16 || masks->reversed32);
}

tnn_status tnn_packed_masks_create(tnn_packed_masks **out, const tnn_params *params, size_t count) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!params || count == 0 || count > TNN_MAX_PACKED) {
        return TNN_ERR_MISUSE;
    }
    tnn_packed_masks *masks = tnn_alloc(1, sizeof *masks);
    if (!masks) {
        return TNN_ERR_MEMORY;
    }
    masks->params = *params;
    masks->kernels = tnn_kernels_best();
    masks->count = count;
    masks->blocks = tnn_packed_blocks(params, count);
    if (!allocate_masks(masks)) {
        tnn_packed_masks_free(masks);
        return TNN_ERR_MEMORY;
    }
    *out = masks;
    return TNN_OK;
}

void tnn_packed_masks_free(tnn_packed_masks *masks) {
    if (!masks) {
        return;
    }
    tnn_free(masks->stream);
    tnn_free(masks->reversed16);
    tnn_free(masks->reversed32);
    tnn_free(masks->body);
    tnn_free(masks);
}

/* reversed[N' + u] = A[-u] for u from 1 - N' to N' - 1, so that for a fixed i the words A[i - t] lie in a row for
 * rising t: reversed[N' - i + t]. The first entry is never read. */
static void reverse16(uint16_t *reversed, const uint8_t *mask, size_t degree) {
    reversed[degree] = (uint16_t)tnn_load_le(mask, 2);
    for (size_t t = 1; t < degree; t++) {
        uint16_t a = (uint16_t)tnn_load_le(mask + 2 * t, 2);
        reversed[degree - t] = a;
        reversed[2 * degree - t] = (uint16_t)(0 - a);
    }
}

static void reverse32(uint32_t *reversed, const uint8_t *mask, size_t degree) {
    reversed[degree] = (uint32_t)tnn_load_le(mask, 4);
    for (size_t t = 1; t < degree; t++) {
        uint32_t a = (uint32_t)tnn_load_le(mask + 4 * t, 4);
        reversed[degree - t] = a;
        reversed[2 * degree - t] = 0 - a;
    }
}

/* The seed gives k' masks of N' words a block; each is read backwards once, for all dot products to come. */
tnn_status tnn_packed_expand(tnn_packed_masks *masks, const tnn_packed *packed) {
    if (!masks || !packed || packed->count != masks->count || packed->input_bits != masks->params.literal.input_bits) {
        return TNN_ERR_MISUSE;
    }
    const size_t degree = masks->params.literal.input_N;
    const size_t bytes = tnn_packed_word_bytes(&masks->params);
    const size_t words = masks->blocks * masks->params.literal.n;
    tnn_expand(masks->stream, words * bytes, &packed->seed, 0);
    for (size_t start = 0; start < words; start += degree) {
        if (bytes == 2) {
            reverse16(masks->reversed16 + 2 * start, masks->stream + start * bytes, degree);
        } else {
            reverse32(masks->reversed32 + 2 * start, masks->stream + start * bytes, degree);
        }
    }
    memcpy(masks->body, packed->body, packed->count * sizeof *packed->body);
    return TNN_OK;
}

/* N', but in the last block what is left. */
static uint32_t used_of_block(const tnn_packed_masks *masks, size_t block) {
    const uint32_t degree = masks->params.literal.input_N;
    const size_t left = masks->count - block * degree;
    return left < degree ? (uint32_t)left : degree;
}

/* The mask of a dot product on Z/2^16, shifted up to Z/2^32: count * n multiply-adds of 16 bits, twice as many to a
 * vector as of 32. Shifting multiplies the phase by 2^16, which leaves it the same fraction of the torus. */
static void dot_mask16(const tnn_packed_masks *masks, uint32_t *lwe, const int16_t *weights) {
    const tnn_params_literal *p = &masks->params.literal;
    uint16_t sum[TNN_MAX_LWE_DIMENSION] = {0};
    for (size_t block = 0; block < masks->blocks; block++) {
        masks->kernels->correlate16(sum, masks->reversed16 + 2 * block * p->n, weights + block * p->input_N,
                                    used_of_block(masks, block), p->input_N, p->n / p->input_N);
    }
    for (size_t i = 0; i < p->n; i++) {
        lwe[i] = (uint32_t)sum[i] << 16;
    }
}

static void dot_mask32(const tnn_packed_masks *masks, uint32_t *lwe, const int16_t *weights) {
    const tnn_params_literal *p = &masks->params.literal;
    memset(lwe, 0, p->n * sizeof *lwe);
    for (size_t block = 0; block < masks->blocks; block++) {
        masks->kernels->correlate32(lwe, masks->reversed32 + 2 * block * p->n, weights + block * p->input_N,
                                    used_of_block(masks, block), p->input_N, p->n / p->input_N);
    }
}

/* The body: a plain dot product. The mask: k' correlations a block, summed over blocks. */
void tnn_packed_dot(const tnn_packed_masks *masks, uint32_t *lwe, const int16_t *weights) {
    if (!masks || !lwe || !weights) {
        return;
    }
    const tnn_params_literal *p = &masks->params.literal;
    uint32_t body = 0;
    for (size_t i = 0; i < masks->count; i++) {
        body += (uint32_t)weights[i] * masks->body[i];
    }
    if (p->input_bits == 16) {
        dot_mask16(masks, lwe, weights);
    } else {
        dot_mask32(masks, lwe, weights);
    }
    /* What has run over 2^input_bits leaves at the top. */
    lwe[p->n] = body << (32 - p->input_bits);
}

/* A word of the stream, and the two that it has in a reversed mask. */
size_t tnn_params_packed_masks_bytes(const tnn_params *params, size_t count) {
    if (!params) {
        return 0;
    }
    const size_t words = tnn_packed_blocks(params, count) * params->literal.n;
    return 3 * words * tnn_packed_word_bytes(params) + count * sizeof(uint32_t);
}
