/*
 * See quad_kernels.h. CMake compiles this file once for each instruction set, with TNN_QUAD_KERNELS naming the
 * resulting table. No floating-point option here may reorder sums: inverse_add rounds by adding a constant.
 *
 * The first level of a transform joins coefficients that are N/8 points apart, so it can begin with whatever holds
 * them. With N/2 points c_t = p[t] + i p[t + N/2] and stretches of N/8 coefficients, butterfly t takes
 *
 *     c_t, c_(t + N/8), c_(t + 2N/8), c_(t + 3N/8):        real parts from stretches 0 to 3, imaginary from 4 to 7.
 *
 * Forward it reads accumulators, rotates, subtracts and cuts digits on the way; backward it rounds and adds to them.
 * The levels between are quad_levels.h.
 *
 * Cost for one ciphertext, N = 512, l = 1: four levels of 64 butterflies each way (12 multiplications, half of them
 * fused with an addition, 16 additions, 8 loads and 8 stores of vectors each), and 4 (k+1) fused products for each of
 * 256 points.
 */
#include "quad_kernels.h"

#include "gadget.h"
#include "quad_levels.h"

#if defined(__AVX__)
#include <immintrin.h>
#endif

typedef int32_t signed4 __attribute__((vector_size(16)));
typedef int32_t signed8 __attribute__((vector_size(32)));
typedef uint32_t words8 __attribute__((vector_size(32)));
typedef uint32_t words8_at16 __attribute__((vector_size(32), aligned(16))); /* at any entry of a quad */
typedef uint64_t long4 __attribute__((vector_size(32)));

#define ALL8(x) ((words8){x, x, x, x, x, x, x, x})

TNN_INLINE tnn_vector reals_of(signed4 x) {
#if defined(__AVX__)
    return (tnn_vector)_mm256_cvtepi32_pd((__m128i)x); /* GCC 12 takes four instructions for the line below */
#else
    return __builtin_convertvector(x, tnn_vector);
#endif
}

TNN_INLINE words8 load_entries(const uint32_t *entries) {
    return *(const words8_at16 *)entries;
}

/* Values of t that go through the first level together. Their digits, or coefficients, wait in a buffer of the
 * first-level cache: registers hold one butterfly. */
#define CHUNK ((size_t)16)

/* ------------------------------------------------------------------------------------------------ corrections -- */

/* All ones in lanes of both entries: those of masks, and that of the body. */
TNN_INLINE words8 mask_lanes(const tnn_quad_body *body) {
    return (words8)((words8){0, 1, 2, 3, 0, 1, 2, 3} < ALL8(body->lane));
}

TNN_INLINE words8 body_lane(const tnn_quad_body *body) {
    return (words8)((words8){0, 1, 2, 3, 0, 1, 2, 3} == ALL8(body->lane));
}

/* A rest is (word + half_unit) & below_unit, less half_unit; 0 in lanes that are not masks. */
typedef struct rest_fields {
    words8 half_unit;
    words8 below_unit;
} rest_fields;

/* Rests of `count` entries of a turn, summed in two: of rotated - straight, or -rotated - straight. */
TNN_INLINE words8 sum_rests(const uint32_t *rotated, const uint32_t *straight, size_t count, bool negated,
                            const rest_fields *rest) {
    words8 sum = {0};
    for (size_t i = 0; i < TNN_QUAD_LANES * count; i += 2 * TNN_QUAD_LANES) {
        const words8 moved = load_entries(rotated + i);
        const words8 raised = negated ? rest->half_unit - moved : rest->half_unit + moved;
        sum += (raised - load_entries(straight + i)) & rest->below_unit;
    }
    return sum;
}

TNN_INLINE uint32_t sum_of_words(words8 x) {
    const words8 halves = x + __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
    const words8 quarters = halves + __builtin_shufflevector(halves, halves, 2, 3, 0, 1, 6, 7, 4, 5);
    const uint64_t both = ((long4)quarters)[0];
    return (uint32_t)both + (uint32_t)(both >> 32);
}

