/* Noise variances that the public header does not need; tnn_variance_* of tfhe.h are implemented beside them. */
#ifndef TNN_TFHE_NOISE_H
#define TNN_TFHE_NOISE_H

#include <torusnn/tfhe.h>

/*
 * The part of tnn_variance_blind_rotation that neighbouring coefficients share: a coefficient's error holds the
 * rounding of the mask times S, and E[S_i S_j] = 1/4 for different bits, so at distance d of N coefficients the errors
 * have the covariance common (1 - 2 d / N).
 */
double tnn_variance_common(const tnn_params *params);

/* Rounding a big LWE ciphertext to 2^bits for the wire. */
double tnn_variance_output_rounding(const tnn_params *params, unsigned bits);

/* log2 of the probability that a centred Gaussian leaves [-bound, bound], accurate far into the tail. */
double tnn_log2_gaussian_tail(double bound, double deviation);

#endif
