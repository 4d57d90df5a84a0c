#include "params.h"

/* The nearest multiple of 2^shift, counted in that unit; a tie goes to the even one, so that roundings have no mean:
 * one of n mask words would meet the key's Hamming weight. */
static uint32_t round_shift(uint32_t x, uint32_t shift) {
    const uint32_t odd = (x >> shift) & 1;
    return (x + (1u << (shift - 1)) - 1 + odd) >> shift;
}

/* Each mask word a = 2^shift p - e contributes e s to the phase; E[e s] = e / 2 is known and goes into the body. */
void tnn_modulus_switch(const tnn_params *params, uint32_t *positions, const uint32_t *lwe) {
    const uint32_t n = params->literal.n;
    const uint32_t shift = 32 - (params->log2_N + 1);
    const uint32_t below_2N = 2 * params->literal.N - 1;
    int64_t error_sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t position = round_shift(lwe[i], shift);
        error_sum += (int32_t)((position << shift) - lwe[i]);
        positions[i] = position & below_2N;
    }
    positions[n] = round_shift(lwe[n] + (uint32_t)(error_sum / 2), shift) & below_2N;
}