/* Sums of whole blocks from `first` to `end - 1`, all on one side of the end of the quad. */
TNN_INLINE void sum_blocks(uint32_t *sums, const tnn_quad_turn *turn, uint32_t N, size_t first, size_t end,
                           const rest_fields *rest) {
    const uint32_t at = ((uint32_t)first - turn->exponent) & (2 * N - 1);
    const uint32_t *rotated = turn->rotated + TNN_QUAD_LANES * (size_t)(at & (N - 1));
    const uint32_t *straight = turn->straight + TNN_QUAD_LANES * first;
    const size_t block = TNN_QUAD_LANES * TNN_GADGET_BLOCK;
    if (at & N) {
        for (size_t t = first; t < end; t += TNN_GADGET_BLOCK, rotated += block, straight += block) {
            sums[t / TNN_GADGET_BLOCK] = sum_of_words(sum_rests(rotated, straight, TNN_GADGET_BLOCK, true, rest));
        }
    } else {
        for (size_t t = first; t < end; t += TNN_GADGET_BLOCK, rotated += block, straight += block) {
            sums[t / TNN_GADGET_BLOCK] = sum_of_words(sum_rests(rotated, straight, TNN_GADGET_BLOCK, false, rest));
        }
    }
}

/* The block inside which the rotated entries pass the end of the quad, at `meet`: one part of each sign. */
TNN_INLINE uint32_t sum_parts(const tnn_quad_turn *turn, uint32_t N, size_t first, size_t meet,
                              const rest_fields *rest) {
    uint32_t sum = 0;
    const size_t ends[] = {first, meet, first + TNN_GADGET_BLOCK};
    for (size_t i = 0; i < 2; i++) {
        const uint32_t at = ((uint32_t)ends[i] - turn->exponent) & (2 * N - 1);
        const uint32_t *rotated = turn->rotated + TNN_QUAD_LANES * (size_t)(at & (N - 1));
        const uint32_t *straight = turn->straight + TNN_QUAD_LANES * ends[i];
        const size_t count = ends[i + 1] - ends[i];
        sum += sum_of_words(at & N ? sum_rests(rotated, straight, count, true, rest)
                                   : sum_rests(rotated, straight, count, false, rest));
    }
    return sum;
}

/* The rotated entries pass the end of the quad at t = exponent mod N; at an even t, since entries go by twos: of a pair
 * that lies across, the second is entry N, which is kept. */
static void correct_rotated(const tnn_quad_body *body, const tnn_quad_turn *turn, uint32_t N) {
    const size_t meet = ((turn->exponent & (N - 1)) + 1) & ~(size_t)1;
    const size_t before = meet & ~(size_t)(TNN_GADGET_BLOCK - 1);
    const size_t after = (meet + TNN_GADGET_BLOCK - 1) & ~(size_t)(TNN_GADGET_BLOCK - 1);
    const rest_fields rest = {ALL8(body->half_unit), ALL8(2 * body->half_unit - 1) & mask_lanes(body)};
    const uint32_t halves = TNN_GADGET_BLOCK * body->lane * body->half_unit;
    sum_blocks(body->corrections, turn, N, 0, before, &rest);
    if (before < after) {
        body->corrections[before / TNN_GADGET_BLOCK] = sum_parts(turn, N, before, meet, &rest);
    }
    sum_blocks(body->corrections, turn, N, after, N, &rest);
    for (size_t i = 0; i < N / TNN_GADGET_BLOCK; i++) {
        body->corrections[i] -= halves;
    }
    tnn_gadget_corrections(body->corrections, N / TNN_GADGET_BLOCK);
}

/* --------------------------------------------------------------------------------------------------- forward -- */

/* Digits of a chunk, by stretch: stretch j holds the coefficients j N/8 + t, of which 0 to 3 are real parts and 4 to 7
 * imaginary parts. */
typedef struct digit_chunk {
    _Alignas(32) int32_t of[8][CHUNK][TNN_QUAD_LANES];
} digit_chunk;

/* The first level on the chunk that starts at t. */
TNN_INLINE void chunk_first_level(const tnn_quad_fft *fft, double *spectrum, const digit_chunk *digits, size_t t,
                                  size_t count) {
    const size_t stretch = fft->N / 8;
    tnn_complex w[3];
    tnn_quad_load_roots(w, fft->levels[0].roots, 3);
    for (size_t i = 0; i < count; i++) {
        tnn_complex x[4];
        for (uint32_t j = 0; j < 4; j++) {
            x[j].re = reals_of(*(const signed4 *)digits->of[j][i]);
            x[j].im = reals_of(*(const signed4 *)digits->of[j + 4][i]);
        }
        tnn_complex_divide4(x, w);
        tnn_quad_store_points(spectrum + (t + i) * TNN_QUAD_POINT, x, 4, stretch);
    }
}

/* A digit of two neighbouring entries; its sign is its top bit. The top digit has nothing above it to shift out. */
TNN_INLINE signed8 cut_digits(words8 words, tnn_quad_digit digit, bool top) {
    return (signed8)(top ? words : words << digit.left) >> digit.right;
}

