/*
 * See quad_kernels.h. CMake compiles this file once for each instruction set from AVX2 up, with TNN_QUAD_KERNELS naming
 * the resulting table. No floating-point option here may reorder sums: inverse_add rounds by adding a constant.
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

#include <immintrin.h>

#if !defined(TNN_LANES) /* a test asks for eight whatever the registers */
#if defined(__AVX512F__)
#define TNN_LANES 8
#else
#define TNN_LANES 4
#endif
#endif
#include "gadget.h"
#include "quad_levels.h"

/* WORDS words are as long as TNN_LANES doubles. */
#define WORDS (2 * TNN_LANES)
typedef int32_t signed_lanes __attribute__((vector_size(TNN_LANES * sizeof(int32_t))));
typedef uint64_t long_lanes __attribute__((vector_size(TNN_LANES * sizeof(uint64_t))));
typedef int32_t signed_words __attribute__((vector_size(WORDS * sizeof(int32_t))));
typedef uint32_t words __attribute__((vector_size(WORDS * sizeof(uint32_t))));
typedef uint32_t words8 __attribute__((vector_size(8 * sizeof(uint32_t))));
typedef uint32_t words_at8 __attribute__((vector_size(WORDS * sizeof(uint32_t)), aligned(8))); /* at any entry */

TNN_INLINE words all_words(uint32_t x) {
    return x - (words){0};
}

TNN_INLINE tnn_vector reals_of(const int32_t *from) {
    const signed_lanes x = *(const signed_lanes *)__builtin_assume_aligned(from, sizeof(signed_lanes));
#if defined(__AVX512F__)
    return (tnn_vector)_mm512_cvtepi32_pd((__m256i)x);
#elif TNN_LANES == 4
    return (tnn_vector)_mm256_cvtepi32_pd((__m128i)x); /* GCC 12 takes four instructions for the line below */
#else
    return __builtin_convertvector(x, tnn_vector);
#endif
}

TNN_INLINE words load_entries(const uint32_t *entries) {
    return *(const words_at8 *)entries;
}

/* Values of t that go through the first level together, those of a block of corrections. Their digits, or coefficients,
 * wait in a buffer of the first-level cache: registers hold one butterfly. */
#define CHUNK ((size_t)TNN_GADGET_BLOCK)
#define CHUNK_WORDS (4 * CHUNK)

/* ------------------------------------------------------------------------------------------------ corrections -- */

/* The polynomial of each word of a vector of entries. */
TNN_INLINE words polynomials(uint32_t slots) {
    words x = {0};
    for (uint32_t i = 0; i < WORDS; i++) {
        x[i] = i % slots;
    }
    return x;
}

/* All ones in the words of masks, and in those of the body. */
TNN_INLINE words mask_lanes(const tnn_quad_body *body, uint32_t slots) {
    return (words)(polynomials(slots) < all_words(body->lane));
}

TNN_INLINE words body_lane(const tnn_quad_body *body, uint32_t slots) {
    return (words)(polynomials(slots) == all_words(body->lane));
}

/* A rest is (word + half_unit) & below_unit, less half_unit; 0 in lanes that are not masks. */
typedef struct rest_fields {
    words half_unit;
    words below_unit;
} rest_fields;

/* Rests of `count` words of a turn, summed in WORDS sums: of rotated - straight, or -rotated - straight. */
TNN_INLINE words sum_rests(const uint32_t *rotated, const uint32_t *straight, size_t count, bool negated,
                           const rest_fields *rest) {
    words sum = {0};
    for (size_t i = 0; i < count; i += WORDS) {
        const words moved = load_entries(rotated + i);
        const words raised = negated ? rest->half_unit - moved : rest->half_unit + moved;
        sum += (raised - load_entries(straight + i)) & rest->below_unit;
    }
    return sum;
}

TNN_INLINE uint32_t sum_of_words(words x) {
#if TNN_LANES == 8
    const words8 y = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
                     __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
#else
    const words8 y = x;
#endif
    const words8 halves = y + __builtin_shufflevector(y, y, 4, 5, 6, 7, 0, 1, 2, 3);
    const words8 quarters = halves + __builtin_shufflevector(halves, halves, 2, 3, 0, 1, 6, 7, 4, 5);
    return quarters[0] + quarters[1];
}

