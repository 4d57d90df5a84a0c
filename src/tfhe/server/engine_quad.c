/*
 * External products with up to four polynomials at once, one a vector lane: quad_kernels.h.
 *
 * A GGSW ciphertext in the Fourier domain is read once from front to back: for each point, each level and each of the k
 * + 1 digits one row of four columns (unused ones 0), in all N/2 (k+1) l points of 8 doubles. It is scaled for the
 * inverse transform to come, whose coefficients count 2^-(32 - coarse_bits) of the torus.
 *
 * One key bit, for each accumulator of k + 1 lanes:
 *
 *     roundings of the masks of (X^a - 1) accumulator -> corrections    correct_rotated
 *     digits of it, level by level -> l spectra                         forward_rotated
 *     row vector of (k+1) l digits times the GGSW matrix -> 1 spectrum  multiply, at each point
 *     inverse transform, rounded and added to the accumulator           inverse_add
 *
 * so 4 l lanes go forward and 4 come back, whatever k is: rank 3 leaves none of them idle.
 */
#include <math.h>
#include <string.h>

#include "engine.h"
#include "gadget.h"
#include "kernels.h"
#include "memory.h"
#include "quad_kernels.h"

/* Ciphertexts that share each loaded row of a GGSW ciphertext: their sums fit the registers. */
#define ITEMS ((size_t)4)

/* Ciphertexts that advance together, a multiple of ITEMS: they share each fetch of a GGSW ciphertext. At N = 512 and
 * l = 1 they fit the second-level cache beside two GGSW ciphertexts; where they do not, reading the key twice as often
 * would cost more still. */
#define TOGETHER ((size_t)8)

struct tnn_engine_scratch {
    tnn_params params;
    uint32_t coarse_bits;
    const tnn_kernels *rows; /* for ciphertexts in the usual layout */
    const tnn_quad_kernels *kernels;
    tnn_quad_fft *fft;
    tnn_quad_shape shape;
    double *reals; /* [N][4] a row of a GGSW ciphertext on its way into the FFT */
    tnn_quad_digit digits[TNN_MAX_LEVELS];
    tnn_quad_body body;
    size_t together; /* accumulators that advance together */
    tnn_quad_fetch fetch;
    double *spectra; /* [together][l][N/2] points */
    uint32_t *quads; /* [together] accumulators */
    uint32_t *words; /* a quad: what add_product decomposes */
    uint32_t *added; /* [N] the corrected body of that */
};

static size_t ggsw_doubles(const tnn_params *params) {
    return (size_t)tnn_params_ggsw_rows(params) * (params->literal.N / 2) * TNN_QUAD_POINT;
}

static size_t spectrum_doubles(const tnn_params *params) {
    return (size_t)params->literal.bs_levels * (params->literal.N / 2) * TNN_QUAD_POINT;
}

static size_t batch_of(const tnn_params *params) {
    (void)params;
    return TOGETHER;
}

/* No more than the batch needs. */
static size_t together(size_t batch) {
    return batch < TOGETHER ? batch : TOGETHER;
}

static bool allocate(tnn_engine_scratch *s) {
    const uint32_t N = s->params.literal.N;
    s->reals = tnn_alloc(TNN_QUAD_LANES * (size_t)N, sizeof *s->reals);
    s->spectra = tnn_alloc(s->together, spectrum_doubles(&s->params) * sizeof *s->spectra);
    s->quads = tnn_alloc(s->together, tnn_quad_words(N) * sizeof *s->quads);
    s->words = tnn_alloc(tnn_quad_words(N), sizeof *s->words);
    s->added = tnn_alloc(N, sizeof *s->added);
    s->body.corrections = tnn_alloc(N / TNN_GADGET_BLOCK, sizeof *s->body.corrections);
    return s->reals && s->spectra && s->quads && s->words && s->added && s->body.corrections;
}

static void empty(tnn_engine_scratch *s) {
    tnn_quad_fft_free(s->fft);
    tnn_free(s->reals);
    tnn_free(s->spectra);
    tnn_free(s->quads);
    tnn_free(s->words);
    tnn_free(s->added);
    tnn_free(s->body.corrections);
}

/* (word + offset) << left >> right. With the whole offset of gadget.h the field of this level holds d + Bg/2; without
 * the half base of its own it holds d modulo Bg, so that a digit's sign is its top bit. The left shift drops the fields
 * above, and what was borrowed from them; the right one drops those below and extends the sign. */
static tnn_quad_digit digit_of(const tnn_params *params, uint32_t level) {
    const uint32_t base_log = params->literal.bs_base_log;
    const tnn_gadget gadget = tnn_gadget_of(base_log, params->literal.bs_levels);
    const uint32_t half_base = 1u << (tnn_gadget_shift(&gadget, level) + base_log - 1);
    return (tnn_quad_digit){gadget.offset - half_base, base_log * level, 32 - base_log};
}

