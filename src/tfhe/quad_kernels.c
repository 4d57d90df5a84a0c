/*
 * See quad_kernels.h. CMake compiles this file once for each instruction set, with TNN_QUAD_KERNELS naming the
 * resulting table. No floating-point option here may reorder sums: inverse_add rounds by adding a constant.
 *
 * Cost for one ciphertext, N = 512: four levels of 64 butterflies each way (16 multiplications and 12 additions of
 * vectors, 8 loads, 8 stores each) and 4 columns^2 l products of vectors for each of 256 points.
 */
#include "quad_kernels.h"

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

TNN_INLINE tnn_quad reals_of(signed4 x) {
#if defined(__AVX__)
    return (tnn_quad)_mm256_cvtepi32_pd((__m128i)x); /* GCC 12 takes four instructions for the line below */
#else
    return __builtin_convertvector(x, tnn_quad);
#endif
}

/* Two neighbouring entries as reals. */
TNN_INLINE void split_reals(tnn_quad *first, tnn_quad *second, signed8 x) {
    *first = reals_of(__builtin_shufflevector(x, x, 0, 1, 2, 3));
    *second = reals_of(__builtin_shufflevector(x, x, 4, 5, 6, 7));
}

TNN_INLINE words8 load_entries(const uint32_t *entries) {
    return *(const words8_at16 *)entries;
}

/* --------------------------------------------------------------------------------------------------- forward -- */

/* Where the eight stretches of a quad that the first level reads come from, for a range of t: stretch j holds the
 * coefficients j N/8 + t, 0 to 3 real parts and 4 to 7 imaginary parts. */
typedef struct rotated_source {
    const uint32_t *from[8]; /* at the start of the range */
    words8 sign[8];          /* all ones where the coefficient is negated */
} rotated_source;

/* For t from `start`, as far as no stretch passes the end of the quad: X^exponent moves coefficient t - exponent to t.
 */
TNN_INLINE void set_source(rotated_source *source, const uint32_t *quad, uint32_t N, uint32_t start,
                           uint32_t exponent) {
    for (uint32_t j = 0; j < 8; j++) {
        const uint32_t at = (start + j * (N / 8) - exponent) & (2 * N - 1);
        const uint32_t negated = at & N ? ~0u : 0u;
        source->from[j] = quad + TNN_QUAD_LANES * (size_t)(at & (N - 1));
        source->sign[j] = ALL8(negated);
    }
}

/* Digits of (X^exponent - 1) quad, two neighbouring entries; -x is ~x + 1, and the 1 goes with the offset. */
TNN_INLINE signed8 rotated_digits(const rotated_source *source, const uint32_t *quad, uint32_t j, size_t since_start,
                                  tnn_quad_digit digit) {
    const words8 sign = source->sign[j];
    const words8 rotated = load_entries(source->from[j] + TNN_QUAD_LANES * since_start) ^ sign;
    const words8 straight = load_entries(quad);
    const words8 difference = rotated - straight + (digit.offset - sign);
    return (signed8)(difference << digit.left) >> digit.right;
}

/* The first level for two values of t. */
TNN_INLINE void first_level(double *spectrum, size_t t, size_t stretch, tnn_quad_complex x[4], tnn_quad_complex y[4],
                            const tnn_quad_complex w[3]) {
    tnn_quad_divide4(x, w);
    tnn_quad_store_points(spectrum + t * TNN_QUAD_POINT, x, 4, stretch);
    tnn_quad_divide4(y, w);
    tnn_quad_store_points(spectrum + (t + 1) * TNN_QUAD_POINT, y, 4, stretch);
}

TNN_INLINE void rotated_range(const tnn_quad_fft *fft, double *spectrum, const uint32_t *quad, size_t start, size_t end,
                              uint32_t exponent, tnn_quad_digit digit) {
    const size_t stretch = fft->N / 8;
    rotated_source source;
    tnn_quad_complex w[3];
    set_source(&source, quad, fft->N, (uint32_t)start, exponent);
    tnn_quad_load_roots(w, fft->levels[0].roots, 3);
    for (size_t t = start; t < end; t += 2) {
        tnn_quad_complex x[4];
        tnn_quad_complex y[4];
        for (uint32_t j = 0; j < 4; j++) {
            const uint32_t *re = quad + TNN_QUAD_LANES * (j * stretch + t);
            const uint32_t *im = re + 4 * stretch * TNN_QUAD_LANES;
            split_reals(&x[j].re, &y[j].re, rotated_digits(&source, re, j, t - start, digit));
            split_reals(&x[j].im, &y[j].im, rotated_digits(&source, im, j + 4, t - start, digit));
        }
        first_level(spectrum, t, stretch, x, y, w);
    }
}

