/* Every quad kernel of every instruction set of this processor, against a twin that is written from the contract. */
#include "quad_kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "draw.h"
#include "gadget.h"
#include "kernels.h"
#include "memory.h"
#include "quad_twin.h"
#include "schoolbook.h"
#include "testing.h"

#define NO_FETCH ((tnn_quad_fetch){0})
#define SETS_MOST 8u
#define LEAST_DEGREE 16u
#define MOST_DEGREE 8192u
#define LANES TNN_QUAD_LANES
#define POINT TNN_QUAD_POINT

static const tnn_kernels *sets[SETS_MOST];
static size_t set_count;

static int find_sets(void **state) {
    (void)state;
    set_count = tnn_kernels_available(sets, SETS_MOST);
    return set_count > 0 ? 0 : -1;
}

static tnn_quad_fft *plan_of(uint32_t N) {
    tnn_quad_fft *fft;
    assert_ok(tnn_quad_fft_create(&fft, N));
    return fft;
}

static size_t spectrum_bytes(uint32_t N) {
    return N / 2 * (size_t)POINT * sizeof(double);
}

/* Whatever bytes: kernels write every double. */
static double *new_spectrum(uint32_t N) {
    return new_random(spectrum_bytes(N), 1);
}

/* Integers [N][4] within the magnitude. */
static double *new_reals(uint32_t N, uint32_t magnitude) {
    double *reals = new_array(N * (size_t)LANES, sizeof *reals);
    for (size_t i = 0; i < N * (size_t)LANES; i++) {
        reals[i] = draw_signed(magnitude);
    }
    return reals;
}

/* Registers of four doubles are what the quad engine needs; only sets that have them may be chosen for it. */
static void sets_of_wide_registers_say_so(void **state) {
    (void)state;
    for (size_t i = 0; i < set_count; i++) {
        assert_non_null(sets[i]->quad);
        assert_true(sets[i]->has_quads || i == 0);
    }
}

static void a_quad_fills_cache_lines(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        assert_int_equal(tnn_quad_words(N) * sizeof(uint32_t) % TNN_ALIGNMENT, 0);
        assert_true(tnn_quad_words(N) >= LANES * ((size_t)N + 1));
    }
}

/* ------------------------------------------------------------------------------------------ forward transforms -- */

/* Every lane of some points by the definition; the error of N terms below `magnitude`. */
static void check_spectrum(const tnn_quad_fft *fft, const double *spectrum, const double *reals, double magnitude) {
    const uint32_t N = fft->N;
    const uint32_t looked_at = N <= 64 ? N / 2 : 12;
    for (uint32_t i = 0; i < looked_at; i++) {
        const uint32_t point = N <= 64 ? i : draw_below(N / 2);
        for (uint32_t lane = 0; lane < LANES; lane++) {
            double re;
            double im;
            naive_value(reals + lane, N, LANES, quad_point_root(fft, point), &re, &im);
            assert_true(fabs(spectrum[point * POINT + lane] - re) <= N * magnitude * DBL_EPSILON);
            assert_true(fabs(spectrum[point * POINT + LANES + lane] - im) <= N * magnitude * DBL_EPSILON);
        }
    }
}

static void reals_are_evaluated_at_the_roots(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        double *reals = new_reals(N, 1000);
        for (size_t i = 0; i < set_count; i++) {
            double *spectrum = new_spectrum(N);
            sets[i]->quad->forward_reals(fft, spectrum, reals);
            check_spectrum(fft, spectrum, reals, 1000);
            tnn_free(spectrum);
        }
        tnn_free(reals);
        tnn_quad_fft_free(fft);
    }
}

/* a := a b 2 / N, point by point and lane by lane. */
static void multiply_lanes(double *a, const double *b, uint32_t N) {
    for (uint32_t point = 0; point < N / 2; point++, a += POINT, b += POINT) {
        for (uint32_t lane = 0; lane < LANES; lane++) {
            const double re = a[lane] * b[lane] - a[lane + LANES] * b[lane + LANES];
            const double im = a[lane] * b[lane + LANES] + a[lane + LANES] * b[lane];
            a[lane] = re * 2 / N;
            a[lane + LANES] = im * 2 / N;
        }
    }
}

