/*
 * Noise variances that the public header does not need; tnn_variance_* of tfhe.h are implemented beside them.
 *
 * Variances are functions of the parameters alone, so that a circuit found on one machine is found on all. They are
 * those of the reference server, which computes with both engines of server/engine.h. A server that has the single one
 * alone adds less.
 */
#ifndef TNN_TFHE_NOISE_H
#define TNN_TFHE_NOISE_H

#include "params.h"

/*
 * The part of tnn_variance_blind_rotation that neighbouring coefficients share: a coefficient's error holds the
 * rounding of the accumulator's mask times S, and E[S_i S_j] = 1/4 for different bits, so at distance d of N
 * coefficients the errors have the covariance common (1 - 2 d / N). The gadget's roundings are compensated and share
 * next to nothing: what coefficients of one block have in common, at most 16 / N of them, is left out.
 */
double tnn_variance_common(const tnn_params *params);

/* Whether the reference server computes with the quad engine: in ranks 2 and 3, which use three of its four lanes. */
bool tnn_planned_for_quads(const tnn_params *params);

/* Low bits of an accumulator that the quad engine rounds away: as many as let it reduce a product's coefficients in one
 * step, or none where they would add more than a hundredth to the noise of a blind rotation. */
uint32_t tnn_coarse_bits(const tnn_params *params);

/* What an engine adds that rounds this many bits of an accumulator away. */
double tnn_coarse_variance_external_product(const tnn_params *params, uint32_t coarse_bits);
double tnn_coarse_variance_blind_rotation(const tnn_params *params, uint32_t coarse_bits);
double tnn_coarse_variance_common(const tnn_params *params, uint32_t coarse_bits);

/*
 * tnn_variance_modulus_switch of a row of weights whose mask words are multiples of 2^log2_unit: words of 16 bits have
 * 16 zeros below them, and weights that share a power of two bring more. And what the masks alone add of it.
 */
double tnn_variance_row_switch(const tnn_params *params, uint32_t log2_unit);
double tnn_variance_mask_switch(const tnn_params *params, uint32_t log2_unit);

/* Rounding a result (tnn_params_output_part) to 2^bits for the wire. */
double tnn_variance_output_rounding(const tnn_params *params, unsigned bits);

/*
 * The same for a key that lies `deviations` standard deviations from the average in each of the counts that its
 * ciphertexts share (noise.c); at 0 the formulas above. TNN_WORST_KEY is what one key in 2^20 passes in one of them:
 * erfc(4.77 / sqrt(2)) / 2 = 2^-20.05.
 */
#define TNN_WORST_KEY 4.77
double tnn_variance_blind_rotation_of_key(const tnn_params *params, double deviations);
double tnn_variance_common_of_key(const tnn_params *params, double deviations);
double tnn_variance_key_switch_of_key(const tnn_params *params, double deviations);
double tnn_variance_output_rounding_of_key(const tnn_params *params, unsigned bits, double deviations);

/* log2 of the probability that a centred Gaussian leaves [-bound, bound], accurate far into the tail. */
double tnn_log2_gaussian_tail(double bound, double deviation);

#endif
