/*
 * Split accumulators: a table of 2^v N positions in 2^v polynomials of degree N, under the key of degree N (extended
 * bootstrapping: K. H. Lee, J. W. Yoon, eprint 2023/402; key bits in the order of their mask words: L. Bergerat et al.,
 * "Accelerating TFHE with Sorted Bootstrapping Techniques", eprint 2025/2214, section 4).
 *
 * Z[Y]/(Y^(2^v N) + 1) is 2^v copies of Z[X]/(X^N + 1) with X = Y^(2^v): coefficient 2^v t + r of a large polynomial A
 * is coefficient t of its residue A_r. Multiplying with Y^a moves residues round and rotates each,
 *
 *     (Y^a A)_r = X^((a + f - r) / 2^v) A_f,        f = r - a modulo 2^v,
 *
 * so a CMux of the large ring is 2^v CMuxes of the small one, all with the same GGSW ciphertext.
 *
 * STAGES. Only coefficient 0 is extracted at the end: residue 0. Multiplying with Y^a leads a residue to another one
 * that differs by a multiple of the largest power of 2 in a. Stage j takes the key bits whose a is an odd multiple of
 * 2^j, stage v all multiples of 2^v; behind stage j residues that are no multiples of 2^(j+1) are never read again. So
 * stage j computes 2^(v-j) residues, and of uniform words 2^-(j+1) belong to it, 2^-v to stage v:
 *
 *     sum over j < v of 2^(v-j) 2^-(j+1), and 2^-v:        1, 1.5, 2.75, 5.375 products a key bit for v = 0, 1, 2, 3.
 *
 * CMuxes commute up to their noise, and mask words are public. Of each key bit residue 0 takes the error of one
 * product, its own or that of the residue it comes from: the noise is that of an unsplit rotation,
 * tnn_variance_blind_rotation.
 */
#ifndef TNN_TFHE_SPLIT_H
#define TNN_TFHE_SPLIT_H

#include "kernels.h"
#include "params.h"

/* Residues of an accumulator, 2^v. */
static inline uint32_t tnn_split_residues(const tnn_params *params) {
    return 1u << params->literal.log2_split;
}

/* Words of an accumulator: [2^v][k+1][N]. */
static inline size_t tnn_split_words(const tnn_params *params) {
    return tnn_params_glwe_words(params) << params->literal.log2_split;
}

/* What a residue becomes: X^exponent, below 2N, times the residue `from`. */
typedef struct tnn_split_move {
    uint32_t from;
    uint32_t exponent;
} tnn_split_move;

static inline tnn_split_move tnn_split_move_to(const tnn_params *params, uint32_t residue, uint32_t position) {
    const uint32_t v = params->literal.log2_split;
    const uint32_t from = (residue - position) & ((1u << v) - 1);
    return (tnn_split_move){from, ((position + from - residue) >> v) & (2 * params->literal.N - 1)};
}

/* difference [k+1][N] = residue of (Y^position - 1) accumulator: what a CMux adds to it where the key bit is 1. */
static inline void tnn_split_subtract(const tnn_kernels *kernels, const tnn_params *params, uint32_t *difference,
                                      const uint32_t *accumulator, uint32_t residue, uint32_t position) {
    const uint32_t N = params->literal.N;
    const tnn_split_move move = tnn_split_move_to(params, residue, position);
    const uint32_t *rotated = accumulator + move.from * tnn_params_glwe_words(params);
    const uint32_t *straight = accumulator + residue * tnn_params_glwe_words(params);
    for (size_t c = 0; c <= params->literal.k; c++) {
        kernels->rotate_minus(difference + c * N, rotated + c * N, straight + c * N, N, move.exponent);
    }
}

/* The stage of a position: the twos in it, at most v. */
static inline uint32_t tnn_split_stage(const tnn_params *params, uint32_t position) {
    return (uint32_t)__builtin_ctz(position | 1u << params->literal.log2_split);
}

/* Steps of a rotation are numbered stage n + key bit. */
static inline size_t tnn_split_steps(const tnn_params *params) {
    return (size_t)params->literal.n * (params->literal.log2_split + 1);
}

/* The first of one ciphertext's steps at or behind `step`, or the number of steps. Zeros have none: they move nothing,
 * and positions are public. */
static inline size_t tnn_split_next(const tnn_params *params, const uint32_t *positions, size_t step) {
    const uint32_t n = params->literal.n;
    const size_t end = tnn_split_steps(params);
    for (; step < end; step++) {
        const uint32_t position = positions[step % n];
        if (position != 0 && tnn_split_stage(params, position) == step / n) {
            break;
        }
    }
    return step;
}

#endif
