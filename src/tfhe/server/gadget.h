/*
 * The signed gadget decomposition of a word of 32 bits (eprint 2018/421, section 3.3). With Bg = 2^base_log and l
 * levels
 *
 *     x = sum over v < l of d_v 2^(32 - base_log (v+1)) + e,        -Bg/2 <= d_v < Bg/2,        -h <= e < h
 *
 * modulo 2^32, with h = 2^(31 - base_log l): the l highest digits in base Bg, and a rest that is rounded away. Signed
 * digits are half as large as unsigned ones: the noise they multiply has a fourth of the variance.
 *
 * For uniform x a digit is uniform, with E[d] = -1/2 and E[d^2] = (Bg^2 + 2) / 12, and Var[e] = h^2 / 3.
 *
 * Mean compensation (eprint 2025/809). A GLWE ciphertext (a_1, ..., a_k, b) whose digits stand for a_j - e_j has the
 * phase that it had plus the sum of e_j S_j. The e_j are public and a bit of S_j has the mean 1/2, so half of
 *
 *     (1 + X + ... + X^(N-1)) E,   E = sum of e_j:   at coefficient t the sum of E_i, i <= t, less the sum of the
 * others
 *
 * is known. Taken from b before its digits are cut, it leaves the sum of e_j (S_j - 1/2), and (s - 1/2)^2 = 1/4 where
 * s^2 is 1/2 on average: half of the masks' variance is left. A block of TNN_GADGET_BLOCK coefficients shares one
 * correction, without the E_i of its own: there the 1/2 remains, for 16 in N of them.
 */
#ifndef TNN_TFHE_GADGET_H
#define TNN_TFHE_GADGET_H

#include <stddef.h>
#include <stdint.h>

typedef struct tnn_gadget {
    uint32_t base_log;
    uint32_t levels;
    uint32_t offset; /* added to a word before its digits are cut out */
} tnn_gadget;

/*
 * The offset adds half a unit of the last digit, h, which makes cutting a rounding, and half a base to every digit,
 * which digit extraction takes away again: digits come out in [-base / 2, base / 2) and no carry has to be handed on.
 * The sum may pass 2^32: torus elements wrap.
 */
static inline tnn_gadget tnn_gadget_of(uint32_t base_log, uint32_t levels) {
    uint32_t offset = 1u << (31 - base_log * levels);
    for (uint32_t level = 1; level <= levels; level++) {
        offset += 1u << (32 - base_log * level + base_log - 1);
    }
    return (tnn_gadget){base_log, levels, offset};
}

/* Coefficients that share a correction of the body; ring degrees are multiples of it. */
#define TNN_GADGET_BLOCK 16u

/* h: a word's rest is (word + h) modulo 2 h, less h. */
static inline uint32_t tnn_gadget_half_unit(const tnn_gadget *gadget) {
    return 1u << (31 - gadget->base_log * gadget->levels);
}

/* The sums of E over each block become what is added to the body there: half of what comes behind the block, less half
 * of what comes before it. Sums wrap; where k N h is below 2^31 they cannot, and where they do the roundings fill the
 * torus. */
static inline void tnn_gadget_corrections(uint32_t *sums, size_t blocks) {
    uint32_t balance = 0;
    for (size_t i = 0; i < blocks; i++) {
        balance += sums[i];
    }
    for (size_t i = 0; i < blocks; i++) {
        const uint32_t sum = sums[i];
        balance -= sum;
        sums[i] = (uint32_t)((int32_t)balance / 2);
        balance -= sum;
    }
}

/* Bits below digit `level`, 0 for the most significant. */
static inline uint32_t tnn_gadget_shift(const tnn_gadget *gadget, uint32_t level) {
    return 32 - gadget->base_log * (level + 1);
}

/* Digit `level` of a word that already has the offset added. */
static inline int32_t tnn_gadget_digit(const tnn_gadget *gadget, uint32_t shifted_word, uint32_t level) {
    uint32_t mask = (1u << gadget->base_log) - 1;
    return (int32_t)((shifted_word >> tnn_gadget_shift(gadget, level)) & mask) -
           (int32_t)(1u << (gadget->base_log - 1));
}

#endif