/* Sums of whole blocks from `first` to `end - 1`, all on one side of the end of the quad. */
TNN_INLINE void sum_blocks(uint32_t *sums, const tnn_quad_turn *turn, uint32_t N, size_t first, size_t end,
                           const rest_fields *rest, uint32_t slots) {
    const uint32_t at = ((uint32_t)first - turn->exponent) & (2 * N - 1);
    const uint32_t *rotated = turn->rotated + slots * (size_t)(at & (N - 1));
    const uint32_t *straight = turn->straight + slots * first;
    const size_t block = slots * TNN_GADGET_BLOCK;
    if (at & N) {
        for (size_t t = first; t < end; t += TNN_GADGET_BLOCK, rotated += block, straight += block) {
            sums[t / TNN_GADGET_BLOCK] = sum_of_words(sum_rests(rotated, straight, block, true, rest));
        }
    } else {
        for (size_t t = first; t < end; t += TNN_GADGET_BLOCK, rotated += block, straight += block) {
            sums[t / TNN_GADGET_BLOCK] = sum_of_words(sum_rests(rotated, straight, block, false, rest));
        }
    }
}

/* The block inside which the rotated entries pass the end of the quad, at `meet`: one part of each sign. */
TNN_INLINE uint32_t sum_parts(const tnn_quad_turn *turn, uint32_t N, size_t first, size_t meet, const rest_fields *rest,
                              uint32_t slots) {
    uint32_t sum = 0;
    const size_t ends[] = {first, meet, first + TNN_GADGET_BLOCK};
    for (size_t i = 0; i < 2; i++) {
        const uint32_t at = ((uint32_t)ends[i] - turn->exponent) & (2 * N - 1);
        const uint32_t *rotated = turn->rotated + slots * (size_t)(at & (N - 1));
        const uint32_t *straight = turn->straight + slots * ends[i];
        const size_t count = slots * (ends[i + 1] - ends[i]);
        sum += sum_of_words(at & N ? sum_rests(rotated, straight, count, true, rest)
                                   : sum_rests(rotated, straight, count, false, rest));
    }
    return sum;
}

/* Where ranges of rotated entries meet that pass the end of the quad at `t`: at a value that whole vectors of entries
 * reach. Of one that lies across, the entries behind the end are the copies that are kept there. */
TNN_INLINE size_t meeting_at(size_t t, uint32_t slots) {
    const size_t entries = WORDS / slots;
    return (t + entries - 1) & ~(entries - 1);
}

/* The rotated entries pass the end of the quad at t = exponent mod N. */
TNN_INLINE void correct_rotated_slots(const tnn_quad_body *body, const tnn_quad_turn *turn, uint32_t N,
                                      uint32_t slots) {
    const size_t meet = meeting_at(turn->exponent & (N - 1), slots);
    const size_t before = meet & ~(size_t)(TNN_GADGET_BLOCK - 1);
    const size_t after = (meet + TNN_GADGET_BLOCK - 1) & ~(size_t)(TNN_GADGET_BLOCK - 1);
    const rest_fields rest = {all_words(body->half_unit), all_words(2 * body->half_unit - 1) & mask_lanes(body, slots)};
    const uint32_t halves = TNN_GADGET_BLOCK * body->lane * body->half_unit;
    sum_blocks(body->corrections, turn, N, 0, before, &rest, slots);
    if (before < after) {
        body->corrections[before / TNN_GADGET_BLOCK] = sum_parts(turn, N, before, meet, &rest, slots);
    }
    sum_blocks(body->corrections, turn, N, after, N, &rest, slots);
    for (size_t i = 0; i < N / TNN_GADGET_BLOCK; i++) {
        body->corrections[i] -= halves;
    }
    tnn_gadget_corrections(body->corrections, N / TNN_GADGET_BLOCK);
}

static void correct_rotated(const tnn_quad_body *body, const tnn_quad_turn *turn, uint32_t N) {
    if (body->lane == 1) {
        correct_rotated_slots(body, turn, N, 2);
    } else {
        correct_rotated_slots(body, turn, N, 4);
    }
}