/* quad += the product of the lanes, [N][4], by transforms. */
static void add_by_transforms(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft, uint32_t *quad, const double *a,
                              const double *b) {
    double *a_spectrum = new_spectrum(fft->N);
    double *b_spectrum = new_spectrum(fft->N);
    kernels->forward_reals(fft, a_spectrum, a);
    kernels->forward_reals(fft, b_spectrum, b);
    multiply_lanes(a_spectrum, b_spectrum, fft->N);
    kernels->inverse_add(fft, quad, a_spectrum, 0, NO_FETCH);
    tnn_free(a_spectrum);
    tnn_free(b_spectrum);
}

static uint64_t *new_lane(const double *reals, uint32_t N, uint32_t lane) {
    uint64_t *words = new_array(N, sizeof *words);
    for (uint32_t t = 0; t < N; t++) {
        words[t] = (uint64_t)(int64_t)reals[LANES * t + lane];
    }
    return words;
}

/* quad += the same by the schoolbook, on words that wrap. */
static void add_by_schoolbook(uint32_t *quad, const double *a, const double *b, uint32_t N) {
    for (uint32_t lane = 0; lane < LANES; lane++) {
        uint64_t *sum = new_array(N, sizeof *sum);
        uint64_t *x = new_lane(a, N, lane);
        uint64_t *y = new_lane(b, N, lane);
        schoolbook_add_product(sum, x, y, N);
        for (uint32_t t = 0; t < N; t++) {
            quad[LANES * t + lane] += (uint32_t)sum[t];
        }
        tnn_free(sum);
        tnn_free(x);
        tnn_free(y);
    }
    set_last_entry(quad, N);
}

/* Products of integers below 2^15: sums reach 2^36 and wrap, while errors stay below 2^-10, so words are exact. */
static void check_product(uint32_t N) {
    tnn_quad_fft *fft = plan_of(N);
    const size_t bytes = tnn_quad_words(N) * sizeof(uint32_t);
    double *a = new_reals(N, 1u << 15);
    double *b = new_reals(N, 1u << 15);
    uint32_t *before = new_quad(N, LANES);
    uint32_t *expected = new_array(bytes, 1);
    uint32_t *quad = new_array(bytes, 1);
    memcpy(expected, before, bytes);
    add_by_schoolbook(expected, a, b, N);
    for (size_t i = 0; i < set_count; i++) {
        memcpy(quad, before, bytes);
        add_by_transforms(sets[i]->quad, fft, quad, a, b);
        assert_memory_equal(quad, expected, bytes);
    }
    tnn_free(a);
    tnn_free(b);
    tnn_free(before);
    tnn_free(expected);
    tnn_free(quad);
    tnn_quad_fft_free(fft);
}

static void product_equals_schoolbook_in_every_lane(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        check_product(N);
    }
}

/* ------------------------------------------------------------------------------------------------------ digits -- */

static int64_t naive_digit(uint32_t word, tnn_quad_digit digit) {
    const int64_t base = (int64_t)1 << (32 - digit.right);
    const int64_t cut = (int64_t)((uint32_t)((word + digit.offset) * ((uint64_t)1 << digit.left)) >> digit.right);
    return cut < base / 2 ? cut : cut - base;
}

static double *new_digits(const uint32_t *quad, uint32_t N, tnn_quad_digit digit) {
    double *reals = new_array(N * (size_t)LANES, sizeof *reals);
    for (size_t i = 0; i < N * (size_t)LANES; i++) {
        reals[i] = (double)naive_digit(quad[i], digit);
    }
    return reals;
}

/* The transform of other digits would differ by 1 somewhere; that of the same differs by rounding at most. */
static void check_digits(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft, const uint32_t *quad,
                         tnn_quad_digit digit) {
    const uint32_t N = fft->N;
    const double tolerance = ldexp(N * DBL_EPSILON, 31 - (int)digit.right);
    double *digits = new_digits(quad, N, digit);
    double *expected = new_spectrum(N);
    double *spectrum = new_spectrum(N);
    assert_true(tolerance < 0.01);
    kernels->forward_reals(fft, expected, digits);
    kernels->forward_digits(fft, spectrum, quad, digit);
    for (size_t i = 0; i < N / 2 * (size_t)POINT; i++) {
        assert_true(fabs(spectrum[i] - expected[i]) <= tolerance);
    }
    tnn_free(digits);
    tnn_free(expected);
    tnn_free(spectrum);
}

/* Random words, and among them those at which a digit wraps. */
static uint32_t *new_quad_to_cut(uint32_t N, tnn_quad_digit digit) {
    const uint32_t unit = 1u << (digit.right - digit.left);
    const uint32_t edges[] = {0,
                              1,
                              ~0u,
                              1u << 31,
                              (1u << 31) - 1,
                              0 - digit.offset,
                              ~digit.offset,
                              unit - digit.offset,
                              unit / 2 - digit.offset,
                              unit / 2 - 1 - digit.offset};
    uint32_t *quad = new_quad(N, LANES);
    memcpy(quad, edges, sizeof edges);
    set_last_entry(quad, N);
    return quad;
}

