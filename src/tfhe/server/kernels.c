/*
 * Plain loops that the compiler vectorizes. CMake compiles this file once for each instruction set, with TNN_KERNELS
 * naming the resulting table. No floating-point option here may reorder sums: untwist_add rounds by adding a constant.
 *
 * A polynomial p passes through fft.h as N/2 complex points (p[t] + i p[t + N/2]) w^t, w = exp(i pi / N), and comes
 * back times the conjugate of w^t: fft.h. Both passes are fused with what stands before them, the cut of a digit, and
 * behind, the reduction to words.
 */
#include "kernels.h"

#include <string.h>

#include "gadget.h"

#define MAX_COLUMNS 7u /* TNN_MAX_RANK + 1 */

/* x or -x. */
static inline uint32_t negate_if(uint32_t x, uint32_t all_ones_if_negative) {
    return (x ^ all_ones_if_negative) - all_ones_if_negative;
}

/* X^exponent wraps `exponent mod N` coefficients round to the front, negated; N and more negates everything. */
static void rotate_minus(uint32_t *restrict out, const uint32_t *rotated, const uint32_t *subtracted, uint32_t N,
                         uint32_t exponent) {
    const size_t wrapped = exponent & (N - 1);
    const size_t straight = N - wrapped;
    const uint32_t negated = (exponent & N) ? ~0u : 0u;
    const uint32_t *tail = rotated + straight;
    for (size_t t = 0; t < wrapped; t++) {
        out[t] = negate_if(tail[t], ~negated) - subtracted[t];
    }
    for (size_t t = 0; t < straight; t++) {
        out[wrapped + t] = negate_if(rotated[t], negated) - subtracted[wrapped + t];
    }
}

/* The field of Bg values that the offset of gadget.h has moved up by half a base; signed again, it is the digit. */
static inline double digit(uint32_t x, uint32_t shift, uint32_t mask, int32_t half) {
    return (double)((int32_t)((x >> shift) & mask) - half);
}

static void decompose_twist(double *restrict out, const uint32_t *restrict in, const double *restrict twist, uint32_t N,
                            uint32_t base_log, uint32_t shift, uint32_t offset) {
    const uint32_t points = N / 2;
    const uint32_t mask = (1u << base_log) - 1;
    const int32_t half = (int32_t)(1u << (base_log - 1));
    for (uint32_t t = 0; t < points; t++) {
        /* (low + i high)(cos + i sin), the twist w^t of point t. */
        double low = digit(in[t] + offset, shift, mask, half);
        double high = digit(in[t + points] + offset, shift, mask, half);
        out[t] = low * twist[t] - high * twist[t + points];
        out[t + points] = low * twist[t + points] + high * twist[t];
    }
}

/* As many doubles as one register holds. */
#if defined(__AVX512F__)
#define LANES 8u
#elif defined(__AVX__)
#define LANES 4u
#else
#define LANES 2u
#endif
#define INLINE static inline __attribute__((always_inline))
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));

static inline lanes load(const double *from) {
    return *(const lanes *)__builtin_assume_aligned(from, sizeof(lanes));
}

static inline void store(double *to, lanes value) {
    *(lanes *)__builtin_assume_aligned(to, sizeof(lanes)) = value;
}

/* As many words as fill a register; registers fill a block of gadget.h. */
typedef uint32_t words __attribute__((vector_size(sizeof(lanes))));
typedef uint32_t words4 __attribute__((vector_size(16)));
#define WORDS (sizeof(words) / sizeof(uint32_t))

static inline uint32_t sum_of_words(words x) {
    words4 parts[WORDS / 4];
    words4 sum = {0};
    memcpy(parts, &x, sizeof x);
    for (size_t i = 0; i < WORDS / 4; i++) {
        sum += parts[i];
    }
    return sum[0] + sum[1] + sum[2] + sum[3];
}