/* --------------------------------------------------------------------------------------------------- forward -- */

/* Digits of a chunk, by stretch: stretch j holds the coefficients j N/8 + t, of which 0 to 3 are real parts and 4 to 7
 * imaginary parts. */
typedef struct digit_chunk {
    _Alignas(64) int32_t of[8][CHUNK_WORDS];
} digit_chunk;

/* The first level on the chunk that starts at t, as many points at once as a vector holds quarters. */
TNN_INLINE void chunk_first_level(const tnn_quad_fft *fft, double *spectrum, const digit_chunk *digits, size_t t,
                                  size_t count, uint32_t slots) {
    tnn_complex w[3];
    tnn_quad_load_roots(w, fft->levels[0].roots, 3, 0, slots);
    for (size_t i = 0; i < count; i += tnn_quad_quarters(slots)) {
        tnn_complex x[4];
        for (uint32_t j = 0; j < 4; j++) {
            x[j].re = reals_of(&digits->of[j][i * slots]);
            x[j].im = reals_of(&digits->of[j + 4][i * slots]);
        }
        tnn_complex_divide4(x, w);
        tnn_quad_transpose(x, slots);
        for (uint32_t j = 0; j < 4; j++) {
            tnn_quad_store(spectrum + tnn_quad_place(j, t + i, fft->N / 8, slots) * TNN_QUAD_POINT, x[j]);
        }
    }
}

/* A digit of each word; its sign is its top bit. The top digit has nothing above it to shift out. */
TNN_INLINE signed_words cut_digits(words x, tnn_quad_digit digit, bool top) {
    return (signed_words)(top ? x : x << digit.left) >> digit.right;
}

/* What is added to entry t and the others of its block: in the body's lane the correction too. */
TNN_INLINE words offset_at(const uint32_t *corrections, words in_body, uint32_t offset, size_t t) {
    return all_words(offset) + (all_words(corrections[t / TNN_GADGET_BLOCK]) & in_body);
}

/* Digits of a turn for one stretch of a chunk. Coefficient t of X^e p is p[t - e], and X^N = -1: with t - e modulo 2N
 * in [N, 2N) it is the negative of the entry N lower. None of the rotated entries lies past the end of the quad but its
 * copies. -x is ~x + 1, and the 1 goes with the offset. */
TNN_INLINE void rotated_stretch(int32_t *digits, const tnn_quad_turn *turn, uint32_t N, size_t first, size_t count,
                                words offset, tnn_quad_digit digit, bool top, uint32_t slots) {
    const uint32_t at = ((uint32_t)first - turn->exponent) & (2 * N - 1);
    const uint32_t negated = at & N ? ~0u : 0u;
    const uint32_t *rotated = turn->rotated + slots * (size_t)(at & (N - 1));
    const uint32_t *straight = turn->straight + slots * first;
    const words sign = all_words(negated);
    offset -= sign;
    for (size_t i = 0; i < count * slots; i += WORDS) {
        const words difference = (load_entries(rotated + i) ^ sign) - load_entries(straight + i) + offset;
        *(signed_words *)(digits + i) = cut_digits(difference, digit, top);
    }
}

/* Butterflies start to end - 1, a chunk at a time: all eight stretches into the buffer, then the level from it. Chunks
 * do not lie across blocks. */
TNN_INLINE void rotated_range(const tnn_quad_fft *fft, double *spectrum, const tnn_quad_turn *turn,
                              const tnn_quad_body *body, size_t start, size_t end, tnn_quad_digit digit, bool top,
                              uint32_t slots) {
    const size_t stretch = fft->N / 8;
    const words in_body = body_lane(body, slots);
    digit_chunk digits;
    for (size_t t = start; t < end;) {
        const size_t left = CHUNK - t % CHUNK;
        const size_t count = end - t < left ? end - t : left;
        for (size_t j = 0; j < 8; j++) {
            const size_t first = j * stretch + t;
            const words offset = offset_at(body->corrections, in_body, digit.offset, first);
            rotated_stretch(digits.of[j], turn, fft->N, first, count, offset, digit, top, slots);
        }
        chunk_first_level(fft, spectrum, &digits, t, count, slots);
        t += count;
    }
}

