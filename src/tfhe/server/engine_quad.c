/*
 * External products with all k + 1 polynomials at once: quad_kernels.h. Rank 1 takes 2 slots of a vector's lanes, ranks
 * 2 and 3 take 4, and the lanes hold as many quarters of the polynomials as there is room for (quad_fft.h).
 *
 * A GGSW ciphertext in the Fourier domain is read once from front to back: for each point, each level and each of the k
 * + 1 digits one row of `slots` columns (unused ones 0), in all N/2 (k+1) l complex numbers a slot. It is scaled for
 * the inverse transform to come, whose coefficients count 2^-(32 - coarse_bits) of the torus.
 *
 * One key bit, for each accumulator:
 *
 *     roundings of the masks of (X^a - 1) accumulator -> corrections    correct_rotated
 *     digits of it, level by level -> l spectra                         forward_rotated
 *     row vector of (k+1) l digits times the GGSW matrix -> 1 spectrum  multiply, at each point
 *     inverse transform, rounded and added to the accumulator           inverse_add
 *
 * so l slots go forward and one comes back for each polynomial; rank 2 leaves one of four idle. Of a split accumulator
 * each of 2^v residues is one here, and is subtracted from the one that takes its place: split.h.
 */
#include <math.h>
#include <string.h>

#include "engine.h"
#include "gadget.h"
#include "kernels.h"
#include "memory.h"
#include "quad_kernels.h"
#include "split.h"

/* Ciphertexts that share each loaded row of a GGSW ciphertext: their sums fit the registers. */
#define ITEMS ((size_t)4)

/* Ciphertexts that advance together, a multiple of ITEMS: they share each fetch of a GGSW ciphertext. At N = 512 and
 * l = 1 they fit the second-level cache beside two GGSW ciphertexts; where they do not, reading the key twice as often
 * would cost more still. */
#define TOGETHER ((size_t)8)
#define MOST_RESIDUES (TOGETHER << TNN_MAX_LOG2_SPLIT)

struct tnn_engine_scratch {
    tnn_params params;
    uint32_t coarse_bits;
    const tnn_kernels *rows; /* for ciphertexts in the usual layout */
    const tnn_quad_kernels *kernels;
    tnn_quad_fft *fft;
    tnn_quad_shape shape;
    double *reals; /* [N][slots] a row of a GGSW ciphertext on its way into the FFT */
    tnn_quad_digit digits[TNN_MAX_LEVELS];
    tnn_quad_body body;
    size_t together; /* accumulators that advance together */
    tnn_quad_fetch fetch;
    double *spectra; /* [together][2^v][l] */
    uint32_t *quads; /* [together][2^v] accumulators */
    uint32_t *words; /* a quad: what add_product decomposes */
    uint32_t *added; /* [N] the corrected body of that */
};

static uint32_t slots_of(const tnn_params *params) {
    return tnn_quad_slots(params->literal.k + 1);
}

/* Doubles of one spectrum. */
static size_t spectrum_doubles(const tnn_params *params) {
    return tnn_quad_doubles(params->literal.N / 2, slots_of(params));
}

static size_t ggsw_doubles(const tnn_params *params) {
    return tnn_params_ggsw_rows(params) * spectrum_doubles(params);
}

/* Doubles of the spectra of an accumulator's digits. */
static size_t digits_doubles(const tnn_params *params) {
    return params->literal.bs_levels * spectrum_doubles(params);
}

static size_t quad_words(const tnn_params *params) {
    return tnn_quad_words(params->literal.N, slots_of(params));
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
    const size_t residues = s->together * tnn_split_residues(&s->params);
    s->reals = tnn_alloc(spectrum_doubles(&s->params), sizeof *s->reals);
    s->spectra = tnn_alloc(residues, digits_doubles(&s->params) * sizeof *s->spectra);
    s->quads = tnn_alloc(residues, quad_words(&s->params) * sizeof *s->quads);
    s->words = tnn_alloc(quad_words(&s->params), sizeof *s->words);
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
    tnn_status status = tnn_quad_fft_create(&s->fft, p->N, slots_of(&s->params));
    return status == TNN_OK && !allocate(s) ? TNN_ERR_MEMORY : status;
}