/* Digit `level` of a gadget of any base: left = base_log level, right = 32 - base_log. */
static tnn_quad_digit random_digit(uint32_t base_log) {
    return (tnn_quad_digit){draw_below(~0u), base_log * draw_below(32 / base_log), 32 - base_log};
}

static void digits_are_cut_and_transformed(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        for (uint32_t base_log = 1; base_log <= 31; base_log++) {
            const tnn_quad_digit digit = random_digit(base_log);
            uint32_t *quad = new_quad_to_cut(N, digit);
            for (size_t i = 0; i < set_count; i++) {
                check_digits(sets[i]->quad, fft, quad, digit);
            }
            tnn_free(quad);
        }
        tnn_quad_fft_free(fft);
    }
}

/* X^exponent rotated - straight, a quad again. */
static uint32_t *new_difference(const tnn_quad_turn *turn, uint32_t N) {
    uint32_t *difference = new_array(tnn_quad_words(N), sizeof *difference);
    uint32_t *poly = new_array(N, sizeof *poly);
    for (uint32_t lane = 0; lane < LANES; lane++) {
        for (uint32_t t = 0; t < N; t++) {
            poly[t] = turn->rotated[LANES * t + lane];
        }
        for (uint32_t t = 0; t < N; t++) {
            difference[LANES * t + lane] =
                schoolbook_rotated(poly, N, turn->exponent, t) - turn->straight[LANES * t + lane];
        }
    }
    set_last_entry(difference, N);
    tnn_free(poly);
    return difference;
}

/* Lanes below the body's are masks that round to units of 2^log2_unit. */
static void correct_by_schoolbook(uint32_t *quad, uint32_t N, uint32_t lane, uint32_t log2_unit) {
    uint32_t *glwe = new_array(LANES * (size_t)N, sizeof *glwe);
    uint32_t *body = new_array(N, sizeof *body);
    for (uint32_t i = 0; i < LANES * N; i++) {
        glwe[i % LANES * N + i / LANES] = quad[i];
    }
    schoolbook_corrected_body(body, glwe, lane, N, log2_unit);
    for (uint32_t t = 0; t < N; t++) {
        quad[LANES * t + lane] = body[t];
    }
    tnn_free(glwe);
    tnn_free(body);
}

static tnn_quad_body new_body(uint32_t N, uint32_t lane, uint32_t log2_unit) {
    return (tnn_quad_body){lane, 1u << (log2_unit - 1), new_random(N / TNN_GADGET_BLOCK, sizeof(uint32_t))};
}

/* No bit differs: the same sums of the same digits. */
static void check_turn(const tnn_quad_fft *fft, const tnn_quad_turn *turn) {
    const uint32_t N = fft->N;
    const tnn_quad_digit digit = random_digit(1 + draw_below(31));
    const uint32_t log2_unit = 1 + draw_below(17);
    const tnn_quad_body body = new_body(N, 1 + draw_below(LANES - 1), log2_unit);
    uint32_t *difference = new_difference(turn, N);
    correct_by_schoolbook(difference, N, body.lane, log2_unit);
    double *expected = new_spectrum(N);
    double *spectrum = new_spectrum(N);
    for (size_t i = 0; i < set_count; i++) {
        sets[i]->quad->forward_digits(fft, expected, difference, digit);
        sets[i]->quad->correct_rotated(&body, turn, N);
        sets[i]->quad->forward_rotated(fft, spectrum, turn, &body, digit, NO_FETCH);
        assert_memory_equal(spectrum, expected, spectrum_bytes(N));
    }
    tnn_free(body.corrections);
    tnn_free(difference);
    tnn_free(expected);
    tnn_free(spectrum);
}

/* One quad less itself, and less another. */
static void check_rotation(const tnn_quad_fft *fft, const uint32_t *quad, uint32_t exponent) {
    uint32_t *other = new_quad(fft->N, LANES);
    check_turn(fft, &(tnn_quad_turn){quad, quad, exponent});
    check_turn(fft, &(tnn_quad_turn){quad, other, exponent});
    tnn_free(other);
}

