/*
 * Standard normal deviates by Box and Muller (1958), without a branch, an index or a library call that depends on the
 * secret uniforms: for u and v uniform on (0, 1], z = sqrt(-2 ln u) cos(2 pi v) and sqrt(-2 ln u) sin(2 pi v) are two
 * independent ones.
 *
 * u has 53 bits, so no deviate is larger than sqrt(-2 ln 2^-54) = 8.66; a Gaussian is, once in 2^57. ln, cos and sin
 * are sums of a few terms, right to 2^-41: far below the rounding to whole units that follows, of which a deviation has
 * 2^2 to 2^15 in the shipped sets.
 */
#include <math.h>
#include <string.h>

#include "bytes.h"
#include "random.h"
#include "secret.h"

static const double LN2 = 0.69314718055994530942;

/* ln(u) for u = (x / 2^11 + 1/2) / 2^53 in (0, 1]. The exponent comes off the bits of the double; ln of the mantissa,
 * brought to [sqrt(1/2), sqrt(2)), is 2 artanh((m - 1) / (m + 1)), a series of which eight terms are taken: error below
 * 2^-46. Adding 2^52 less the bits of sqrt(2) to those of the mantissa carries exactly where it is at least sqrt(2). */
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

/* cos and sin of a uniform angle: a first-octant angle t in [-pi/4, pi/4), then a quarter-turn count in `x`'s top two
 * bits. Taylor series to t^12 and t^13, errors below 2^-41 and 2^-45: t^14 / 14! and t^15 / 15! at pi/4. */
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

/* out [2 pairs] from uniforms [2 pairs]. */
static void box_muller(double *out, const uint64_t *uniforms, size_t pairs) {
    for (size_t i = 0; i < pairs; i++) {
        double radius = sqrt(-2 * log_uniform(uniforms[2 * i]));
        double cosine;
        double sine;
        cos_sin_uniform(uniforms[2 * i + 1], &cosine, &sine);
        out[2 * i] = radius * cosine;
        out[2 * i + 1] = radius * sine;
    }
}

void tnn_gaussian(double *out, size_t count) {
    uint64_t uniforms[TNN_GAUSSIAN_BLOCK];
    double block[TNN_GAUSSIAN_BLOCK];
    while (count > 0) {
        size_t taken = count < TNN_GAUSSIAN_BLOCK ? count : TNN_GAUSSIAN_BLOCK;
        size_t pairs = (taken + 1) / 2;
        tnn_random_bytes(uniforms, 2 * pairs * sizeof *uniforms);
        box_muller(block, uniforms, pairs);
        memcpy(out, block, taken * sizeof *out);
        out += taken;
        count -= taken;
    }
    tnn_wipe(uniforms, sizeof uniforms);
    tnn_wipe(block, sizeof block);
}

void tnn_gaussian_stream_start(tnn_gaussian_stream *stream, uint64_t number) {
    memset(stream->seed.bytes, 0, sizeof stream->seed.bytes);
    tnn_store_le(stream->seed.bytes, number, 8);
    stream->block = 0;
    stream->used = TNN_GAUSSIAN_BLOCK;
}

static void refill(tnn_gaussian_stream *stream) {
    uint8_t bytes[8 * TNN_GAUSSIAN_BLOCK];
    uint64_t uniforms[TNN_GAUSSIAN_BLOCK];
    tnn_expand(bytes, sizeof bytes, &stream->seed, stream->block++);
    for (size_t i = 0; i < TNN_GAUSSIAN_BLOCK; i++) {
        uniforms[i] = tnn_load_le(bytes + 8 * i, 8);
    }
    box_muller(stream->deviates, uniforms, TNN_GAUSSIAN_BLOCK / 2);
    stream->used = 0;
}

double tnn_gaussian_next(tnn_gaussian_stream *stream) {
    if (stream->used == TNN_GAUSSIAN_BLOCK) {
        refill(stream);
    }
    return stream->deviates[stream->used++];
}