static size_t scratch_bytes(const tnn_params *params, size_t batch) {
    const size_t N = params->literal.N;
    const size_t most = together(batch) * tnn_split_residues(params);
    return (spectrum_doubles(params) + most * digits_doubles(params)) * sizeof(double) +
           ((most + 1) * quad_words(params) + N + N / TNN_GADGET_BLOCK) * sizeof(uint32_t);
}

/* ----------------------------------------------------------------------------------------------------- keys -- */

static void put_row(tnn_engine_scratch *s, double *ggsw, uint32_t row, const uint64_t *words) {
    const uint32_t N = s->params.literal.N;
    const uint32_t slots = s->fft->slots;
    const size_t point = 2 * (size_t)s->kernels->lanes; /* doubles */
    const double scale = ldexp(2.0 / N, 32 - (int)s->coarse_bits - 64);
    for (uint32_t c = 0; c <= s->params.literal.k; c++) {
        for (size_t t = 0; t < N; t++) {
            s->reals[slots * t + c] = (double)(int64_t)words[(size_t)c * N + t] * scale;
        }
    }
    s->kernels->forward_reals(s->fft, s->spectra, s->reals);
    /* Keys come component by component; the product reads level by level. */
    const uint32_t component = row / s->shape.levels;
    const uint32_t level = row % s->shape.levels;
    double *out = ggsw + (level * s->shape.columns + component) * point;
    for (size_t at = 0; at < spectrum_doubles(&s->params); at += point) {
        memcpy(out + at * tnn_params_ggsw_rows(&s->params), s->spectra + at, point * sizeof *out);
    }
}

/* ------------------------------------------------------------------------------------------------- products -- */

/* Coefficient t of the polynomial goes into word c of entry t. */
static void gather_polynomial(const tnn_params *params, uint32_t *quad, size_t c, const uint32_t *poly) {
    const size_t slots = slots_of(params);
    for (size_t t = 0; t < params->literal.N; t++) {
        quad[slots * t + c] = poly[t];
    }
}

static void gather(const tnn_params *params, uint32_t *quad, const uint32_t *glwe) {
    for (size_t c = 0; c <= params->literal.k; c++) {
        gather_polynomial(params, quad, c, glwe + c * params->literal.N);
    }
    tnn_quad_close(quad, params->literal.N, slots_of(params));
}

/* Back to the usual layout, [k+1][N]. */
static void scatter(const tnn_params *params, uint32_t *glwe, const uint32_t *quad) {
    const size_t N = params->literal.N;
    const size_t slots = slots_of(params);
    for (size_t c = 0; c <= params->literal.k; c++) {
        for (size_t t = 0; t < N; t++) {
            glwe[c * N + t] = quad[slots * t + c];
        }
    }
}

/* The product on its own, for one ciphertext in the usual layout. Blind rotations stay in quads and go the way
 * below. */
static void add_product(tnn_engine_scratch *s, uint32_t *accumulator, const double *ggsw, const uint32_t *glwe) {
    s->rows->correct_body(s->added, s->body.corrections, glwe, s->params.literal.N, s->body.lane, s->body.half_unit);
    gather(&s->params, s->words, glwe);
    gather_polynomial(&s->params, s->words, s->body.lane, s->added);
    for (uint32_t level = 0; level < s->shape.levels; level++) {
        double *spectrum = s->spectra + level * spectrum_doubles(&s->params);
        s->kernels->forward_digits(s->fft, spectrum, s->words, s->digits[level]);
    }
    s->kernels->multiply(&s->shape, &s->spectra, ggsw, 1);
    gather(&s->params, s->words, accumulator);
    s->kernels->inverse_add(s->fft, s->words, s->spectra, s->coarse_bits, (tnn_quad_fetch){0});
    scatter(&s->params, accumulator, s->words);
}

