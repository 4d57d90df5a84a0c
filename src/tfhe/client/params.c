/*
 * Parameter sets: what a set must satisfy, and those that are shipped.
 *
 *   shapes    N' divides n; N, N' powers of two; gadgets of at most 31 bits, so that a rounding has a bit to work with;
 *             or no ring, and zeros wherever a number belongs to one
 *   security  the noise of s, at dimension n, and of S, at k N, on or above the curve of security.c
 *   words     that noise at least 4 units of the words that carry it (TNN_MIN_LOG2_NOISE_UNITS)
 *
 * Precision is not checked here: a set can be secure and useless. noise.c says what it gives.
 */
#include "params.h"

#include <math.h>

#include "memory.h"

static bool is_power_of_two(uint32_t x) {
    return x != 0 && (x & (x - 1)) == 0;
}

static bool in_range(uint32_t x, uint32_t low, uint32_t high) {
    return low <= x && x <= high;
}

static bool lwe_shape_ok(const tnn_params_literal *p) {
    return in_range(p->n, TNN_MIN_LWE_DIMENSION, TNN_MAX_LWE_DIMENSION) && is_power_of_two(p->input_N) &&
           p->n % p->input_N == 0 && (p->input_bits == 16 || p->input_bits == 32);
}

static bool glwe_shape_ok(const tnn_params_literal *p) {
    return in_range(p->k, 1, TNN_MAX_RANK) && is_power_of_two(p->N) &&
           in_range(p->N, TNN_MIN_RING_DEGREE, TNN_MAX_RING_DEGREE) && p->log2_split <= TNN_MAX_LOG2_SPLIT &&
           p->N << p->log2_split <= TNN_MAX_RING_DEGREE;
}

/* A gadget must leave at least one bit of the 32 to round. */
static bool gadget_ok(uint32_t base_log, uint32_t levels) {
    return in_range(base_log, 1, 31) && in_range(levels, 1, TNN_MAX_LEVELS) && base_log * levels <= 31;
}

/* A key switch goes from S to its own first n bits: there must be more of them. */
static bool key_switch_ok(const tnn_params_literal *p) {
    if (p->ks_base_log == 0 && p->ks_levels == 0) {
        return true;
    }
    return gadget_ok(p->ks_base_log, p->ks_levels) && p->shared_prefix && p->n < p->k * p->N;
}

/* Written so that a NaN fails. */
static bool noise_is_number(double log2_sigma) {
    return log2_sigma > -64 && log2_sigma < -1;
}

/* A set without bootstrap: one form of it, so that equal sets have equal bytes. */
static bool has_no_ring(const tnn_params_literal *p) {
    return p->k == 0 && p->N == 0 && p->glwe_log2_sigma == 0 && p->bs_base_log == 0 && p->bs_levels == 0 &&
           p->ks_base_log == 0 && p->ks_levels == 0 && !p->shared_prefix && p->log2_split == 0;
}

static bool ring_ok(const tnn_params_literal *p) {
    return glwe_shape_ok(p) && gadget_ok(p->bs_base_log, p->bs_levels) && key_switch_ok(p) &&
           (!p->shared_prefix || p->n <= p->k * p->N) && noise_is_number(p->glwe_log2_sigma);
}

/* On or above the curve at its dimension, and wide enough for the narrowest words that carry it. */
static bool noise_is_secure(uint32_t dimension, double log2_sigma, uint32_t bits, tnn_security security) {
    return log2_sigma >= tnn_security_min_log2_sigma(dimension, security) &&
           log2_sigma + bits >= TNN_MIN_LOG2_NOISE_UNITS;
}

/* Inputs are the narrowest words under s; bodies of the bootstrapping key have at most 64 bits. */
static bool is_secure(const tnn_params_literal *p, tnn_security security) {
    return noise_is_secure(p->n, p->lwe_log2_sigma, p->input_bits, security) &&
           (p->N == 0 || noise_is_secure(p->k * p->N, p->glwe_log2_sigma, 64, security));
}

/* The narrowest word, in whole bytes, on which sigma is at least TNN_MIN_LOG2_NOISE_UNITS; never below 5 bytes, so
 * that accumulators of 32 bits do not see its rounding. */
static uint32_t wire_bytes(double log2_sigma) {
    double bits = TNN_MIN_LOG2_NOISE_UNITS - log2_sigma;
    uint32_t bytes = (uint32_t)ceil(bits / 8);
    return bytes < 5 ? 5 : bytes;
}

/* Bodies of the bootstrapping key are the largest object. Where a size_t has 32 bits, and sizes wrap, not every set
 * that is secure fits. */
static bool fits_memory(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    return (uint64_t)p->n * (p->k + 1) * p->bs_levels * p->N * params->bsk_bytes <= SIZE_MAX / 2;
}

static uint32_t log2_exact(uint32_t power) {
    uint32_t log = 0;
    while ((power >>= 1) != 0) {
        log++;
    }
    return log;
}

