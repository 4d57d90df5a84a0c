/*
 * What a packed input holds: packed.c has its equation. `count` elements take ceil(count / N') blocks; the last block
 * has masks for all its N' coefficients and bodies for those that are used. Blocks are expanded one behind another from
 * stream 0 of the seed, k' N' = n words of input_bits each.
 */
#ifndef TNN_TFHE_PACKED_H
#define TNN_TFHE_PACKED_H

#include "keys.h"

#define TNN_MAX_PACKED (1u << 24)

struct tnn_packed {
    uint32_t input_bits;
    tnn_key_id id;
    tnn_seed seed;
    size_t count;
    uint32_t body[]; /* [count] on Z/2^input_bits */
};

/* Blocks of N' elements, the last perhaps not full. */
static inline size_t tnn_packed_blocks(const tnn_params *params, size_t count) {
    return (count + params->literal.input_N - 1) / params->literal.input_N;
}

/* Bytes of a word on Z/2^input_bits. */
static inline uint32_t tnn_packed_word_bytes(const tnn_params *params) {
    return params->literal.input_bits / 8;
}

/* An empty ciphertext of `count` elements, 1 to TNN_MAX_PACKED. */
TNN_MUST_USE tnn_status tnn_packed_new(tnn_packed **packed, uint32_t input_bits, size_t count);

#endif