/* One of the eight stretches passes the end of the quad, at t = exponent mod N/8: the ranges meet there, so that each
 * has one sign. */
TNN_INLINE void rotated_first_level(const tnn_quad_fft *fft, double *spectrum, const tnn_quad_turn *turn,
                                    const tnn_quad_body *body, tnn_quad_digit digit, bool top, uint32_t slots) {
    const size_t stretch = fft->N / 8;
    const size_t meet = meeting_at(turn->exponent & (stretch - 1), slots);
    rotated_range(fft, spectrum, turn, body, 0, meet, digit, top, slots);
    rotated_range(fft, spectrum, turn, body, meet, stretch, digit, top, slots);
}

/* Rotation, difference, digit and first level in one pass. */
TNN_INLINE void forward_rotated_slots(const tnn_quad_fft *fft, double *spectrum, const tnn_quad_turn *turn,
                                      const tnn_quad_body *body, tnn_quad_digit digit, tnn_quad_fetch fetch,
                                      uint32_t slots) {
    if (digit.left == 0) {
        rotated_first_level(fft, spectrum, turn, body, digit, true, slots);
    } else {
        rotated_first_level(fft, spectrum, turn, body, digit, false, slots);
    }
    tnn_quad_levels_forward(fft, spectrum, fetch, slots);
}

static void forward_rotated(const tnn_quad_fft *fft, double *spectrum, const tnn_quad_turn *turn,
                            const tnn_quad_body *body, tnn_quad_digit digit, tnn_quad_fetch fetch) {
    if (fft->slots == 2) {
        forward_rotated_slots(fft, spectrum, turn, body, digit, fetch, 2);
    } else {
        forward_rotated_slots(fft, spectrum, turn, body, digit, fetch, 4);
    }
}

/* As above without rotation or difference, for single products: a vector of words at a time. */
TNN_INLINE void forward_digits_slots(const tnn_quad_fft *fft, double *spectrum, const uint32_t *quad,
                                     tnn_quad_digit digit, uint32_t slots) {
    const size_t stretch = fft->N / 8;
    digit_chunk digits;
    for (size_t t = 0; t < stretch; t += WORDS / slots) {
        for (size_t j = 0; j < 8; j++) {
            const words x = load_entries(quad + slots * (j * stretch + t)) + digit.offset;
            *(signed_words *)digits.of[j] = cut_digits(x, digit, false);
        }
        chunk_first_level(fft, spectrum, &digits, t, WORDS / slots, slots);
    }
    tnn_quad_levels_forward(fft, spectrum, (tnn_quad_fetch){0}, slots);
}

static void forward_digits(const tnn_quad_fft *fft, double *spectrum, const uint32_t *quad, tnn_quad_digit digit) {
    if (fft->slots == 2) {
        forward_digits_slots(fft, spectrum, quad, digit, 2);
    } else {
        forward_digits_slots(fft, spectrum, quad, digit, 4);
    }
}

/* Real coefficients, of keys: no digits to cut. */
TNN_INLINE void forward_reals_slots(const tnn_quad_fft *fft, double *spectrum, const double *reals, uint32_t slots) {
    const size_t stretch = fft->N / 8;
    const double *imaginary = reals + 4 * stretch * slots;
    tnn_complex w[3];
    tnn_quad_load_roots(w, fft->levels[0].roots, 3, 0, slots);
    for (size_t t = 0; t < stretch; t += tnn_quad_quarters(slots)) {
        tnn_complex x[4];
        for (uint32_t j = 0; j < 4; j++) {
            const size_t at = slots * (j * stretch + t);
            x[j] = (tnn_complex){tnn_vector_load(reals + at), tnn_vector_load(imaginary + at)};
        }
        tnn_complex_divide4(x, w);
        tnn_quad_transpose(x, slots);
        for (uint32_t j = 0; j < 4; j++) {
            tnn_quad_store(spectrum + tnn_quad_place(j, t, stretch, slots) * TNN_QUAD_POINT, x[j]);
        }
    }
    tnn_quad_levels_forward(fft, spectrum, (tnn_quad_fetch){0}, slots);
}

