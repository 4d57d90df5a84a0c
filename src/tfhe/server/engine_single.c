/*
 * External products, a polynomial at a time.
 *
 * A GGSW ciphertext in the Fourier domain is read once from front to back, in the layout of kernels.h: (k+1)^2 l N
 * doubles, times 2 / N for the inverse transform to come.
 *
 *     glwe [k+1][N] -> digits [(k+1) l] of N/2 points -> products [k+1] of N/2 points -> accumulator [k+1][N]
 *
 * A coefficient of a product sums (k+1) l N terms, digits of at most Bg / 2 in size times torus elements of at most
 * 1/2: below 2^46 under any parameter set, where untwist_add may have 2^51.
 */
#include <string.h>

#include "engine.h"
#include "fft.h"
#include "gadget.h"
#include "kernels.h"
#include "memory.h"
#include "split.h"

/* Blind rotations that advance together: enough to hide the fetch of each GGSW ciphertext, few enough that their
 * accumulators stay in the second-level cache at N = 512. */
#define BATCH ((size_t)16)

struct tnn_engine_scratch {
    tnn_params params;
    const tnn_kernels *kernels;
    tnn_fft *fft;
    tnn_gadget gadget;
    uint32_t *difference;  /* [2^v][k+1][N] what external products decompose */
    uint32_t *corrections; /* [N / TNN_GADGET_BLOCK] of its body */
    uint32_t *body;        /* [N] its body, corrected */
    double *folded;        /* [N] one polynomial on its way into or out of the FFT */
    double *digits;        /* [(k+1) l][N] in the Fourier domain */
    double *products;      /* [k+1][N] in the Fourier domain */
};

static size_t ggsw_doubles(const tnn_params *params) {
    return tnn_params_ggsw_rows(params) * tnn_params_glwe_words(params);
}

static size_t batch_of(const tnn_params *params) {
    (void)params;
    return BATCH;
}

/* 2^v (k + 1) N + N / 16 + N words; N + (k+1) l N + (k + 1) N doubles. */
static bool allocate(tnn_engine_scratch *s) {
    const size_t N = s->params.literal.N;
    const size_t glwe_words = tnn_params_glwe_words(&s->params);
    s->difference = tnn_alloc(tnn_split_words(&s->params), sizeof *s->difference);
    s->corrections = tnn_alloc(N / TNN_GADGET_BLOCK, sizeof *s->corrections);
    s->body = tnn_alloc(N, sizeof *s->body);
    s->folded = tnn_alloc(N, sizeof *s->folded);
    s->digits = tnn_alloc(tnn_params_ggsw_rows(&s->params) * N, sizeof *s->digits);
    s->products = tnn_alloc(glwe_words, sizeof *s->products);
    return s->difference && s->corrections && s->body && s->folded && s->digits && s->products;
}

static void empty(tnn_engine_scratch *s) {
    tnn_fft_free(s->fft);
    tnn_free(s->difference);
    tnn_free(s->corrections);
    tnn_free(s->body);
    tnn_free(s->folded);
    tnn_free(s->digits);
    tnn_free(s->products);
}

static tnn_status fill(tnn_engine_scratch *s, const tnn_execution *execution, size_t batch) {
    (void)batch;
    const tnn_params_literal *p = &execution->params.literal;
    s->params = execution->params;
    s->kernels = tnn_kernels_best();
    s->gadget = tnn_gadget_of(p->bs_base_log, p->bs_levels);
    tnn_status status = tnn_fft_create(&s->fft, p->N);
    return status == TNN_OK && !allocate(s) ? TNN_ERR_MEMORY : status;
}

static size_t scratch_bytes(const tnn_params *params, size_t batch) {
    (void)batch;
    const size_t N = params->literal.N;
    const size_t glwe_words = tnn_params_glwe_words(params);
    return (N + tnn_params_ggsw_rows(params) * N + glwe_words) * sizeof(double) +
           (tnn_split_words(params) + N / TNN_GADGET_BLOCK + N) * sizeof(uint32_t);
}

/* ----------------------------------------------------------------------------------------------------- keys -- */

/* Torus words to real torus elements in [-1/2, 1/2), folded and twisted, times 2 / N for the inverse transform to
 * come. */
static void fold_twist(double *out, const uint64_t *poly, const double *twist, uint32_t N) {
    const uint32_t points = N / 2;
    const double scale = 0x1p-64 / points;
    for (uint32_t t = 0; t < points; t++) {
        double low = (double)(int64_t)poly[t] * scale;
        double high = (double)(int64_t)poly[t + points] * scale;
        out[t] = low * twist[t] - high * twist[t + points];
        out[t + points] = low * twist[t + points] + high * twist[t];
    }
}

/* One transformed polynomial into its cache lines of each point block, `stride` doubles apart. */
static void scatter(double *out, size_t stride, const double *in, uint32_t N) {
    for (size_t p = 0; p < N / 2; p += TNN_POINT_BLOCK, out += stride) {
        memcpy(out, in + p, TNN_POINT_BLOCK * sizeof *in);
        memcpy(out + TNN_POINT_BLOCK, in + N / 2 + p, TNN_POINT_BLOCK * sizeof *in);
    }
}

