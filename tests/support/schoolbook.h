/* Slow and plain twins of the fast routines: quadratic products modulo X^N + 1 on words of 64 bits. */
#ifndef SUPPORT_SCHOOLBOOK_H
#define SUPPORT_SCHOOLBOOK_H

#include <stdint.h>

#include <torusnn/tfhe.h>

/* out [N] += a b modulo X^N + 1 and 2^64. Signed numbers are passed as their two's complement. */
void schoolbook_add_product(uint64_t *out, const uint64_t *a, const uint64_t *b, uint32_t N);

/* Coefficient `t` of X^exponent poly modulo X^N + 1, for any exponent below 2N. */
uint32_t schoolbook_rotated(const uint32_t *poly, uint32_t N, uint32_t exponent, uint32_t t);

/* The phase polynomial [N] of a GLWE ciphertext [k + 1][N] on words of 64 bits, under key [k][N]. */
void schoolbook_glwe_phase(uint64_t *phase, const uint64_t *glwe, const uint32_t *key, uint32_t k, uint32_t N);

/* The same for a ciphertext on words of 32 bits. */
void schoolbook_glwe_phase32(uint32_t *phase, const uint32_t *glwe, const uint32_t *key, uint32_t k, uint32_t N);

/* out [N] = the body of glwe [k + 1][N], plus half of what the rounding of its masks to multiples of 2^log2_unit, ties
 * up, adds to the phase on average over binary keys, in blocks of 16: src/tfhe/server/gadget.h. */
void schoolbook_corrected_body(uint32_t *out, const uint32_t *glwe, uint32_t k, uint32_t N, uint32_t log2_unit);

/* b - <a, s> of an LWE ciphertext [dimension + 1]. */
uint32_t schoolbook_lwe_phase(const uint32_t *lwe, const uint32_t *key, uint32_t dimension);

#endif