static void every_exponent_rotates(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= 256; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        uint32_t *quad = new_quad(N, LANES);
        for (uint32_t exponent = 0; exponent < 2 * N; exponent++) {
            check_rotation(fft, quad, exponent);
        }
        tnn_free(quad);
        tnn_quad_fft_free(fft);
    }
}

/* The eight stretches end at multiples of N/8. */
static void exponents_at_and_between_the_stretches_rotate(void **state) {
    (void)state;
    for (uint32_t N = 512; N <= MOST_DEGREE; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        uint32_t *quad = new_quad(N, LANES);
        for (uint32_t stretch = 0; stretch < 16; stretch++) {
            const uint32_t first = stretch * (N / 8);
            const uint32_t exponents[] = {first, first + 1, first + 2, first + N / 8 - 1, first + draw_below(N / 8)};
            for (size_t i = 0; i < COUNT_OF(exponents); i++) {
                check_rotation(fft, quad, exponents[i]);
            }
        }
        tnn_free(quad);
        tnn_quad_fft_free(fft);
    }
}

/* ---------------------------------------------------------------------------------------------------- products -- */

#define ITEMS_MOST 4u

static double *new_signed(size_t count) {
    double *values = new_array(count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i] = draw_signed(1u << 30) * 0x1p-30;
    }
    return values;
}

/* Rows of points; lanes from `columns` up are unused and hold 0. */
static double *new_ggsw(const tnn_quad_shape *shape) {
    const size_t count = (size_t)shape->points * shape->levels * shape->columns * POINT;
    double *ggsw = new_signed(count);
    for (size_t i = 0; i < count; i++) {
        ggsw[i] = i % LANES < shape->columns ? ggsw[i] : 0;
    }
    return ggsw;
}

static size_t item_doubles(const tnn_quad_shape *shape) {
    return (size_t)shape->points * shape->levels * POINT;
}

/* A sum of `rows` products of numbers below 1, each off by an epsilon of the sum. */
static void check_point(const tnn_quad_shape *shape, const double *out, const double *digits, const double *ggsw,
                        uint32_t point) {
    const uint32_t rows = shape->levels * shape->columns;
    for (uint32_t lane = 0; lane < LANES; lane++) {
        long double re = 0;
        long double im = 0;
        for (uint32_t row = 0; row < rows; row++) {
            const double *a =
                digits + ((size_t)(row / shape->columns) * shape->points + point) * POINT + row % shape->columns;
            const double *b = ggsw + ((size_t)point * rows + row) * POINT + lane;
            re += (long double)a[0] * b[0] - (long double)a[LANES] * b[LANES];
            im += (long double)a[0] * b[LANES] + (long double)a[LANES] * b[0];
        }
        const double tolerance = lane < shape->columns ? 4.0 * rows * rows * DBL_EPSILON : 0;
        assert_true(fabsl(re - out[point * POINT + lane]) <= tolerance);
        assert_true(fabsl(im - out[point * POINT + LANES + lane]) <= tolerance);
    }
}

/* Level 0 of each item holds sums, the other levels what they held. */
static void check_item(const tnn_quad_shape *shape, const double *out, const double *digits, const double *ggsw) {
    const size_t level_doubles = (size_t)shape->points * POINT;
    for (uint32_t point = 0; point < shape->points; point++) {
        check_point(shape, out, digits, ggsw, point);
    }
    assert_memory_equal(out + level_doubles, digits + level_doubles,
                        (item_doubles(shape) - level_doubles) * sizeof *out);
}

/* Items of a batch against sums and, bit by bit, against each item alone; the item behind the last must stay. */
static void check_items(const tnn_quad_kernels *kernels, const tnn_quad_shape *shape, const double *digits,
                        const double *ggsw, uint32_t items) {
    const size_t doubles = item_doubles(shape);
    double *out = new_array((ITEMS_MOST + 1) * doubles, sizeof *out);
    double *alone = new_array(doubles, sizeof *alone);
    memcpy(out, digits, (ITEMS_MOST + 1) * doubles * sizeof *out);
    /* In another order than they lie in memory. */
    double *spectra[ITEMS_MOST];
    for (uint32_t i = 0; i < items; i++) {
        spectra[i] = out + (items - 1 - i) * doubles;
    }
    kernels->multiply(shape, spectra, ggsw, items);
    for (uint32_t i = 0; i < items; i++) {
        memcpy(alone, digits + i * doubles, doubles * sizeof *alone);
        kernels->multiply(shape, &alone, ggsw, 1);
        assert_memory_equal(out + i * doubles, alone, doubles * sizeof *alone);
        check_item(shape, out + i * doubles, digits + i * doubles, ggsw);
    }
    assert_memory_equal(out + items * doubles, digits + items * doubles, doubles * sizeof *out);
    tnn_free(out);
    tnn_free(alone);
}

