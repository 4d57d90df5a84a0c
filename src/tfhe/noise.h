/* Noise variances that the public header does not need; tnn_variance_* of tfhe.h are implemented beside them. */
#ifndef TNN_TFHE_NOISE_H
#define TNN_TFHE_NOISE_H

#include <torusnn/tfhe.h>

/* Rounding a big LWE ciphertext to 2^bits for the wire. */
double tnn_variance_output_rounding(const tnn_params *params, unsigned bits);

/* log2 of the probability that a centred Gaussian leaves [-bound, bound], accurate far into the tail. */
double tnn_log2_gaussian_tail(double bound, double deviation);

#endif