/* The sum of the rests of a block of k polynomials, N words apart. */
static inline uint32_t sum_rests(const uint32_t *masks, uint32_t N, uint32_t k, uint32_t half_unit) {
    words sum = {0};
    for (size_t c = 0; c < k; c++) {
        const words *mask = (const words *)__builtin_assume_aligned(masks + c * N, sizeof(words));
        for (size_t i = 0; i < TNN_GADGET_BLOCK / WORDS; i++) {
            sum += (mask[i] + half_unit) & (2 * half_unit - 1);
        }
    }
    return sum_of_words(sum) - TNN_GADGET_BLOCK * k * half_unit;
}

static inline void add_to_block(uint32_t *restrict out, const uint32_t *restrict in, uint32_t correction) {
    words *sum = (words *)__builtin_assume_aligned(out, sizeof(words));
    const words *from = (const words *)__builtin_assume_aligned(in, sizeof(words));
    for (size_t i = 0; i < TNN_GADGET_BLOCK / WORDS; i++) {
        sum[i] = from[i] + correction;
    }
}

static void correct_body(uint32_t *restrict out, uint32_t *restrict corrections, const uint32_t *restrict glwe,
                         uint32_t N, uint32_t k, uint32_t half_unit) {
    const uint32_t *body = glwe + (size_t)k * N;
    const size_t blocks = N / TNN_GADGET_BLOCK;
    for (size_t i = 0; i < blocks; i++) {
        corrections[i] = sum_rests(glwe + i * TNN_GADGET_BLOCK, N, k, half_unit);
    }
    tnn_gadget_corrections(corrections, blocks);
    for (size_t i = 0; i < blocks; i++) {
        add_to_block(out + i * TNN_GADGET_BLOCK, body + i * TNN_GADGET_BLOCK, corrections[i]);
    }
}

/* LANES points of every column; `columns` is a constant where this is inlined, so the sums stay in registers. */
INLINE void multiply_points(double *restrict out, const double *restrict digits, const double *restrict ggsw,
                            uint32_t rows, uint32_t columns, uint32_t N) {
    const size_t points = N / 2;
    lanes re[MAX_COLUMNS];
    lanes im[MAX_COLUMNS];
    for (uint32_t c = 0; c < columns; c++) {
        re[c] = im[c] = (lanes){0};
    }
    for (uint32_t r = 0; r < rows; r++) {
        const lanes a_re = load(digits + (size_t)r * N);
        const lanes a_im = load(digits + (size_t)r * N + points);
        for (uint32_t c = 0; c < columns; c++, ggsw += 2 * TNN_POINT_BLOCK) {
            const lanes b_re = load(ggsw);
            const lanes b_im = load(ggsw + TNN_POINT_BLOCK);
            /* The two additions to a sum stand apart: the second has to wait for the first. */
            re[c] += a_re * b_re;
            im[c] += a_re * b_im;
            re[c] -= a_im * b_im;
            im[c] += a_im * b_re;
        }
    }
    for (uint32_t c = 0; c < columns; c++) {
        store(out + (size_t)c * N, re[c]);
        store(out + (size_t)c * N + points, im[c]);
    }
}

/* A block of TNN_POINT_BLOCK points holds all rows and columns: LANES points of it at a time. */
INLINE void multiply_columns(double *restrict out, const double *restrict digits, const double *restrict ggsw,
                             uint32_t rows, uint32_t columns, uint32_t N) {
    const size_t block_doubles = (size_t)rows * columns * 2 * TNN_POINT_BLOCK;
    for (size_t p = 0; p < N / 2; p += LANES) {
        multiply_points(out + p, digits + p, ggsw + p / TNN_POINT_BLOCK * block_doubles + p % TNN_POINT_BLOCK, rows,
                        columns, N);
    }
}

