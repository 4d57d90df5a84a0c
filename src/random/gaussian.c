/*
 * Standard normal deviates by Box and Muller (1958), without a branch, an index or a library call that depends on
 * the secret uniforms: z = sqrt(-2 ln u) cos(2 pi v) and sqrt(-2 ln u) sin(2 pi v).
 */
#include <math.h>
#include <string.h>

#include "random.h"
#include "secret.h"

#define PAIRS 64u /* deviates are made in blocks of at most twice this many */

static const double LN2 = 0.69314718055994530942;

/* ln(u) for u = (x / 2^11 + 1/2) / 2^53 in (0, 1]. The exponent comes off the bits of the double; ln of the mantissa,
 * brought to [sqrt(1/2), sqrt(2)), is 2 artanh((m - 1) / (m + 1)), a series whose eighth term is below 2^-44. */
static double log_uniform(uint64_t x) {
    double value = (double)(x >> 11) + 0.5;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t above_sqrt2 = ((bits & 0x000fffffffffffffu) + 0x00095f619980c433u) >> 52; /* mantissa >= sqrt(2) */
    int64_t exponent = (int64_t)(bits >> 52) - 1023 + (int64_t)above_sqrt2;
    bits = (bits & 0x000fffffffffffffu) | ((1023 - above_sqrt2) << 52);
    double mantissa;
    memcpy(&mantissa, &bits, sizeof mantissa);
    double z = (mantissa - 1) / (mantissa + 1);
    double w = z * z;
    double series =
        1 + w * (1. / 3 + w * (1. / 5 + w * (1. / 7 + w * (1. / 9 + w * (1. / 11 + w * (1. / 13 + w / 15))))));
    return (double)(exponent - 53) * LN2 + 2 * z * series;
}

/* cos and sin of a uniform angle: a first-octant angle t in [-pi/4, pi/4), then a quarter-turn count in `x`'s top
 * two bits. Taylor series to t^12 and t^13, error below 2^-46. */
static void cos_sin_uniform(uint64_t x, double *cosine, double *sine) {
    const double quarter_pi = 0.78539816339744830962;
    double t = ((double)((x & 0x3fffffffffffffffu) >> 9) * 0x1p-52 - 1.0) * quarter_pi;
    double w = t * t;
    double c =
        1 + w * (-1. / 2 + w * (1. / 24 + w * (-1. / 720 + w * (1. / 40320 + w * (-1. / 3628800 + w / 479001600)))));
    double s =
        t * (1 + w * (-1. / 6 +
                      w * (1. / 120 + w * (-1. / 5040 + w * (1. / 362880 + w * (-1. / 39916800 + w / 6227020800.))))));
    double swap = (double)((x >> 62) & 1); /* a quarter turn swaps, a half turn negates */
    double sign = 1.0 - 2.0 * (double)(x >> 63);
    *cosine = sign * (c * (1 - swap) - s * swap);
    *sine = sign * (s * (1 - swap) + c * swap);
}

static void box_muller_block(double out[2 * PAIRS], size_t pairs) {
    uint64_t uniforms[2 * PAIRS];
    tnn_random_bytes(uniforms, 2 * pairs * sizeof *uniforms);
    for (size_t i = 0; i < pairs; i++) {
        double radius = sqrt(-2 * log_uniform(uniforms[2 * i]));
        double cosine;
        double sine;
        cos_sin_uniform(uniforms[2 * i + 1], &cosine, &sine);
        out[2 * i] = radius * cosine;
        out[2 * i + 1] = radius * sine;
    }
    tnn_wipe(uniforms, sizeof uniforms);
}

void tnn_gaussian(double *out, size_t count) {
    double block[2 * PAIRS];
    while (count > 0) {
        size_t taken = count < 2 * PAIRS ? count : 2 * PAIRS;
        box_muller_block(block, (taken + 1) / 2);
        memcpy(out, block, taken * sizeof *out);
        out += taken;
        count -= taken;
    }
    tnn_wipe(block, sizeof block);
}
