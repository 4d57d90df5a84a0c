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
 */
#ifndef TNN_TFHE_GADGET_H
#define TNN_TFHE_GADGET_H

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