/* What is added to entry t and the others of its block: in the body's lane the correction too. */
TNN_INLINE words8 offset_at(const uint32_t *corrections, words8 in_body, uint32_t offset, size_t t) {
    return ALL8(offset) + (ALL8(corrections[t / TNN_GADGET_BLOCK]) & in_body);
}

/* Digits of a turn for one stretch of a chunk. Coefficient t of X^e p is p[t - e], and X^N = -1: with
 * t - e modulo 2N in [N, 2N) it is the negative of the entry N lower. None of the rotated entries lies past the end of
 * the quad but the last one. -x is ~x + 1, and the 1 goes with the offset. */
TNN_INLINE void rotated_stretch(int32_t (*digits)[TNN_QUAD_LANES], const tnn_quad_turn *turn, uint32_t N, size_t first,
                                size_t count, words8 offset, tnn_quad_digit digit, bool top) {
    const uint32_t at = ((uint32_t)first - turn->exponent) & (2 * N - 1);
    const uint32_t negated = at & N ? ~0u : 0u;
    const uint32_t *rotated = turn->rotated + TNN_QUAD_LANES * (size_t)(at & (N - 1));
    const uint32_t *straight = turn->straight + TNN_QUAD_LANES * first;
    const words8 sign = ALL8(negated);
    offset -= sign;
    for (size_t i = 0; i < count; i += 2) {
        const words8 difference =
            (load_entries(rotated + TNN_QUAD_LANES * i) ^ sign) - load_entries(straight + TNN_QUAD_LANES * i) + offset;
        *(signed8 *)digits[i] = cut_digits(difference, digit, top);
    }
}

/* Butterflies start to end - 1, a chunk at a time: all eight stretches into the buffer, then the level from it. Chunks
 * do not lie across blocks. */
TNN_INLINE void rotated_range(const tnn_quad_fft *fft, double *spectrum, const tnn_quad_turn *turn,
                              const tnn_quad_body *body, size_t start, size_t end, tnn_quad_digit digit, bool top) {
    const size_t stretch = fft->N / 8;
    const words8 in_body = body_lane(body);
    digit_chunk digits;
    for (size_t t = start; t < end;) {
        const size_t left = CHUNK - t % CHUNK;
        const size_t count = end - t < left ? end - t : left;
        for (size_t j = 0; j < 8; j++) {
            const size_t first = j * stretch + t;
            const words8 offset = offset_at(body->corrections, in_body, digit.offset, first);
            rotated_stretch(digits.of[j], turn, fft->N, first, count, offset, digit, top);
        }
        chunk_first_level(fft, spectrum, &digits, t, count);
        t += count;
    }
}

/* One of the eight stretches passes the end of the quad, at t = exponent mod N/8: the ranges meet there, so that each
 * has one sign. At an even t, since entries go by twos: of a pair that lies across, the second is entry N, which is
 * kept. */
TNN_INLINE void rotated_first_level(const tnn_quad_fft *fft, double *spectrum, const tnn_quad_turn *turn,
                                    const tnn_quad_body *body, tnn_quad_digit digit, bool top) {
    const size_t stretch = fft->N / 8;
    const size_t meet = ((turn->exponent & (stretch - 1)) + 1) & ~(size_t)1;
    rotated_range(fft, spectrum, turn, body, 0, meet, digit, top);
    rotated_range(fft, spectrum, turn, body, meet, stretch, digit, top);
}

/* Rotation, difference, digit and first level in one pass. */
static void forward_rotated(const tnn_quad_fft *fft, double *spectrum, const tnn_quad_turn *turn,
                            const tnn_quad_body *body, tnn_quad_digit digit, tnn_quad_fetch fetch) {
    if (digit.left == 0) {
        rotated_first_level(fft, spectrum, turn, body, digit, true);
    } else {
        rotated_first_level(fft, spectrum, turn, body, digit, false);
    }
    tnn_quad_levels_forward(fft, spectrum, fetch);
}

/* As above without rotation or difference, for single products: two butterflies at a time. */
static void forward_digits(const tnn_quad_fft *fft, double *spectrum, const uint32_t *quad, tnn_quad_digit digit) {
    const size_t stretch = fft->N / 8;
    digit_chunk digits;
    for (size_t t = 0; t < stretch; t += 2) {
        for (size_t j = 0; j < 8; j++) {
            const words8 words = load_entries(quad + TNN_QUAD_LANES * (j * stretch + t)) + digit.offset;
            *(signed8 *)digits.of[j][0] = cut_digits(words, digit, false);
        }
        chunk_first_level(fft, spectrum, &digits, t, 2);
    }
    tnn_quad_levels_forward(fft, spectrum, (tnn_quad_fetch){0});
}

