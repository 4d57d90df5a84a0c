/*
 * Noise variances, as fractions of the torus squared. E[s^2] = 1/2 and Var[s] = 1/4 for uniform binary keys. Formulas
 * follow eprint 2018/421 (sections 3 and 4) and its average-case refinements in eprint 2022/704 (section 3), where
 * digits are uniform and errors independent.
 *
 * An operation's error is a sum of products of independent factors, nearly all of mean 0: variances of terms add, those
 * of factors multiply. What one operation adds, apart from what doubles and words round:
 *
 *     blind rotation    n ((1 + k N / 2) Bg^(-2l) / 24 + (k+1) l N (Bg^2 + 2) / 12 sigma^2)       sigma of S
 *     key switch        (k N - n) (B^(-2t) / 24 + t (B^2 + 2) / 12 sigma^2)                       sigma of s
 *     modulus switch    (1 + n / 4) / (12 (2N)^2)
 *
 * In the first two a coarser gadget rounds more away and multiplies the key's noise by smaller digits. With one level
 * and the best base, the two terms of a rotation are of like size (the fast set's deviations: 2^-9.8 and 2^-10.4).
 *
 * Measured variances stand beside these in docs/NOISE.md.
 */
#include "noise.h"

#include <math.h>

#include "params.h"

static double square(double x) {
    return x * x;
}

/* Variance of a rounding to multiples of 2^-bits. */
static double rounding(double bits) {
    return exp2(-2 * bits) / 12;
}

/* E[d^2] of a uniform digit in [-base/2, base/2). */
static double digit_power(uint32_t base_log) {
    return (exp2(2.0 * base_log) + 2) / 12;
}

double tnn_variance_small(const tnn_params *params) {
    /* Encryption noise, and its rounding to the words of an input. */
    return exp2(2 * params->literal.lwe_log2_sigma) + rounding(params->literal.input_bits);
}

/*
 * The gadget covers the top Bg^l of the torus; the rest of each coefficient of the GLWE ciphertext is rounded away, and
 * the phase sees the rounding of the body and of every mask coefficient times its key bit. Ties round up, so on words
 * of 32 bits, of which coarse_bits do not change, a rounding also has a mean of u / 2 = 2^(coarse_bits - 33), and the
 * means of k N coefficients do not cancel: times S they give u / 2 (sum of the S_i up to t, less the sum of the others)
 * at coefficient t, on average (u / 2)^2 (k N)^2 / 12 in the square.
 */
static double of_means(const tnn_params *params) {
    return square(exp2(params->coarse_bits - 33.0) * params->literal.k * params->literal.N) / 12;
}

static double gadget_rounding(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    return rounding(p->bs_base_log * p->bs_levels) * (1 + p->k * p->N / 2.0) + of_means(params);
}

/* Each of (k+1) l digit polynomials multiplies a fresh GLWE row: N products a coefficient, each of a digit and a noise
 * term, whatever the message. */
static double gadget_key_noise(const tnn_params_literal *p) {
    return (p->k + 1.0) * p->bs_levels * p->N * digit_power(p->bs_base_log) * exp2(2 * p->glwe_log2_sigma);
}

/*
 * Doubles carry 53 bits: a coefficient sums (k+1) l N products of a digit and a torus element below 1/2, through
 * transforms whose error variance grows with log2 N (Gentleman and Sande, 1966; the constant is measured). Then the
 * accumulator rounds to words, or to their upper bits. The phase sees the errors of the mask coefficients times their
 * key bits.
 */
static double arithmetic_rounding(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    const double measured = 1.1;
    double products = (p->k + 1.0) * p->bs_levels * p->N * digit_power(p->bs_base_log) / 12;
    double transforms = measured * params->log2_N * products * exp2(-2 * 53);
    return (transforms + rounding(32.0 - params->coarse_bits)) * (1 + p->k * p->N / 2.0);
}

double tnn_variance_external_product(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    return gadget_rounding(params) + gadget_key_noise(p) + arithmetic_rounding(params);
}

/* The gadget's rounding enters only where the key bit is 1: half of the n CMuxes. */
double tnn_variance_blind_rotation(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    return p->n * (gadget_rounding(params) / 2 + gadget_key_noise(p) + arithmetic_rounding(params));
}

/* Half of the variance that mask roundings have in the phase comes from the mean 1/2 of the key's bits. */
double tnn_variance_common(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    const double mask_coefficients = (double)p->k * p->N;
    const double gadget = rounding(p->bs_base_log * p->bs_levels) / 2;
    const double shared = mask_coefficients / 4 * (gadget + rounding(32.0 - params->coarse_bits));
    return p->n * (shared + of_means(params) / 2);
}

/* Steps times the errors of the coefficients they stand at. */
double tnn_variance_steps(const tnn_params *params, const tnn_step_table *table) {
    const double common = tnn_variance_common(params);
    const double own = tnn_variance_blind_rotation(params) - common;
    double variance = 0;
    for (size_t i = 0; i < table->count; i++) {
        variance += own * square(table->steps[i]);
        for (size_t j = 0; j < table->count; j++) {
            double distance = fabs((double)table->positions[i] - table->positions[j]);
            variance += common * (1 - 2 * distance / params->literal.N) * table->steps[i] * table->steps[j];
        }
    }
    return variance;
}

/* A switched coordinate is rounded to its t digits, which matters where its key bit is 1; each digit multiplies a fresh
 * ciphertext under s. Coordinates of the shared prefix add nothing. */
double tnn_variance_key_switch(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    double coordinates = (double)tnn_params_switched_coordinates(params);
    double rounded = coordinates / 2 * rounding(p->ks_base_log * p->ks_levels);
    return rounded + coordinates * p->ks_levels * digit_power(p->ks_base_log) * exp2(2 * p->lwe_log2_sigma);
}

/* Centred: each mask rounding meets s - 1/2, whose square is 1/4; the body adds its own. */
double tnn_variance_modulus_switch(const tnn_params *params) {
    return (1 + params->literal.n / 4.0) * rounding(params->log2_N + 1.0);
}

/* The body and k N mask words are rounded; a mask word counts where its key bit is 1. */
double tnn_variance_output_rounding(const tnn_params *params, unsigned bits) {
    return (1 + params->literal.k * params->literal.N / 2.0) * rounding(bits);
}

/* ln erfc(x) ~ -x^2 - ln(x sqrt(pi)) - ln(1 + 1 / (2 x^2)) beyond the range of erfc itself. */
double tnn_log2_gaussian_tail(double bound, double deviation) {
    double x = bound / (deviation * sqrt(2));
    if (x < 20) {
        return log2(erfc(x));
    }
    const double pi = 3.14159265358979323846;
    return (-square(x) - log(x * sqrt(pi)) - 1 / (2 * square(x))) / log(2);
}