static tnn_status fill(tnn_engine_scratch *s, const tnn_execution *execution, size_t batch) {
    const tnn_params_literal *p = &execution->params.literal;
    s->params = execution->params;
    s->coarse_bits = execution->coarse_bits;
    s->rows = tnn_kernels_best();
    s->kernels = s->rows->quad;
    for (uint32_t level = 0; level < p->bs_levels; level++) {
        s->digits[level] = digit_of(&s->params, level);
    }
    const tnn_gadget gadget = tnn_gadget_of(p->bs_base_log, p->bs_levels);
    s->body = (tnn_quad_body){.lane = p->k, .half_unit = tnn_gadget_half_unit(&gadget)};
    s->together = together(batch);
    s->shape = (tnn_quad_shape){.points = p->N / 2, .columns = p->k + 1, .levels = p->bs_levels};
    tnn_status status = tnn_quad_fft_create(&s->fft, p->N);
    return status == TNN_OK && !allocate(s) ? TNN_ERR_MEMORY : status;
}

static size_t scratch_bytes(const tnn_params *params, size_t batch) {
    const size_t N = params->literal.N;
    const size_t most = together(batch);
    return (TNN_QUAD_LANES * N + most * spectrum_doubles(params)) * sizeof(double) +
           ((most + 1) * tnn_quad_words((uint32_t)N) + N + N / TNN_GADGET_BLOCK) * sizeof(uint32_t);
}

/* ----------------------------------------------------------------------------------------------------- keys -- */

static void put_row(tnn_engine_scratch *s, double *ggsw, uint32_t row, const uint64_t *words) {
    const uint32_t N = s->params.literal.N;
    const uint32_t rows = tnn_params_ggsw_rows(&s->params);
    const double scale = ldexp(2.0 / N, 32 - (int)s->coarse_bits - 64);
    for (uint32_t c = 0; c <= s->params.literal.k; c++) {
        for (size_t t = 0; t < N; t++) {
            s->reals[TNN_QUAD_LANES * t + c] = (double)(int64_t)words[(size_t)c * N + t] * scale;
        }
    }
    s->kernels->forward_reals(s->fft, s->spectra, s->reals);
    /* Keys come component by component; the product reads level by level. */
    const uint32_t component = row / s->shape.levels;
    const uint32_t level = row % s->shape.levels;
    double *out = ggsw + (level * s->shape.columns + component) * (size_t)TNN_QUAD_POINT;
    for (size_t p = 0; p < N / 2; p++) {
        memcpy(out + p * rows * TNN_QUAD_POINT, s->spectra + p * TNN_QUAD_POINT, TNN_QUAD_POINT * sizeof *out);
    }
}

/* ------------------------------------------------------------------------------------------------- products -- */

/* Coefficient t goes into lane c of entry t. The entry behind the last is the first negated, X^N = -1, so that a
 * rotation can read across the end. */
static void gather_lane(const tnn_params *params, uint32_t *quad, size_t c, const uint32_t *poly) {
    const size_t N = params->literal.N;
    for (size_t t = 0; t < N; t++) {
        quad[TNN_QUAD_LANES * t + c] = poly[t];
    }
    quad[TNN_QUAD_LANES * N + c] = 0 - poly[0];
}

static void gather(const tnn_params *params, uint32_t *quad, const uint32_t *glwe) {
    for (size_t c = 0; c <= params->literal.k; c++) {
        gather_lane(params, quad, c, glwe + c * params->literal.N);
    }
}

/* Back to the usual layout, [k+1][N]. Entry N says nothing new. */
static void scatter(const tnn_params *params, uint32_t *glwe, const uint32_t *quad) {
    const size_t N = params->literal.N;
    for (size_t c = 0; c <= params->literal.k; c++) {
        for (size_t t = 0; t < N; t++) {
            glwe[c * N + t] = quad[TNN_QUAD_LANES * t + c];
        }
    }
}

/* The product on its own, for one ciphertext in the usual layout. Blind rotations stay in quads and go the way
 * below. */
static void add_product(tnn_engine_scratch *s, uint32_t *accumulator, const double *ggsw, const uint32_t *glwe) {
    s->rows->correct_body(s->added, s->body.corrections, glwe, s->params.literal.N, s->body.lane, s->body.half_unit);
    gather(&s->params, s->words, glwe);
    gather_lane(&s->params, s->words, s->body.lane, s->added);
    for (uint32_t level = 0; level < s->shape.levels; level++) {
        double *spectrum = s->spectra + (size_t)level * s->shape.points * TNN_QUAD_POINT;
        s->kernels->forward_digits(s->fft, spectrum, s->words, s->digits[level]);
    }
    s->kernels->multiply(&s->shape, s->spectra, ggsw, 1);
    gather(&s->params, s->words, accumulator);
    s->kernels->inverse_add(s->fft, s->words, s->spectra, s->coarse_bits, (tnn_quad_fetch){0});
    scatter(&s->params, accumulator, s->words);
}