/* Rotation, difference, digit and first level in one pass. One of the eight stretches passes the end of the quad, at
 * t = exponent mod N/8: the ranges meet there, at an even t. */
static void forward_rotated(const tnn_quad_fft *fft, double *spectrum, const uint32_t *quad, uint32_t exponent,
                            tnn_quad_digit digit) {
    const size_t stretch = fft->N / 8;
    const size_t meet = ((exponent & (stretch - 1)) + 1) & ~(size_t)1;
    rotated_range(fft, spectrum, quad, 0, meet, exponent, digit);
    rotated_range(fft, spectrum, quad, meet, stretch, exponent, digit);
    tnn_quad_levels_forward(fft, spectrum);
}

static void forward_digits(const tnn_quad_fft *fft, double *spectrum, const uint32_t *quad, tnn_quad_digit digit) {
    const size_t stretch = fft->N / 8;
    tnn_quad_complex w[3];
    tnn_quad_load_roots(w, fft->levels[0].roots, 3);
    for (size_t t = 0; t < stretch; t += 2) {
        tnn_quad_complex x[4];
        tnn_quad_complex y[4];
        for (uint32_t j = 0; j < 8; j++) {
            const words8 word = load_entries(quad + TNN_QUAD_LANES * (j * stretch + t)) + digit.offset;
            const signed8 digits = (signed8)(word << digit.left) >> digit.right;
            split_reals(j < 4 ? &x[j].re : &x[j - 4].im, j < 4 ? &y[j].re : &y[j - 4].im, digits);
        }
        first_level(spectrum, t, stretch, x, y, w);
    }
    tnn_quad_levels_forward(fft, spectrum);
}

static void forward_reals(const tnn_quad_fft *fft, double *spectrum, const double *reals) {
    const size_t stretch = fft->N / 8;
    const double *imaginary = reals + 4 * stretch * TNN_QUAD_LANES;
    tnn_quad_complex w[3];
    tnn_quad_load_roots(w, fft->levels[0].roots, 3);
    for (size_t t = 0; t < stretch; t++) {
        tnn_quad_complex x[4];
        for (uint32_t j = 0; j < 4; j++) {
            const size_t at = TNN_QUAD_LANES * (j * stretch + t);
            x[j] = (tnn_quad_complex){tnn_quad_load(reals + at), tnn_quad_load(imaginary + at)};
        }
        tnn_quad_divide4(x, w);
        tnn_quad_store_points(spectrum + t * TNN_QUAD_POINT, x, 4, stretch);
    }
    tnn_quad_levels_forward(fft, spectrum);
}

/* --------------------------------------------------------------------------------------------------- product -- */

/* One point of every item. Each row of the GGSW ciphertext is loaded once; sums stay in registers where `columns` and
 * `items` are constants. */
TNN_INLINE void multiply_point(const tnn_quad_shape *shape, double *point, const double *ggsw, uint32_t columns,
                               uint32_t items) {
    const size_t level_doubles = (size_t)shape->points * TNN_QUAD_POINT;
    const size_t item_doubles = shape->levels * level_doubles;
    tnn_quad_complex sum[4] = {0};
    for (uint32_t level = 0; level < shape->levels; level++) {
        const double *digits = point + level * level_doubles;
        for (uint32_t c = 0; c < columns; c++, ggsw += TNN_QUAD_POINT) {
            const tnn_quad row_re = tnn_quad_load(ggsw);
            const tnn_quad row_im = tnn_quad_load(ggsw + TNN_QUAD_LANES);
            for (uint32_t i = 0; i < items; i++) {
                const tnn_quad re = tnn_quad_all(digits[i * item_doubles + c]);
                const tnn_quad im = tnn_quad_all(digits[i * item_doubles + c + TNN_QUAD_LANES]);
                sum[i].re += re * row_re;
                sum[i].im += re * row_im;
                sum[i].re -= im * row_im;
                sum[i].im += im * row_re;
            }
        }
    }
    tnn_quad_store_points(point, sum, items, item_doubles / TNN_QUAD_POINT);
}

TNN_INLINE void multiply_points(const tnn_quad_shape *shape, double *spectra, const double *ggsw, uint32_t columns,
                                uint32_t items) {
    const size_t ggsw_point = (size_t)shape->levels * columns * TNN_QUAD_POINT;
    for (size_t p = 0; p < shape->points; p++) {
        multiply_point(shape, spectra + p * TNN_QUAD_POINT, ggsw + p * ggsw_point, columns, items);
    }
}