/* Ranks 1 to 3 are compiled with their column count; other ranks count at run time. */
static void multiply_rows(double *restrict out, const double *restrict digits, const double *restrict ggsw,
                          uint32_t rows, uint32_t columns, uint32_t N) {
    switch (columns) {
    case 2: multiply_columns(out, digits, ggsw, rows, 2, N); break;
    case 3: multiply_columns(out, digits, ggsw, rows, 3, N); break;
    case 4: multiply_columns(out, digits, ggsw, rows, 4, N); break;
    default: multiply_columns(out, digits, ggsw, rows, columns, N); break;
    }
}

/* Real x modulo 1 as a multiple of 2^-32, for |x| < 2^51. Adding and taking away 3 * 2^51 rounds to an integer; adding
 * 3 * 2^19 to the remainder leaves round(2^32 remainder) in the low 32 bits of the sum. */
static inline uint32_t torus_of(double x) {
    const double integers = 0x3p51;
    const double fractions = 0x3p19;
    double shifted = (x - ((x + integers) - integers)) + fractions;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return (uint32_t)bits;
}

static void untwist_add(uint32_t *restrict accumulator, const double *restrict in, const double *restrict twist,
                        uint32_t N) {
    const uint32_t points = N / 2;
    for (uint32_t t = 0; t < points; t++) {
        /* Times the conjugate of w^t; low and high are the coefficients t and t + N/2. */
        double low = in[t] * twist[t] + in[t + points] * twist[t + points];
        double high = in[t + points] * twist[t] - in[t] * twist[t + points];
        accumulator[t] += torus_of(low);
        accumulator[t + points] += torus_of(high);
    }
}

/* The sum over i of weights[i] A[i - t], for all t and all masks A of a block: one pass of multiply-adds over t for
 * each weight that is not 0 and each mask. Sums wrap modulo 2^bits. The cast to 32 bits keeps the product of two words
 * of 16 unsigned, where int would overflow. */
#define DEFINE_CORRELATE(bits)                                                                                         \
    INLINE void add_shifted##bits(uint##bits##_t *restrict out, const uint##bits##_t *restrict shifted,                \
                                  uint##bits##_t weight, uint32_t degree) {                                            \
        for (uint32_t t = 0; t < degree; t++) {                                                                        \
            out[t] = (uint##bits##_t)(out[t] + (uint32_t)weight * shifted[t]);                                         \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    static void correlate##bits(uint##bits##_t *restrict out, const uint##bits##_t *restrict reversed,                 \
                                const int16_t *restrict weights, uint32_t count, uint32_t degree, uint32_t masks) {    \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            for (size_t j = 0; weights[i] != 0 && j < masks; j++) {                                                    \
                add_shifted##bits(out + j * degree, reversed + (2 * j + 1) * degree - i, (uint##bits##_t)weights[i],   \
                                  degree);                                                                             \
            }                                                                                                          \
        }                                                                                                              \
    }

DEFINE_CORRELATE(16)
DEFINE_CORRELATE(32)

/* Negative factors come as words: -1 is 2^32 - 1, and products wrap. */
static void add_scaled(uint32_t *restrict out, const uint32_t *restrict in, uint32_t factor, size_t count) {
    for (size_t i = 0; i < count; i++) {
        out[i] += factor * in[i];
    }
}

#define STRING(x) STRING_OF(x)
#define STRING_OF(x) #x

#if defined(TNN_QUAD_KERNELS)
extern const tnn_quad_kernels TNN_QUAD_KERNELS;
#define QUAD &TNN_QUAD_KERNELS
#else
#define QUAD NULL
#endif

extern const tnn_kernels TNN_KERNELS;
const tnn_kernels TNN_KERNELS = {
    .name = STRING(TNN_KERNELS),
    .quad = QUAD,
    .rotate_minus = rotate_minus,
    .correct_body = correct_body,
    .decompose_twist = decompose_twist,
    .multiply_rows = multiply_rows,
    .untwist_add = untwist_add,
    .correlate16 = correlate16,
    .correlate32 = correlate32,
    .add_scaled = add_scaled,
};
