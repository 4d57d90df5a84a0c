/*
 * Packed inputs. N' elements m_0, ..., m_(N'-1) share one mask: with s cut into k' = n / N' polynomials s_j of degree
 * N', a block is a GLWE ciphertext of rank k' and degree N' under them,
 *
 *     B = sum over j of A_j s_j + M + E   modulo X^N' + 1,        M = sum of m_t X^t.
 *
 * Coefficient t of it is an LWE ciphertext of m_t under s itself, with the mask
 *
 *     a_(j N' + i) = A_j[t - i] for i <= t,        -A_j[N' + t - i] for i > t        (sample extract)
 *
 * so dot products need no key switch. Masks come from a seed and only bodies travel: 784 elements of 16 bits in 1.6 KB
 * instead of 784 (n + 1) words. The elements' errors are independent. Products are schoolbook: N' is 32 or a little
 * more.
 */
#include "packed.h"

#include "bytes.h"
#include "memory.h"
#include "sampling.h"
#include "secret.h"

tnn_status tnn_packed_new(tnn_packed **out, uint32_t input_bits, size_t count) {
    *out = NULL;
    if (count == 0 || count > TNN_MAX_PACKED) {
        return TNN_ERR_MISUSE;
    }
    tnn_packed *packed = tnn_alloc(1, sizeof *packed + count * sizeof *packed->body);
    if (!packed) {
        return TNN_ERR_MEMORY;
    }
    packed->input_bits = input_bits;
    packed->count = count;
    *out = packed;
    return TNN_OK;
}

void tnn_packed_free(tnn_packed *packed) {
    tnn_free(packed);
}

/* product [N'] += mask * key modulo X^N' + 1. Schoolbook, with the same instructions whatever the key: N' is small.
 * signed_mask [2 N'] is -A, then A: the words of A X^i are the N' behind its place N' - i, and a bit of the key takes
 * them all or none. */
static void add_mask_product(uint32_t *restrict product, const uint32_t *restrict signed_mask, const uint32_t *key,
                             uint32_t degree) {
    for (uint32_t i = 0; i < degree; i++) {
        const uint32_t *rotated = signed_mask + degree - i;
        const uint32_t bit = 0 - key[i];
        for (uint32_t t = 0; t < degree; t++) {
            product[t] += rotated[t] & bit;
        }
    }
}

/* body [N'] = noise plus the product of one block's masks, words of the stream, with s. */
static void mask_block(const tnn_secret_key *secret, uint32_t *body, const uint8_t *stream) {
    const tnn_params_literal *p = &secret->params.literal;
    const uint32_t bytes = p->input_bits / 8;
    uint32_t signed_mask[2 * TNN_MAX_LWE_DIMENSION];
    uint64_t noise[TNN_MAX_LWE_DIMENSION] = {0};
    tnn_add_noise(noise, p->input_N, p->lwe_log2_sigma, p->input_bits);
    for (uint32_t t = 0; t < p->input_N; t++) {
        body[t] = (uint32_t)(noise[t] >> (64 - p->input_bits));
    }
    for (uint32_t start = 0; start < p->n; start += p->input_N) {
        for (uint32_t t = 0; t < p->input_N; t++) {
            const uint32_t word = (uint32_t)tnn_load_le(stream + (size_t)(start + t) * bytes, bytes);
            signed_mask[t] = 0 - word;
            signed_mask[p->input_N + t] = word;
        }
        add_mask_product(body, signed_mask, secret->small + start, p->input_N);
    }
    tnn_wipe(noise, sizeof noise);
}

/* Body of one block, `used` of its N' coefficients wanted. */
static void encrypt_block(const tnn_secret_key *secret, uint32_t *body, const uint8_t *stream, const uint32_t *messages,
                          size_t used) {
    const uint32_t word = (uint32_t)(((uint64_t)1 << secret->params.literal.input_bits) - 1);
    uint32_t masked[TNN_MAX_LWE_DIMENSION] = {0};
    mask_block(secret, masked, stream);
    for (size_t t = 0; t < used; t++) {
        body[t] = (masked[t] + messages[t]) & word;
    }
    tnn_wipe(masked, sizeof masked);
}

tnn_status tnn_packed_encrypt(const tnn_secret_key *secret, tnn_packed **out, const uint32_t *messages, size_t count) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!secret || !messages) {
        return TNN_ERR_MISUSE;
    }
    const tnn_params *params = &secret->params;
    tnn_status status = tnn_packed_new(out, params->literal.input_bits, count);
    if (status != TNN_OK) {
        return status;
    }
    const size_t degree = params->literal.input_N;
    const size_t block_bytes = params->literal.n * (size_t)tnn_packed_word_bytes(params);
    uint8_t *stream = tnn_alloc(tnn_packed_blocks(params, count), block_bytes);
    if (!stream) {
        tnn_packed_free(*out);
        *out = NULL;
        return TNN_ERR_MEMORY;
    }
    tnn_packed *packed = *out;
    packed->id = secret->id;
    tnn_random_bytes(packed->seed.bytes, sizeof packed->seed.bytes);
    tnn_expand(stream, tnn_packed_blocks(params, count) * block_bytes, &packed->seed, 0);
    for (size_t start = 0; start < count; start += degree) {
        size_t used = count - start < degree ? count - start : degree;
        encrypt_block(secret, packed->body + start, stream + start / degree * block_bytes, messages + start, used);
    }
    tnn_free(stream);
    return TNN_OK;
}