TNN_INLINE void multiply_items(const tnn_quad_shape *shape, double *spectra, const double *ggsw, uint32_t items) {
    switch (shape->columns) {
    case 2: multiply_points(shape, spectra, ggsw, 2, items); break;
    case 3: multiply_points(shape, spectra, ggsw, 3, items); break;
    default: multiply_points(shape, spectra, ggsw, 4, items); break;
    }
}

static void multiply(const tnn_quad_shape *shape, double *spectra, const double *ggsw, uint32_t items) {
    switch (items) {
    case 1: multiply_items(shape, spectra, ggsw, 1); break;
    case 2: multiply_items(shape, spectra, ggsw, 2); break;
    case 3: multiply_items(shape, spectra, ggsw, 3); break;
    default: multiply_items(shape, spectra, ggsw, 4); break;
    }
}

/* --------------------------------------------------------------------------------------------------- inverse -- */

/*
 * Reals as words, in the low half of each lane: rounded to integers and reduced modulo 2^32. Adding 3 * 2^51 to a
 * number below 2^51 leaves it, rounded, in the low bits of the sum. Larger ones lose their multiple of 2^32 first.
 */
TNN_INLINE long4 round_reals(tnn_quad x, bool small) {
    if (small) {
        return (long4)(x + 0x3p51);
    }
    const tnn_quad turns = (x * 0x1p-32 + 0x3p51) - 0x3p51;
    return (long4)((x - turns * 0x1p32) + 0x3p51);
}

/* The low halves of two vectors of four. */
TNN_INLINE words8 narrow(long4 a, long4 b) {
    const words8 halves = __builtin_shufflevector((words8)a, (words8)b, 0, 2, 8, 10, 4, 6, 12, 14);
    return (words8)__builtin_shufflevector((long4)halves, (long4)halves, 0, 2, 1, 3);
}

TNN_INLINE void add_entries(uint32_t *entries, tnn_quad first, tnn_quad second, uint32_t coarse_bits, bool small) {
    words8_at16 *sum = (words8_at16 *)entries;
    *sum += narrow(round_reals(first, small), round_reals(second, small)) << coarse_bits;
}

TNN_INLINE void inverse_last_level(const tnn_quad_fft *fft, uint32_t *quad, const double *spectrum,
                                   uint32_t coarse_bits, bool small) {
    const size_t stretch = fft->N / 8;
    uint32_t *imaginary = quad + 4 * stretch * TNN_QUAD_LANES;
    tnn_quad_complex w[3];
    tnn_quad_load_roots(w, fft->levels[0].roots, 3);
    for (size_t t = 0; t < stretch; t += 2) {
        tnn_quad_complex x[4];
        tnn_quad_complex y[4];
        tnn_quad_load_points(x, spectrum + t * TNN_QUAD_POINT, 4, stretch);
        tnn_quad_combine4(x, w);
        tnn_quad_load_points(y, spectrum + (t + 1) * TNN_QUAD_POINT, 4, stretch);
        tnn_quad_combine4(y, w);
        for (uint32_t j = 0; j < 4; j++) {
            const size_t at = TNN_QUAD_LANES * (j * stretch + t);
            add_entries(quad + at, x[j].re, y[j].re, coarse_bits, small);
            add_entries(imaginary + at, x[j].im, y[j].im, coarse_bits, small);
        }
    }
}

/* Last level, rounding, reduction and accumulation in one pass. */
static void inverse_add(const tnn_quad_fft *fft, uint32_t *quad, double *spectrum, uint32_t coarse_bits) {
    tnn_quad_levels_inverse(fft, spectrum);
    if (coarse_bits > 0) {
        inverse_last_level(fft, quad, spectrum, coarse_bits, true);
    } else {
        inverse_last_level(fft, quad, spectrum, 0, false);
    }
    for (uint32_t lane = 0; lane < TNN_QUAD_LANES; lane++) {
        quad[TNN_QUAD_LANES * fft->N + lane] = 0 - quad[lane];
    }
}

extern const tnn_quad_kernels TNN_QUAD_KERNELS;
const tnn_quad_kernels TNN_QUAD_KERNELS = {
    .forward_rotated = forward_rotated,
    .forward_digits = forward_digits,
    .forward_reals = forward_reals,
    .multiply = multiply,
    .inverse_add = inverse_add,
};
