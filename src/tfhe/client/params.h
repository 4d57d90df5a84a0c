/*
 * The checked parameter set, as the layers below the public header see it: a literal that passed every check, by value,
 * with what follows from it. Symbols are those of the public header: n, k, N, Bg and l of the bootstrap's gadget, B and
 * t of the key switch's, sigma of both keys. A parameter set knows no engine and no network.
 */
#ifndef TNN_TFHE_PARAMS_H
#define TNN_TFHE_PARAMS_H

#include <torusnn/tfhe.h>

/* Smallest noise on any discretized torus, in units of 2^-bits: a rounded Gaussian much narrower than this is no
 * longer the distribution that the security estimates speak of. */
#define TNN_MIN_LOG2_NOISE_UNITS 2

struct tnn_params {
    tnn_params_literal literal;
    tnn_security security;
    uint32_t log2_N;
    uint32_t bsk_bytes; /* bytes of one coefficient of the bootstrapping key on the wire, 5 to 8; 0 without one */
};

/* Is there a ring at all? Without one there is no S, and nothing but dot products of inputs. */
static inline bool tnn_params_bootstrap(const tnn_params *params) {
    return params->literal.N != 0;
}

/* Results are under S, as bootstraps leave them; where there are none, under s still. */
static inline tnn_key_part tnn_params_output_part(const tnn_params *params) {
    return tnn_params_bootstrap(params) ? TNN_KEY_BIG : TNN_KEY_SMALL;
}

/* Coordinates of a result's mask: k N, or n. */
static inline size_t tnn_params_output_dimension(const tnn_params *params) {
    return tnn_params_bootstrap(params) ? tnn_params_big_dimension(params) : params->literal.n;
}

/* Positions of a table: 2^v N, and their log2. */
static inline uint32_t tnn_params_positions(const tnn_params *params) {
    return params->literal.N << params->literal.log2_split;
}

static inline uint32_t tnn_params_log2_positions(const tnn_params *params) {
    return params->log2_N + params->literal.log2_split;
}

/* Rows of a GGSW ciphertext: (k + 1) l. */
static inline uint32_t tnn_params_ggsw_rows(const tnn_params *params) {
    return (params->literal.k + 1) * params->literal.bs_levels;
}

/* Words of a GLWE ciphertext: (k + 1) N. */
static inline size_t tnn_params_glwe_words(const tnn_params *params) {
    return (size_t)(params->literal.k + 1) * params->literal.N;
}

/* Coordinates of S that the key switch has to bring over: k N - n where s is a prefix of S. */
static inline size_t tnn_params_switched_coordinates(const tnn_params *params) {
    return params->literal.ks_levels ? tnn_params_big_dimension(params) - params->literal.n : 0;
}

/* What a row of the security curve keeps when the number of samples is optimized and enumeration is exact. */
static inline unsigned tnn_security_bits(tnn_security security) {
    return security == TNN_SECURITY_128 ? 125 : 128;
}

/* What keys know of a set: how tables are split, v, is the server's affair, and one key serves every v. */
tnn_params tnn_params_of_key(const tnn_params *params);

/* Two sets that a key on the wire or a ciphertext cannot tell apart. */
bool tnn_params_equal(const tnn_params *a, const tnn_params *b);

/* Checks a literal into a set by value, for objects that carry their own copy. */
TNN_MUST_USE tnn_status tnn_params_check(tnn_params *params, const tnn_params_literal *literal, tnn_security security);

#endif