static void check_shape(const tnn_quad_shape *shape) {
    double *digits = new_signed((ITEMS_MOST + 1) * item_doubles(shape));
    double *ggsw = new_ggsw(shape);
    for (size_t i = 0; i < set_count; i++) {
        for (uint32_t items = 1; items <= ITEMS_MOST; items++) {
            check_items(sets[i]->quad, shape, digits, ggsw, items);
        }
    }
    tnn_free(digits);
    tnn_free(ggsw);
}

static void digits_are_multiplied_by_the_rows(void **state) {
    (void)state;
    const uint32_t points[] = {8, 64, 256};
    for (uint32_t columns = 2; columns <= LANES; columns++) {
        for (uint32_t levels = 1; levels <= 3; levels++) {
            for (size_t i = 0; i < COUNT_OF(points); i++) {
                const tnn_quad_shape shape = {points[i], columns, levels};
                check_shape(&shape);
            }
        }
    }
}

/* ----------------------------------------------------------------------------------------------------- inverse -- */

/* x as a multiple of 2^-32 of the torus, ties to even; fmod is exact. */
static uint32_t naive_word(double x) {
    return (uint32_t)llrint(fmod(x, 0x1p32));
}

/* Spectra whose points are all c 2 / N (1 or i) have the coefficient c at 0 or N/2, without rounding: for each lane one
 * number as the real and one as the imaginary part. All other coefficients are 0. */
static void check_rounding(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft, const double *numbers,
                           uint32_t coarse_bits) {
    const uint32_t N = fft->N;
    double *spectrum = new_spectrum(N);
    uint32_t *quad = new_quad(N, LANES);
    uint32_t *expected = new_array(tnn_quad_words(N), sizeof *expected);
    memcpy(expected, quad, tnn_quad_words(N) * sizeof *quad);
    for (uint32_t i = 0; i < POINT; i++) {
        for (uint32_t point = 0; point < N / 2; point++) {
            spectrum[point * POINT + i] = numbers[i] * 2 / N;
        }
        expected[(i / LANES) * (N / 2) * LANES + i % LANES] += naive_word(numbers[i]) << coarse_bits;
    }
    set_last_entry(expected, N);
    kernels->inverse_add(fft, quad, spectrum, coarse_bits, NO_FETCH);
    assert_memory_equal(quad, expected, tnn_quad_words(N) * sizeof *quad);
    tnn_free(spectrum);
    tnn_free(quad);
    tnn_free(expected);
}

/* Two numbers, their neighbours and their negatives: a point. */
static void check_around(const tnn_quad_fft *fft, double x, uint32_t coarse_bits) {
    const double below = nextafter(x, -INFINITY);
    const double numbers[POINT] = {x, -x, below, -below, -x, below, x, -below};
    for (size_t i = 0; i < set_count; i++) {
        check_rounding(sets[i]->quad, fft, numbers, coarse_bits);
    }
}

/* Halves, quarters and whole numbers beside each power of two that coarse rounding has to stand. */
static void coarse_rounding_is_exact_up_to_2_to_the_51(void **state) {
    (void)state;
    const double fractions[] = {0, 0.25, 0.5, 0.75, 1, 1.5, 2.5};
    const uint32_t coarse_bits[] = {1, 2, 4, 7, 14, 20};
    tnn_quad_fft *ffts[] = {plan_of(16), plan_of(32), plan_of(512)};
    for (int power = 0; power <= 50; power++) {
        for (size_t i = 0; i < COUNT_OF(fractions); i++) {
            const uint32_t bits = coarse_bits[(unsigned)power % COUNT_OF(coarse_bits)];
            check_around(ffts[i % COUNT_OF(ffts)], ldexp(1, power) + fractions[i], bits);
        }
    }
    check_around(ffts[0], 0x1p51 - 0.5, 4);
    check_around(ffts[1], 0x1p51 - 1, 1);
    for (size_t i = 0; i < COUNT_OF(ffts); i++) {
        tnn_quad_fft_free(ffts[i]);
    }
}