static void forward_reals(const tnn_quad_fft *fft, double *spectrum, const double *reals) {
    if (fft->slots == 2) {
        forward_reals_slots(fft, spectrum, reals, 2);
    } else {
        forward_reals_slots(fft, spectrum, reals, 4);
    }
}

/* --------------------------------------------------------------------------------------------------- product -- */

/* Digit c of each quarter's point in all lanes of the quarter. */
TNN_INLINE tnn_vector digit_lanes(const double *digits, uint32_t c, uint32_t slots) {
    return slots == TNN_LANES ? tnn_vector_all(digits[c]) : tnn_quad_spread(tnn_vector_load(digits), c, slots);
}

/* One point of every item. Each row of the GGSW ciphertext is loaded once; sums stay in registers where `columns`,
 * `levels` and `items` are constants. */
TNN_INLINE void multiply_point(double *const *spectra, size_t point, const double *ggsw, size_t level_doubles,
                               uint32_t columns, uint32_t levels, uint32_t items, uint32_t slots) {
    tnn_complex sum[4] = {0};
    for (uint32_t level = 0; level < levels; level++) {
        const size_t digits = point + level * level_doubles;
        for (uint32_t c = 0; c < columns; c++, ggsw += TNN_QUAD_POINT) {
            const tnn_vector row_re = tnn_vector_load(ggsw);
            const tnn_vector row_im = tnn_vector_load(ggsw + TNN_LANES);
            for (uint32_t i = 0; i < items; i++) {
                /* Digit c of item i, the same number to all columns of its row. */
                const tnn_vector re = digit_lanes(spectra[i] + digits, c, slots);
                const tnn_vector im = digit_lanes(spectra[i] + digits + TNN_LANES, c, slots);
                sum[i].re += re * row_re;
                sum[i].im += re * row_im;
                sum[i].re -= im * row_im;
                sum[i].im += im * row_re;
            }
        }
    }
    for (uint32_t i = 0; i < items; i++) {
        tnn_quad_store(spectra[i] + point, sum[i]);
    }
}

TNN_INLINE void multiply_points(const tnn_quad_shape *shape, double *const *spectra, const double *ggsw,
                                uint32_t columns, uint32_t levels, uint32_t items, uint32_t slots) {
    const size_t level_doubles = tnn_quad_doubles(shape->points, slots);
    const size_t ggsw_point = (size_t)levels * columns * TNN_QUAD_POINT;
    double *of[4];
    for (uint32_t i = 0; i < items; i++) {
        of[i] = spectra[i];
    }
    for (size_t point = 0; point < level_doubles; point += TNN_QUAD_POINT, ggsw += ggsw_point) {
        multiply_point(of, point, ggsw, level_doubles, columns, levels, items, slots);
    }
}