/* Real coefficients, of keys: no digits to cut. */
static void forward_reals(const tnn_quad_fft *fft, double *spectrum, const double *reals) {
    const size_t stretch = fft->N / 8;
    const double *imaginary = reals + 4 * stretch * TNN_QUAD_LANES;
    tnn_complex w[3];
    tnn_quad_load_roots(w, fft->levels[0].roots, 3);
    for (size_t t = 0; t < stretch; t++) {
        tnn_complex x[4];
        for (uint32_t j = 0; j < 4; j++) {
            const size_t at = TNN_QUAD_LANES * (j * stretch + t);
            x[j] = (tnn_complex){tnn_vector_load(reals + at), tnn_vector_load(imaginary + at)};
        }
        tnn_complex_divide4(x, w);
        tnn_quad_store_points(spectrum + t * TNN_QUAD_POINT, x, 4, stretch);
    }
    tnn_quad_levels_forward(fft, spectrum, (tnn_quad_fetch){0});
}

/* --------------------------------------------------------------------------------------------------- product -- */

/* One point of every item. Each row of the GGSW ciphertext is loaded once; sums stay in registers where `columns`,
 * `levels` and `items` are constants. */
TNN_INLINE void multiply_point(double *const *spectra, size_t point, const double *ggsw, uint32_t points,
                               uint32_t columns, uint32_t levels, uint32_t items) {
    const size_t level_doubles = (size_t)points * TNN_QUAD_POINT;
    tnn_complex sum[4] = {0};
    for (uint32_t level = 0; level < levels; level++) {
        const size_t digits = point + level * level_doubles;
        for (uint32_t c = 0; c < columns; c++, ggsw += TNN_QUAD_POINT) {
            const tnn_vector row_re = tnn_vector_load(ggsw);
            const tnn_vector row_im = tnn_vector_load(ggsw + TNN_QUAD_LANES);
            for (uint32_t i = 0; i < items; i++) {
                /* Digit c of item i, the same number to all four columns of its row. */
                const tnn_vector re = tnn_vector_all(spectra[i][digits + c]);
                const tnn_vector im = tnn_vector_all(spectra[i][digits + c + TNN_QUAD_LANES]);
                sum[i].re += re * row_re;
                sum[i].im += re * row_im;
                sum[i].re -= im * row_im;
                sum[i].im += im * row_re;
            }
        }
    }
    for (uint32_t i = 0; i < items; i++) {
        tnn_quad_store_points(spectra[i] + point, &sum[i], 1, 0);
    }
}

TNN_INLINE void multiply_points(double *const *spectra, const double *ggsw, uint32_t points, uint32_t columns,
                                uint32_t levels, uint32_t items) {
    double *of[4];
    for (uint32_t i = 0; i < items; i++) {
        of[i] = spectra[i];
    }
    const size_t ggsw_point = (size_t)levels * columns * TNN_QUAD_POINT;
    for (size_t p = 0; p < points; p++) {
        multiply_point(of, p * TNN_QUAD_POINT, ggsw + p * ggsw_point, points, columns, levels, items);
    }
}

TNN_INLINE void multiply_levels(const tnn_quad_shape *shape, double *const *spectra, const double *ggsw,
                                uint32_t columns, uint32_t items) {
    if (shape->levels == 1) {
        multiply_points(spectra, ggsw, shape->points, columns, 1, items);
    } else {
        multiply_points(spectra, ggsw, shape->points, columns, shape->levels, items);
    }
}

TNN_INLINE void multiply_items(const tnn_quad_shape *shape, double *const *spectra, const double *ggsw,
                               uint32_t items) {
    switch (shape->columns) {
    case 2: multiply_levels(shape, spectra, ggsw, 2, items); break;
    case 3: multiply_levels(shape, spectra, ggsw, 3, items); break;
    default: multiply_levels(shape, spectra, ggsw, 4, items); break;
    }
}

/* Each switch turns a size into a constant for the loops inside: items, columns, levels. */
static void multiply(const tnn_quad_shape *shape, double *const *spectra, const double *ggsw, uint32_t items) {
    switch (items) {
    case 1: multiply_items(shape, spectra, ggsw, 1); break;
    case 2: multiply_items(shape, spectra, ggsw, 2); break;
    case 3: multiply_items(shape, spectra, ggsw, 3); break;
    default: multiply_items(shape, spectra, ggsw, 4); break;
    }
}