/* Larger numbers are whole multiples of more than 1, and lose their multiple of 2^32. */
static void rounding_to_the_last_bit_is_exact_up_to_2_to_the_80(void **state) {
    (void)state;
    const double fractions[] = {0, 0.5, 0x1p31, 0x1p31 + 0.5, 0x3p30, 0x1p32 - 1, 0x1p32 - 0.5};
    tnn_quad_fft *fft = plan_of(64);
    for (int power = 0; power <= 80; power++) {
        for (size_t i = 0; i < COUNT_OF(fractions); i++) {
            check_around(fft, ldexp(1, power) + fractions[i], 0);
        }
    }
    tnn_quad_fft_free(fft);
}

/* Polynomials with coefficients up to 2^50 through both transforms: off by the rounding of doubles, 2^-52 of the
 * largest for each of 2 log2(N) levels at most. */
static void check_large(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft, uint32_t coarse_bits) {
    const uint32_t N = fft->N;
    const int64_t tolerance = 64;
    double *reals = new_reals(N, 1u << 30);
    double *spectrum = new_spectrum(N);
    uint32_t *quad = new_array(tnn_quad_words(N), sizeof *quad);
    for (size_t i = 0; i < N * (size_t)LANES; i++) {
        reals[i] = reals[i] * 0x1p20 + draw_signed(1u << 19);
    }
    kernels->forward_reals(fft, spectrum, reals);
    for (size_t i = 0; i < N / 2 * (size_t)POINT; i++) {
        spectrum[i] *= 2.0 / N;
    }
    kernels->inverse_add(fft, quad, spectrum, coarse_bits, NO_FETCH);
    for (size_t i = 0; i < N * (size_t)LANES; i++) {
        const int32_t error = (int32_t)(quad[i] - (naive_word(reals[i]) << coarse_bits));
        assert_in_range((int64_t)error + (tolerance << coarse_bits), 0, (uint64_t)(2 * tolerance) << coarse_bits);
        assert_int_equal(quad[i] & ((1u << coarse_bits) - 1), 0);
    }
    tnn_free(reals);
    tnn_free(spectrum);
    tnn_free(quad);
}

static void large_polynomials_come_back(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        for (size_t i = 0; i < set_count; i++) {
            check_large(sets[i]->quad, fft, 0);
            check_large(sets[i]->quad, fft, 4);
            check_large(sets[i]->quad, fft, 10);
        }
        tnn_quad_fft_free(fft);
    }
}

/* Fewer polynomials than lanes: zeros come out as zeros, of every kernel. */
static void check_unused_lanes(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft, uint32_t lanes) {
    const uint32_t N = fft->N;
    const tnn_quad_digit digit = {1u << 14, 0, 15};
    const tnn_quad_body body = new_body(N, lanes - 1, 15);
    uint32_t *quad = new_quad(N, lanes);
    double *spectrum = new_spectrum(N);
    const tnn_quad_turn turn = {quad, quad, 1 + draw_below(2 * N - 1)};
    kernels->correct_rotated(&body, &turn, N);
    kernels->forward_rotated(fft, spectrum, &turn, &body, digit, NO_FETCH);
    kernels->inverse_add(fft, quad, spectrum, 3, NO_FETCH);
    for (size_t i = 0; i < LANES * ((size_t)N + 1); i++) {
        assert_true(i % LANES < lanes || quad[i] == 0);
    }
    for (uint32_t lane = 0; lane < LANES; lane++) {
        assert_int_equal(quad[LANES * N + lane], 0 - quad[lane]);
    }
    tnn_free(body.corrections);
    tnn_free(quad);
    tnn_free(spectrum);
}

static void unused_lanes_stay_0(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= 1024; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        for (size_t i = 0; i < set_count * LANES; i++) {
            check_unused_lanes(sets[i / LANES]->quad, fft, 1 + i % LANES);
        }
        tnn_quad_fft_free(fft);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_of_wide_registers_say_so),
        cmocka_unit_test(a_quad_fills_cache_lines),
        cmocka_unit_test(reals_are_evaluated_at_the_roots),
        cmocka_unit_test(product_equals_schoolbook_in_every_lane),
        cmocka_unit_test(digits_are_cut_and_transformed),
        cmocka_unit_test(every_exponent_rotates),
        cmocka_unit_test(exponents_at_and_between_the_stretches_rotate),
        cmocka_unit_test(digits_are_multiplied_by_the_rows),
        cmocka_unit_test(coarse_rounding_is_exact_up_to_2_to_the_51),
        cmocka_unit_test(rounding_to_the_last_bit_is_exact_up_to_2_to_the_80),
        cmocka_unit_test(large_polynomials_come_back),
        cmocka_unit_test(unused_lanes_stay_0),
    };
    return cmocka_run_group_tests(tests, find_sets, NULL);
}