/* The next GGSW ciphertext, in equal parts for the transforms of one key bit. */
static void plan_fetch(tnn_engine_scratch *s, const double *next, size_t count) {
    const size_t lines = ggsw_doubles(&s->params) * sizeof *next / TNN_QUAD_LINE;
    const size_t quarters = 4 * count * (s->shape.levels + 1);
    s->fetch = (tnn_quad_fetch){(uintptr_t)next, quarters ? (uint32_t)((lines + quarters - 1) / quarters) : 0};
}

static tnn_quad_fetch take_fetch(tnn_engine_scratch *s) {
    const tnn_quad_fetch part = s->fetch;
    s->fetch.from += (size_t)4 * part.lines * TNN_QUAD_LINE;
    return part;
}

/* Residue i of the accumulators that advance together, and the spectra of its digits. */
static uint32_t *quad_at(const tnn_engine_scratch *s, size_t i) {
    return s->quads + i * quad_words(&s->params);
}

static double *digits_at(const tnn_engine_scratch *s, size_t i) {
    return s->spectra + i * digits_doubles(&s->params);
}

/* Accumulators of one rotation, 1 to `together`, on their way through the key: each one's next step (split.h). */
typedef struct rotation {
    const uint32_t *positions; /* [count][n+1] */
    size_t count;
    size_t next[TOGETHER];
} rotation;

static size_t next_step(const tnn_engine_scratch *s, const rotation *r, size_t b, size_t from) {
    return tnn_split_next(&s->params, r->positions + b * (s->params.literal.n + 1), from);
}

/* The step that comes next for any of them. */
static size_t first_step(const tnn_engine_scratch *s, const rotation *r) {
    size_t first = tnn_split_steps(&s->params);
    for (size_t b = 0; b < r->count; b++) {
        first = r->next[b] < first ? r->next[b] : first;
    }
    return first;
}

/* Spectra of the digits of an accumulator's residue, to be multiplied with the GGSW ciphertext of its next step. */
static void transform_digits(tnn_engine_scratch *s, size_t b, uint32_t residue, uint32_t position) {
    const size_t first = b * tnn_split_residues(&s->params);
    const tnn_split_move move = tnn_split_move_to(&s->params, residue, position);
    const tnn_quad_turn turn = {quad_at(s, first + move.from), quad_at(s, first + residue), move.exponent};
    double *spectrum = digits_at(s, first + residue);
    s->kernels->correct_rotated(&s->body, &turn, s->params.literal.N);
    for (uint32_t level = 0; level < s->shape.levels; level++) {
        s->kernels->forward_rotated(s->fft, spectrum, &turn, &s->body, s->digits[level], take_fetch(s));
        spectrum += spectrum_doubles(&s->params);
    }
}

static void transform_residues(tnn_engine_scratch *s, const rotation *r, size_t b) {
    const uint32_t n = s->params.literal.n;
    if (r->next[b] == tnn_split_steps(&s->params)) {
        return;
    }
    const uint32_t position = r->positions[b * (n + 1) + r->next[b] % n];
    const uint32_t apart = 1u << tnn_split_stage(&s->params, position);
    for (uint32_t residue = 0; residue < tnn_split_residues(&s->params); residue += apart) {
        transform_digits(s, b, residue, position);
    }
}

/* Residues of all accumulators that take a step, at most MOST_RESIDUES. */
static uint32_t list_residues(const tnn_engine_scratch *s, const rotation *r, size_t step, size_t *residues) {
    const uint32_t each = tnn_split_residues(&s->params);
    const uint32_t apart = 1u << step / s->params.literal.n;
    uint32_t items = 0;
    for (size_t b = 0; b < r->count; b++) {
        for (uint32_t residue = 0; r->next[b] == step && residue < each; residue += apart) {
            residues[items++] = b * each + residue;
        }
    }
    return items;
}