static void put_row(tnn_engine_scratch *s, double *ggsw, uint32_t row, const uint64_t *words) {
    const uint32_t N = s->params.literal.N;
    const uint32_t columns = s->params.literal.k + 1;
    const size_t block_doubles = (size_t)tnn_params_ggsw_rows(&s->params) * columns * 2 * TNN_POINT_BLOCK;
    for (uint32_t c = 0; c < columns; c++) {
        fold_twist(s->folded, words + (size_t)c * N, tnn_fft_twist(s->fft), N);
        tnn_fft_forward(s->fft, s->digits, s->folded);
        double *first_line = ggsw + ((size_t)row * columns + c) * 2 * TNN_POINT_BLOCK;
        scatter(first_line, block_doubles, s->digits, N);
    }
}

/* ------------------------------------------------------------------------------------------------- products -- */

/* l forward transforms of a polynomial's digits. */
static void transform_polynomial(tnn_engine_scratch *s, double *digits, const uint32_t *poly) {
    const uint32_t N = s->params.literal.N;
    for (uint32_t level = 0; level < s->gadget.levels; level++) {
        s->kernels->decompose_twist(s->folded, poly, tnn_fft_twist(s->fft), N, s->gadget.base_log,
                                    tnn_gadget_shift(&s->gadget, level), s->gadget.offset);
        tnn_fft_forward(s->fft, digits + (size_t)level * N, s->folded);
    }
}

/* (k+1) l forward transforms of the digits of glwe. */
static void transform_digits(tnn_engine_scratch *s, const uint32_t *glwe) {
    const size_t N = s->params.literal.N;
    const uint32_t k = s->params.literal.k;
    s->kernels->correct_body(s->body, s->corrections, glwe, s->params.literal.N, k, tnn_gadget_half_unit(&s->gadget));
    for (uint32_t c = 0; c <= k; c++) {
        transform_polynomial(s, s->digits + c * s->gadget.levels * N, c < k ? glwe + c * N : s->body);
    }
}

/* (k+1) (l+1) FFTs of N/2 points and (k+1)^2 l N/2 complex products: the cost of TFHE. */
static void add_product(tnn_engine_scratch *s, uint32_t *accumulator, const double *ggsw, const uint32_t *glwe) {
    const uint32_t N = s->params.literal.N;
    const uint32_t columns = s->params.literal.k + 1;
    transform_digits(s, glwe);
    s->kernels->multiply_rows(s->products, s->digits, ggsw, tnn_params_ggsw_rows(&s->params), columns, N);
    for (uint32_t c = 0; c < columns; c++) {
        tnn_fft_inverse(s->fft, s->folded, s->products + (size_t)c * N);
        s->kernels->untwist_add(accumulator + (size_t)c * N, s->folded, tnn_fft_twist(s->fft), N);
    }
}

/* accumulator += ggsw (x) (Y^position - 1) accumulator: a CMux between the accumulator and its rotation. It becomes
 * Y^position accumulator where the key bit is 1. All differences come before the first product. */
static void rotate_by_key_bit(tnn_engine_scratch *s, uint32_t *accumulator, const double *ggsw, uint32_t position) {
    const size_t glwe_words = tnn_params_glwe_words(&s->params);
    const uint32_t residues = tnn_split_residues(&s->params);
    const uint32_t apart = 1u << tnn_split_stage(&s->params, position);
    for (uint32_t r = 0; r < residues; r += apart) {
        tnn_split_subtract(s->kernels, &s->params, s->difference + r * glwe_words, accumulator, r, position);
    }
    for (uint32_t r = 0; r < residues; r += apart) {
        add_product(s, accumulator + r * glwe_words, ggsw, s->difference + r * glwe_words);
    }
}

/* Key index outside, batch inside: each GGSW, (k+1)^2 l N doubles, is fetched once a stage for the whole batch. */
static void rotate(tnn_engine_scratch *s, uint32_t *accumulators, const double *bootstrapping,
                   const uint32_t *positions, size_t count) {
    const uint32_t n = s->params.literal.n;
    for (uint32_t stage = 0; stage <= s->params.literal.log2_split; stage++) {
        for (uint32_t i = 0; i < n; i++) {
            const double *ggsw = bootstrapping + i * ggsw_doubles(&s->params);
            for (size_t b = 0; b < count; b++) {
                const uint32_t position = positions[b * (n + 1) + i];
                if (position != 0 && tnn_split_stage(&s->params, position) == stage) {
                    rotate_by_key_bit(s, accumulators + b * tnn_split_words(&s->params), ggsw, position);
                }
            }
        }
    }
}

const tnn_engine tnn_engine_single = {
    .name = "single",
    .ggsw_doubles = ggsw_doubles,
    .batch = batch_of,
    .structure_bytes = sizeof(tnn_engine_scratch),
    .fill = fill,
    .empty = empty,
    .scratch_bytes = scratch_bytes,
    .put_row = put_row,
    .add_product = add_product,
    .rotate = rotate,
};