TNN_INLINE void multiply_levels(const tnn_quad_shape *shape, double *const *spectra, const double *ggsw,
                                uint32_t columns, uint32_t items) {
    const uint32_t slots = columns == 2 ? 2 : 4;
    if (shape->levels == 1) {
        multiply_points(shape, spectra, ggsw, columns, 1, items, slots);
    } else {
        multiply_points(shape, spectra, ggsw, columns, shape->levels, items, slots);
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
TNN_INLINE long_lanes round_reals(tnn_vector x, bool small) {
    if (small) {
        return (long_lanes)(x + 0x3p51);
    }
    const tnn_vector turns = (x * 0x1p-32 + 0x3p51) - 0x3p51;
    return (long_lanes)((x - turns * 0x1p32) + 0x3p51);
}

/* The low halves of two vectors. Of four: first within 16 bytes, as one instruction does it, a0 a1 b0 b1 a2 a3 b2 b3,
 * then pairs across. */
TNN_INLINE words narrow(long_lanes a, long_lanes b) {
#if TNN_LANES == 4
    const words halves = __builtin_shufflevector((words)a, (words)b, 0, 2, 8, 10, 4, 6, 12, 14);
    return (words)__builtin_shufflevector((long_lanes)halves, (long_lanes)halves, 0, 2, 1, 3);
#else
    return __builtin_shufflevector((words)a, (words)b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
#endif
}

/* Rounded coefficients of a chunk, by stretch as above. */
typedef struct coefficient_chunk {
    _Alignas(64) uint64_t of[8][CHUNK_WORDS];
} coefficient_chunk;

/* The last level on `count` values of t from t on. */
TNN_INLINE void chunk_last_level(coefficient_chunk *coefficients, const tnn_quad_fft *fft, const double *spectrum,
                                 size_t t, size_t count, bool small, uint32_t slots) {
    tnn_complex w[3];
    tnn_quad_load_roots(w, fft->levels[0].roots, 3, 0, slots);
    for (size_t i = 0; i < count; i += tnn_quad_quarters(slots)) {
        tnn_complex x[4];
        for (uint32_t j = 0; j < 4; j++) {
            x[j] = tnn_quad_load(spectrum + tnn_quad_place(j, t + i, fft->N / 8, slots) * TNN_QUAD_POINT);
        }
        tnn_quad_transpose(x, slots);
        tnn_complex_combine4(x, w);
        for (uint32_t j = 0; j < 4; j++) {
            *(long_lanes *)&coefficients->of[j][i * slots] = round_reals(x[j].re, small);
            *(long_lanes *)&coefficients->of[j + 4][i * slots] = round_reals(x[j].im, small);
        }
    }
}

/* Coefficients of a stretch, in the units that they count; words wrap. */
TNN_INLINE void add_stretch(uint32_t *entries, const uint64_t *coefficients, size_t count, uint32_t coarse_bits) {
    for (size_t i = 0; i < count; i += WORDS) {
        const long_lanes *low = (const long_lanes *)(coefficients + i);
        *(words_at8 *)(entries + i) += narrow(low[0], low[1]) << coarse_bits;
    }
}

TNN_INLINE void inverse_last_level(const tnn_quad_fft *fft, uint32_t *quad, const double *spectrum,
                                   uint32_t coarse_bits, bool small, uint32_t slots) {
    const size_t stretch = fft->N / 8;
    const size_t count = stretch < CHUNK ? stretch : CHUNK;
    coefficient_chunk coefficients;
    for (size_t t = 0; t < stretch; t += count) {
        chunk_last_level(&coefficients, fft, spectrum, t, count, small, slots);
        for (size_t j = 0; j < 8; j++) {
            add_stretch(quad + slots * (j * stretch + t), coefficients.of[j], count * slots, coarse_bits);
        }
    }
}

/* Last level, rounding, reduction and accumulation in one pass. */
TNN_INLINE void inverse_add_slots(const tnn_quad_fft *fft, uint32_t *quad, double *spectrum, uint32_t coarse_bits,
                                  tnn_quad_fetch fetch, uint32_t slots) {
    tnn_quad_levels_inverse(fft, spectrum, fetch, slots);
    if (coarse_bits > 0) {
        inverse_last_level(fft, quad, spectrum, coarse_bits, true, slots);
    } else {
        inverse_last_level(fft, quad, spectrum, 0, false, slots);
    }
    tnn_quad_close(quad, fft->N, slots);
}

static void inverse_add(const tnn_quad_fft *fft, uint32_t *quad, double *spectrum, uint32_t coarse_bits,
                        tnn_quad_fetch fetch) {
    if (fft->slots == 2) {
        inverse_add_slots(fft, quad, spectrum, coarse_bits, fetch, 2);
    } else {
        inverse_add_slots(fft, quad, spectrum, coarse_bits, fetch, 4);
    }
}

extern const tnn_quad_kernels TNN_QUAD_KERNELS;
const tnn_quad_kernels TNN_QUAD_KERNELS = {
    .lanes = TNN_LANES,
    .correct_rotated = correct_rotated,
    .forward_rotated = forward_rotated,
    .forward_digits = forward_digits,
    .forward_reals = forward_reals,
    .multiply = multiply,
    .inverse_add = inverse_add,
};
