/*
 * Noise variances, as fractions of the torus squared. E[s^2] = 1/2 and Var[s] = 1/4 for uniform binary keys.
 * Formulas follow eprint 2018/421 (sections 3 and 4) and its average-case refinements in eprint 2022/704 (section 3),
 * where digits are uniform and errors independent.
 *
 * Gadgets and modulus switches are mean-compensated (eprint 2025/809): half of a mask's rounding goes into the body, so
 * that the phase sees it times s - 1/2, whose square is 1/4 whatever the key, in place of s.
 *
 * A key keeps two things that every ciphertext under it meets: how many of its d bits are ones, d/2 on average with a
 * standard deviation of sqrt(d) / 2, which counts the CMuxes and the uncompensated roundings that reach a phase; and
 * the squares of the m errors that its own ciphertexts have, sigma^2 on average with a standard deviation of sigma^2
 * sqrt(2 / m). Formulas "of_key" take both as many standard deviations above their averages as they are told; at 0 they
 * are the averages over keys.
 */
#include "noise.h"

#include <math.h>

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

/* Ones among `bits` of a key. */
static double ones(double bits, double deviations) {
    return bits / 2 + deviations * sqrt(bits) / 2;
}

/* Mean square of `errors` errors of a key, in sigma^2. */
static double error_power(double errors, double deviations) {
    return 1 + deviations * sqrt(2 / errors);
}

static double mask_coefficients(const tnn_params *params) {
    return (double)params->literal.k * params->literal.N;
}

double tnn_variance_small(const tnn_params *params) {
    return params ? exp2(2 * params->literal.lwe_log2_sigma) + rounding(params->literal.input_bits) : NAN;
}

/*
 * Mean square of the rounding of multiples of a unit u, spread evenly, to multiples of r = 2^-bits: over the errors
 * -r/2, -r/2 + u, ..., r/2, where ties go to even the outer ones half as often, r^2 / 12 + u^2 / 6. Half of the words
 * are ties where u = r / 2. The same where all ties go up, and -r/2 stands for both.
 */
static double unit_rounding(double bits, double unit) {
    return rounding(bits) + square(unit) / 6;
}

/* What a key's ones lie off their average. */
static double excess_ones(const tnn_params *params, double key_ones) {
    return key_ones - mask_coefficients(params) / 2;
}

/*
 * The gadget covers the top Bg^l of the torus; the rest of each coefficient of the GLWE ciphertext is rounded away, and
 * the phase sees the rounding of the body and of every mask coefficient times its key bit, less 1/2. In a block of the
 * gadget's corrections (server/gadget.h), 16 in N coefficients, the 1/2 remains.
 *
 * Ties round up, so on words of 32 bits, of which coarse_bits do not change, a rounding also has a mean of u / 2 =
 * 2^(coarse_bits - 33). Those of k N coefficients cancel as far as ones and zeros of the key do: times S - 1/2 they
 * give u / 2 (sum of the S_i - 1/2 up to t, less the sum of the others) at coefficient t, with an excess of x ones (u /
 * 2)^2 (2 x)^2 / 12 in the square beside what unit_rounding has.
 */
static double of_means(double excess, uint32_t coarse_bits) {
    return square(exp2(coarse_bits - 32.0) * excess) / 12;
}

static double gadget_coefficient(const tnn_params *params, uint32_t coarse_bits) {
    const tnn_params_literal *p = &params->literal;
    return unit_rounding(p->bs_base_log * p->bs_levels, exp2(coarse_bits - 32.0));
}

static double gadget_rounding(const tnn_params *params, double key_ones, uint32_t coarse_bits) {
    const double block = 16;
    const double compensated = mask_coefficients(params) / 4;
    const double left = compensated + block / params->literal.N * (key_ones - compensated);
    return gadget_coefficient(params, coarse_bits) * (1 + left) + of_means(excess_ones(params, key_ones), coarse_bits);
}

/* Errors of a GGSW ciphertext: (k+1) l rows of N. */
static double ggsw_errors(const tnn_params_literal *p) {
    return (p->k + 1.0) * p->bs_levels * p->N;
}

