/*
 * Centred modulus switch: a small LWE ciphertext goes from Z/2^32 to Z/2P, where its words can be exponents. P = 2^v N
 * are the positions of a table.
 *
 * With 2^shift = 2^32 / 2P, a mask word a_i becomes its nearest position p_i, and 2^shift p_i = a_i + e_i with an error
 * of at most 2^(shift-1). The phase becomes
 *
 *     b - sum of 2^shift p_i s_i = phase - sum of e_i s_i.
 *
 * The e_i are public and a key bit has the mean 1/2, so sum of e_i / 2 is known: added to b before it is rounded too,
 * it leaves sum of e_i (1/2 - s_i). As (1/2 - s_i)^2 = 1/4, where s_i^2 is 1/2 on average, half the variance is left:
 *
 *     Var = (1 + n / 4) / 12 positions^2,        a deviation of sqrt(n / 48): 3.7 positions for n = 672.
 *
 * Ties go to the even position: with 16 zeros below the words one word in 2^(shift - 16) is a tie, and a rounding that
 * always went up would move every phase by an amount fixed by the key's Hamming weight. The 1 is the body's own
 * rounding. In positions this does not depend on P, so a table of twice as many halves it as a share of itself. (Mean
 * compensation: eprint 2025/809.)
 */
#include "params.h"

/* The nearest multiple of 2^shift, counted in that unit; a tie goes to the even one, so that roundings have no mean:
 * one of n mask words would meet the key's Hamming weight. */
static uint32_t round_shift(uint32_t x, uint32_t shift) {
    const uint32_t odd = (x >> shift) & 1;
    return (x + (1u << (shift - 1)) - 1 + odd) >> shift;
}

/* positions [n + 1], each below 2P, of lwe [n + 1]. */
void tnn_modulus_switch(const tnn_params *params, uint32_t *positions, const uint32_t *lwe) {
    if (!params || !positions || !lwe) {
        return;
    }
    const uint32_t n = params->literal.n;
    const uint32_t shift = 32 - (tnn_params_log2_positions(params) + 1);
    const uint32_t below_2P = 2 * tnn_params_positions(params) - 1;
    /* Up to n 2^(shift-1): 2^33 at n = 2048, N = 256. */
    int64_t error_sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t position = round_shift(lwe[i], shift);
        /* e_i, in units of 2^-32. Where the word rounds up to 2^32, the difference modulo 2^32 is still e_i. */
        error_sum += (int32_t)((position << shift) - lwe[i]);
        positions[i] = position & below_2P;
    }
    positions[n] = round_shift(lwe[n] + (uint32_t)(error_sum / 2), shift) & below_2P;
}