/* --------------------------------------------------------------------------------------------------- inverse -- */

/*
 * Reals as words, in the low half of each lane: rounded to integers and reduced modulo 2^32. Doubles from 2^52 to 2^53
 * are integers; adding 3 * 2^51, the middle of them, to a number below 2^51 in size leaves it, rounded, in the low bits
 * of the sum, as two's complement since 3 * 2^51 is 0 modulo 2^32. Larger numbers lose their multiple of 2^32 first,
 * rounded in the same way.
 */
TNN_INLINE long4 round_reals(tnn_vector x, bool small) {
    if (small) {
        return (long4)(x + 0x3p51);
    }
    const tnn_vector turns = (x * 0x1p-32 + 0x3p51) - 0x3p51;
    return (long4)((x - turns * 0x1p32) + 0x3p51);
}

/* The low halves of two vectors of four. First within 16 bytes, as one instruction does it: a0 a1 b0 b1 a2 a3 b2 b3;
 * then pairs across. */
TNN_INLINE words8 narrow(long4 a, long4 b) {
    const words8 halves = __builtin_shufflevector((words8)a, (words8)b, 0, 2, 8, 10, 4, 6, 12, 14);
    return (words8)__builtin_shufflevector((long4)halves, (long4)halves, 0, 2, 1, 3);
}

/* Rounded coefficients of a chunk, by stretch as above. */
typedef struct coefficient_chunk {
    long4 of[8][CHUNK];
} coefficient_chunk;

/* The last level on `count` values of t from t on. */
TNN_INLINE void chunk_last_level(coefficient_chunk *coefficients, const tnn_quad_fft *fft, const double *spectrum,
                                 size_t t, size_t count, bool small) {
    tnn_complex w[3];
    tnn_quad_load_roots(w, fft->levels[0].roots, 3);
    for (size_t i = 0; i < count; i++) {
        tnn_complex x[4];
        tnn_quad_load_points(x, spectrum + (t + i) * TNN_QUAD_POINT, 4, fft->N / 8);
        tnn_complex_combine4(x, w);
        for (uint32_t j = 0; j < 4; j++) {
            coefficients->of[j][i] = round_reals(x[j].re, small);
            coefficients->of[j + 4][i] = round_reals(x[j].im, small);
        }
    }
}

/* Coefficients of a stretch, two entries at a time, in the units that they count; words wrap. */
TNN_INLINE void add_stretch(uint32_t *entries, const long4 *coefficients, size_t count, uint32_t coarse_bits) {
    for (size_t i = 0; i < count; i += 2) {
        words8_at16 *sum = (words8_at16 *)(entries + TNN_QUAD_LANES * i);
        *sum += narrow(coefficients[i], coefficients[i + 1]) << coarse_bits;
    }
}

TNN_INLINE void inverse_last_level(const tnn_quad_fft *fft, uint32_t *quad, const double *spectrum,
                                   uint32_t coarse_bits, bool small) {
    const size_t stretch = fft->N / 8;
    const size_t count = stretch < CHUNK ? stretch : CHUNK;
    coefficient_chunk coefficients;
    for (size_t t = 0; t < stretch; t += count) {
        chunk_last_level(&coefficients, fft, spectrum, t, count, small);
        for (size_t j = 0; j < 8; j++) {
            add_stretch(quad + TNN_QUAD_LANES * (j * stretch + t), coefficients.of[j], count, coarse_bits);
        }
    }
}

/* Last level, rounding, reduction and accumulation in one pass. */
static void inverse_add(const tnn_quad_fft *fft, uint32_t *quad, double *spectrum, uint32_t coarse_bits,
                        tnn_quad_fetch fetch) {
    tnn_quad_levels_inverse(fft, spectrum, fetch);
    if (coarse_bits > 0) {
        inverse_last_level(fft, quad, spectrum, coarse_bits, true);
    } else {
        inverse_last_level(fft, quad, spectrum, 0, false);
    }
    for (uint32_t lane = 0; lane < TNN_QUAD_LANES; lane++) {
        /* The entry behind the last follows the first. */
        quad[TNN_QUAD_LANES * fft->N + lane] = 0 - quad[lane];
    }
}

extern const tnn_quad_kernels TNN_QUAD_KERNELS;
const tnn_quad_kernels TNN_QUAD_KERNELS = {
    .correct_rotated = correct_rotated,
    .forward_rotated = forward_rotated,
    .forward_digits = forward_digits,
    .forward_reals = forward_reals,
    .multiply = multiply,
    .inverse_add = inverse_add,
};