/* Each of (k+1) l digit polynomials multiplies a fresh GLWE row: N products a coefficient. */
static double gadget_key_noise(const tnn_params_literal *p) {
    return ggsw_errors(p) * digit_power(p->bs_base_log) * exp2(2 * p->glwe_log2_sigma);
}

/*
 * Of one coefficient. Doubles carry 53 bits: it sums (k+1) l N products of a digit and a torus element below 1/2,
 * through transforms whose error variance grows with log2 N (Gentleman and Sande, 1966; the constant is measured). Then
 * the accumulator rounds to words, or to their upper bits.
 */
static double coefficient_rounding(const tnn_params *params, uint32_t coarse_bits) {
    const tnn_params_literal *p = &params->literal;
    const double measured = 1.1;
    const double products = ggsw_errors(p) * digit_power(p->bs_base_log) / 12;
    const double transforms = measured * params->log2_N * products * exp2(-2 * 53);
    return transforms + rounding(32.0 - coarse_bits);
}

/* The phase sees the errors of the mask coefficients times their key bits. */
static double arithmetic_rounding(const tnn_params *params, double key_ones, uint32_t coarse_bits) {
    return coefficient_rounding(params, coarse_bits) * (1 + key_ones);
}

double tnn_coarse_variance_external_product(const tnn_params *params, uint32_t coarse_bits) {
    const double key_ones = mask_coefficients(params) / 2;
    return gadget_rounding(params, key_ones, coarse_bits) + gadget_key_noise(&params->literal) +
           arithmetic_rounding(params, key_ones, coarse_bits);
}

/* The gadget's rounding enters only where the key bit is 1: half of the n CMuxes, on average. */
static double rotation_of_key(const tnn_params *params, uint32_t coarse_bits, double deviations) {
    const tnn_params_literal *p = &params->literal;
    const double key_ones = ones(mask_coefficients(params), deviations);
    return ones(p->n, deviations) * gadget_rounding(params, key_ones, coarse_bits) +
           p->n * (gadget_key_noise(p) * error_power(p->n * ggsw_errors(p), deviations) +
                   arithmetic_rounding(params, key_ones, coarse_bits));
}

/* What mask roundings have in the phase because the key's bits have a mean: H^2 / (k N) of their H, half of it on
 * average; of compensated ones x^2 / (k N), with an excess of x ones, and nothing on average. */
static double common_of_key(const tnn_params *params, uint32_t coarse_bits, double deviations) {
    const tnn_params_literal *p = &params->literal;
    const double key_ones = ones(mask_coefficients(params), deviations);
    const double excess = excess_ones(params, key_ones);
    const double gadget = square(excess) / mask_coefficients(params) * gadget_coefficient(params, coarse_bits) +
                          of_means(excess, coarse_bits);
    const double arithmetic = square(key_ones) / mask_coefficients(params) * coefficient_rounding(params, coarse_bits);
    return ones(p->n, deviations) * gadget + p->n * arithmetic;
}

double tnn_coarse_variance_blind_rotation(const tnn_params *params, uint32_t coarse_bits) {
    return rotation_of_key(params, coarse_bits, 0);
}

double tnn_coarse_variance_common(const tnn_params *params, uint32_t coarse_bits) {
    return common_of_key(params, coarse_bits, 0);
}

/* --------------------------------------------------------------------------------------- the reference server -- */

bool tnn_planned_for_quads(const tnn_params *params) {
    return params->literal.k == 2 || params->literal.k == 3;
}

/*
 * The quad engine reduces a product's coefficients to words in one step where they lie below 2^51 units of the last bit
 * it keeps. They are sums of (k+1) l N products of a digit, uniform below Bg / 2, and a torus element, uniform below
 * 1/2: of deviation Bg sqrt((k+1) l N) / 12. The bound is 16 deviations; a coefficient passes it once in 2^189.
 */
static uint32_t bits_for_one_step(const tnn_params_literal *p) {
    const double log2_deviation = p->bs_base_log + log2((p->k + 1.0) * p->bs_levels * p->N) / 2 - log2(12);
    return (uint32_t)fmax(1, ceil(log2_deviation + 4 + 32 - 51));
}