static void multiply_residues(tnn_engine_scratch *s, const double *ggsw, const size_t *residues, uint32_t items) {
    double *spectra[ITEMS];
    for (uint32_t i = 0; i < items; i++) {
        spectra[i] = digits_at(s, residues[i]);
    }
    s->kernels->multiply(&s->shape, spectra, ggsw, items);
}

/* An accumulator is transformed for its next step behind the last of its residues, while that, and the spectrum it has
 * left, are in the first-level cache. `last`: the residue behind is another accumulator's, or there is none. */
static void finish_residue(tnn_engine_scratch *s, const rotation *r, size_t residue, bool last) {
    s->kernels->inverse_add(s->fft, quad_at(s, residue), digits_at(s, residue), s->coarse_bits, take_fetch(s));
    if (last) {
        transform_residues(s, r, residue / tnn_split_residues(&s->params));
    }
}

/* quad += ggsw (x) (Y^position - 1) quad, a CMux between an accumulator and its rotation, for each of `items` residues.
 * Positions are public. */
static void rotate_by_key_bit(tnn_engine_scratch *s, const rotation *r, const double *ggsw, const size_t *residues,
                              uint32_t items) {
    const uint32_t each = tnn_split_residues(&s->params);
    for (uint32_t first = 0; first < items; first += ITEMS) {
        const uint32_t end = items - first < ITEMS ? items : first + (uint32_t)ITEMS;
        multiply_residues(s, ggsw, residues + first, end - first);
        for (uint32_t i = first; i < end; i++) {
            finish_residue(s, r, residues[i], i + 1 == items || residues[i + 1] / each != residues[i] / each);
        }
    }
}

static void take_step(tnn_engine_scratch *s, rotation *r, const double *bootstrapping, size_t step) {
    const uint32_t n = s->params.literal.n;
    size_t residues[MOST_RESIDUES];
    const uint32_t items = list_residues(s, r, step, residues);
    for (size_t b = 0; b < r->count; b++) {
        r->next[b] = r->next[b] == step ? next_step(s, r, b, step + 1) : r->next[b];
    }
    const double *ggsw = bootstrapping + step % n * ggsw_doubles(&s->params);
    plan_fetch(s, bootstrapping + first_step(s, r) % n * ggsw_doubles(&s->params), items);
    rotate_by_key_bit(s, r, ggsw, residues, items);
}

/* Key index outside, batch inside: each GGSW ciphertext is fetched once a stage for all accumulators. */
static void rotate_together(tnn_engine_scratch *s, const double *bootstrapping, const uint32_t *positions,
                            size_t count) {
    rotation r = {.positions = positions, .count = count};
    s->fetch = (tnn_quad_fetch){0};
    for (size_t b = 0; b < count; b++) {
        r.next[b] = next_step(s, &r, b, 0);
        transform_residues(s, &r, b);
    }
    for (size_t step = first_step(s, &r); step < tnn_split_steps(&s->params); step = first_step(s, &r)) {
        take_step(s, &r, bootstrapping, step);
    }
}

/* Accumulators become quads for all n key bits, and words in rows again at the end. */
static void rotate_part(tnn_engine_scratch *s, uint32_t *accumulators, const double *bootstrapping,
                        const uint32_t *positions, size_t count) {
    const size_t glwe_words = tnn_params_glwe_words(&s->params);
    const size_t residues = count * tnn_split_residues(&s->params);
    for (size_t i = 0; i < residues; i++) {
        gather(&s->params, quad_at(s, i), accumulators + i * glwe_words);
    }
    rotate_together(s, bootstrapping, positions, count);
    for (size_t i = 0; i < residues; i++) {
        scatter(&s->params, accumulators + i * glwe_words, quad_at(s, i));
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
        rotate_part(s, accumulators + first * tnn_split_words(&s->params), bootstrapping,
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