tnn_status tnn_params_check(tnn_params *params, const tnn_params_literal *p, tnn_security security) {
    if (security != TNN_SECURITY_128_MARGIN && security != TNN_SECURITY_128) {
        return TNN_ERR_MISUSE;
    }
    if (!lwe_shape_ok(p) || !noise_is_number(p->lwe_log2_sigma) || !(has_no_ring(p) || ring_ok(p))) {
        return TNN_ERR_MALFORMED;
    }
    if (!is_secure(p, security)) {
        return TNN_ERR_INSECURE;
    }
    const tnn_params checked = {
        .literal = *p,
        .security = security,
        .log2_N = log2_exact(p->N),
        .bsk_bytes = p->N ? wire_bytes(p->glwe_log2_sigma) : 0,
    };
    if (!fits_memory(&checked)) {
        return TNN_ERR_LIMIT;
    }
    *params = checked;
    return TNN_OK;
}

tnn_status tnn_params_create(tnn_params **out, const tnn_params_literal *literal, tnn_security security) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!literal) {
        return TNN_ERR_MISUSE;
    }
    tnn_params checked;
    tnn_status status = tnn_params_check(&checked, literal, security);
    if (status != TNN_OK) {
        return status;
    }
    tnn_params *params = tnn_alloc(1, sizeof *params);
    if (!params) {
        return TNN_ERR_MEMORY;
    }
    *params = checked;
    *out = params;
    return TNN_OK;
}

void tnn_params_free(tnn_params *params) {
    tnn_free(params);
}

const tnn_params_literal *tnn_params_get(const tnn_params *params) {
    return params ? &params->literal : NULL;
}

size_t tnn_params_big_dimension(const tnn_params *params) {
    return params ? (size_t)params->literal.k * params->literal.N : 0;
}

tnn_params tnn_params_of_key(const tnn_params *params) {
    tnn_params unsplit = *params;
    unsplit.literal.log2_split = 0;
    return unsplit;
}

bool tnn_params_equal(const tnn_params *a, const tnn_params *b) {
    const tnn_params_literal *x = &a->literal;
    const tnn_params_literal *y = &b->literal;
    return x->n == y->n && x->input_N == y->input_N && x->input_bits == y->input_bits &&
           x->lwe_log2_sigma == y->lwe_log2_sigma && x->k == y->k && x->N == y->N &&
           x->glwe_log2_sigma == y->glwe_log2_sigma && x->bs_base_log == y->bs_base_log &&
           x->bs_levels == y->bs_levels && x->ks_base_log == y->ks_base_log && x->ks_levels == y->ks_levels &&
           x->shared_prefix == y->shared_prefix && a->security == b->security;
}

/* Noise in each literal: on the 132-bit row of the curve, rounded towards more noise, or the smallest that the
 * input's 16 bits allow. What each noise costs: docs/DESIGN.md. */
static const tnn_shipped_params SHIPPED[] = {
    {"fast",
     "one hidden layer, learned tables, lowest latency",
     {.n = 672,
      .input_N = 32,
      .input_bits = 16,
      .lwe_log2_sigma = -14.0,
      .k = 3,
      .N = 512,
      .glwe_log2_sigma = -35.8,
      .bs_base_log = 17,
      .bs_levels = 1}},
    {"accurate",
     "one hidden layer, table positions twice as fine",
     {.n = 672,
      .input_N = 32,
      .input_bits = 16,
      .lwe_log2_sigma = -14.0,
      .k = 2,
      .N = 1024,
      .glwe_log2_sigma = -46.0,
      .bs_base_log = 22,
      .bs_levels = 1}},
    {"fine",
     "one hidden layer, table positions four times as fine",
     {.n = 672,
      .input_N = 32,
      .input_bits = 16,
      .lwe_log2_sigma = -14.0,
      .k = 1,
      .N = 2048,
      .glwe_log2_sigma = -46.0,
      .bs_base_log = 22,
      .bs_levels = 1}},
    {"deep",
     "several layers: a key switch between them",
     {.n = 800,
      .input_N = 32,
      .input_bits = 32,
      .lwe_log2_sigma = -17.28,
      .k = 1,
      .N = 2048,
      .glwe_log2_sigma = -46.0,
      .bs_base_log = 22,
      .bs_levels = 1,
      .ks_base_log = 2,
      .ks_levels = 7,
      .shared_prefix = true}},
    {"deep-fine",
     "several layers, finer tables, less noise",
     {.n = 896,
      .input_N = 128,
      .input_bits = 32,
      .lwe_log2_sigma = -19.6,
      .k = 1,
      .N = 4096,
      .glwe_log2_sigma = -46.0,
      .bs_base_log = 14,
      .bs_levels = 2,
      .ks_base_log = 3,
      .ks_levels = 6,
      .shared_prefix = true}},
};

const tnn_shipped_params *tnn_shipped_params_list(size_t *count) {
    if (!count) {
        return NULL;
    }
    *count = sizeof SHIPPED / sizeof *SHIPPED;
    return SHIPPED;
}