uint32_t tnn_coarse_bits(const tnn_params *params) {
    const uint32_t bits = bits_for_one_step(&params->literal);
    const double exact = tnn_coarse_variance_blind_rotation(params, 0);
    return tnn_coarse_variance_blind_rotation(params, bits) > 1.01 * exact ? 0 : bits;
}

static uint32_t planned_coarse_bits(const tnn_params *params) {
    return tnn_planned_for_quads(params) ? tnn_coarse_bits(params) : 0;
}

double tnn_variance_external_product(const tnn_params *params) {
    return params ? tnn_coarse_variance_external_product(params, planned_coarse_bits(params)) : NAN;
}

double tnn_variance_blind_rotation_of_key(const tnn_params *params, double deviations) {
    return rotation_of_key(params, planned_coarse_bits(params), deviations);
}

double tnn_variance_blind_rotation(const tnn_params *params) {
    return params ? tnn_variance_blind_rotation_of_key(params, 0) : NAN;
}

double tnn_variance_common_of_key(const tnn_params *params, double deviations) {
    return common_of_key(params, planned_coarse_bits(params), deviations);
}

double tnn_variance_common(const tnn_params *params) {
    return tnn_variance_common_of_key(params, 0);
}

/* ----------------------------------------------------------------------------------------- other operations -- */

/* Steps times the errors of the coefficients they stand at. */
double tnn_variance_steps(const tnn_params *params, const tnn_step_table *table) {
    if (!params || !table) {
        return NAN;
    }
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

double tnn_variance_key_switch_of_key(const tnn_params *params, double deviations) {
    const tnn_params_literal *p = &params->literal;
    const double coordinates = (double)tnn_params_switched_coordinates(params);
    if (coordinates * p->ks_levels == 0) {
        return 0;
    }
    const double errors = coordinates * p->ks_levels;
    const double rounded = ones(coordinates, deviations) * rounding(p->ks_base_log * p->ks_levels);
    const double key_noise = exp2(2 * p->lwe_log2_sigma) * error_power(errors, deviations);
    return rounded + errors * digit_power(p->ks_base_log) * key_noise;
}

double tnn_variance_key_switch(const tnn_params *params) {
    return params ? tnn_variance_key_switch_of_key(params, 0) : NAN;
}

/* Multiples of r are not rounded. */
static bool is_switched(const tnn_params *params, uint32_t log2_unit) {
    return log2_unit < 31 - tnn_params_log2_positions(params);
}

/* Centred: each mask rounding meets s - 1/2, whose square is 1/4 whatever the key. */
double tnn_variance_mask_switch(const tnn_params *params, uint32_t log2_unit) {
    const double unit = exp2((double)log2_unit - 32);
    return is_switched(params, log2_unit)
               ? params->literal.n / 4.0 * unit_rounding(tnn_params_log2_positions(params) + 1.0, unit)
               : 0;
}

/* The body takes half of the masks' roundings: it is spread over multiples of u / 2 beside the neuron's offset, whose
 * mean is worst at an offset of 0 or u / 2. Where masks are not rounded it can lie anywhere between two positions. */
double tnn_variance_row_switch(const tnn_params *params, uint32_t log2_unit) {
    const double body_unit =
        is_switched(params, log2_unit) ? exp2((double)log2_unit - 33) : 0.5 / tnn_params_positions(params);
    return tnn_variance_mask_switch(params, log2_unit) +
           unit_rounding(tnn_params_log2_positions(params) + 1.0, body_unit);
}

double tnn_variance_modulus_switch(const tnn_params *params) {
    return params ? tnn_variance_row_switch(params, 0) : NAN;
}

/* Dot products of inputs are on Z/2^input_bits. */
double tnn_variance_output_rounding_of_key(const tnn_params *params, unsigned bits, double deviations) {
    const bool fits = !tnn_params_bootstrap(params) && params->literal.input_bits <= bits;
    return fits ? 0 : (1 + ones((double)tnn_params_output_dimension(params), deviations)) * rounding(bits);
}

double tnn_variance_output_rounding(const tnn_params *params, unsigned bits) {
    return tnn_variance_output_rounding_of_key(params, bits, 0);
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