/* The next GGSW ciphertext, in equal parts for the transforms of one key bit. */
static void plan_fetch(tnn_engine_scratch *s, const double *next, size_t count) {
    const size_t lines = ggsw_doubles(&s->params) / TNN_QUAD_POINT;
    const size_t quarters = 4 * count * (s->shape.levels + 1);
    s->fetch = (tnn_quad_fetch){(uintptr_t)next, quarters ? (uint32_t)((lines + quarters - 1) / quarters) : 0};
}

static tnn_quad_fetch take_fetch(tnn_engine_scratch *s) {
    const tnn_quad_fetch part = s->fetch;
    s->fetch.from += (size_t)4 * part.lines * TNN_QUAD_LINE;
    return part;
}

/* Spectra of accumulator `b`'s digits, to be multiplied with the GGSW ciphertext of key bit `i`. */
static void transform_digits(tnn_engine_scratch *s, const uint32_t *positions, size_t b, size_t i) {
    const uint32_t exponent = positions[b * (s->params.literal.n + 1) + i];
    const uint32_t *quad = s->quads + b * tnn_quad_words(s->params.literal.N);
    double *spectrum = s->spectra + b * spectrum_doubles(&s->params);
    s->kernels->correct_rotated(&s->body, quad, s->params.literal.N, exponent);
    for (uint32_t level = 0; level < s->shape.levels; level++) {
        s->kernels->forward_rotated(s->fft, spectrum, quad, &s->body, exponent, s->digits[level], take_fetch(s));
        spectrum += (size_t)s->shape.points * TNN_QUAD_POINT;
    }
}

/*
 * Key bit i for accumulators `first` to `first + items - 1`: quad += ggsw (x) (X^position - 1) quad, a CMux between it
 * and its rotation. An accumulator is transformed for the next key bit while it, and the spectrum it has left, are in
 * the first-level cache. Positions are public.
 */
static void rotate_by_key_bit(tnn_engine_scratch *s, const double *ggsw, const uint32_t *positions, size_t i,
                              size_t first, size_t items) {
    const size_t spectrum = spectrum_doubles(&s->params);
    s->kernels->multiply(&s->shape, s->spectra + first * spectrum, ggsw, (uint32_t)items);
    for (size_t b = first; b < first + items; b++) {
        uint32_t *quad = s->quads + b * tnn_quad_words(s->params.literal.N);
        s->kernels->inverse_add(s->fft, quad, s->spectra + b * spectrum, s->coarse_bits, take_fetch(s));
        if (i + 1 < s->params.literal.n) {
            transform_digits(s, positions, b, i + 1);
        }
    }
}

/* Key index outside, batch inside: each GGSW ciphertext is fetched once for all accumulators, 1 to `together`. */
static void rotate_together(tnn_engine_scratch *s, const double *bootstrapping, const uint32_t *positions,
                            size_t count) {
    const size_t n = s->params.literal.n;
    s->fetch = (tnn_quad_fetch){0};
    for (size_t b = 0; b < count; b++) {
        transform_digits(s, positions, b, 0);
    }
    for (size_t i = 0; i < n; i++) {
        const double *ggsw = bootstrapping + i * ggsw_doubles(&s->params);
        plan_fetch(s, bootstrapping + (i + 1) % n * ggsw_doubles(&s->params), count);
        for (size_t first = 0; first < count; first += ITEMS) {
            rotate_by_key_bit(s, ggsw, positions, i, first, count - first < ITEMS ? count - first : ITEMS);
        }
    }
}

/* Accumulators become quads for all n key bits, and words in rows again at the end. */
static void rotate_part(tnn_engine_scratch *s, uint32_t *accumulators, const double *bootstrapping,
                        const uint32_t *positions, size_t count) {
    const size_t glwe_words = tnn_params_glwe_words(&s->params);
    const size_t quad_words = tnn_quad_words(s->params.literal.N);
    for (size_t b = 0; b < count; b++) {
        gather(&s->params, s->quads + b * quad_words, accumulators + b * glwe_words);
    }
    rotate_together(s, bootstrapping, positions, count);
    for (size_t b = 0; b < count; b++) {
        scatter(&s->params, accumulators + b * glwe_words, s->quads + b * quad_words);
    }
}

/* In parts of at most `together`, halved until they fit: the whole key is read once for each, so none should be small.
 */
static void rotate(tnn_engine_scratch *s, uint32_t *accumulators, const double *bootstrapping,
                   const uint32_t *positions, size_t count) {
    size_t first = 0;
    while (first < count) {
        size_t part = count - first;
        while (part > s->together) {
            part = (part + 1) / 2;
        }
        rotate_part(s, accumulators + first * tnn_params_glwe_words(&s->params), bootstrapping,
                    positions + first * (s->params.literal.n + 1), part);
        first += part;
    }
}

const tnn_engine tnn_engine_quad = {
    .name = "quad",
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
