/* Every quad kernel of every instruction set of this processor, and those of eight lanes on registers of four doubles,
 * against a twin that is written from the contract. */
#include "quad_kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "draw.h"
#include "gadget.h"
#include "kernels.h"
#include "key_fixture.h"
#include "memory.h"
#include "processor.h"
#include "quad_twin.h"
#include "schoolbook.h"
#include "testing.h"

#define NO_FETCH ((tnn_quad_fetch){0})
#define SETS_MOST 8u
#define LEAST_DEGREE 64u
#define MOST_DEGREE 8192u
#define SLOTS_MOST 4u

#if defined(HAVE_BOTH_WIDTHS)
extern const tnn_quad_kernels lanes_4; /* both on registers of four doubles: CMakeLists.txt */
extern const tnn_quad_kernels lanes_8;
#endif

static const tnn_quad_kernels *sets[SETS_MOST + 2];
static size_t set_count;

/* Compiled with the same options but for the width; NULL where the processor does not run them. */
static const tnn_quad_kernels *four;
static const tnn_quad_kernels *eight;

/* Those of registers of four doubles and more. */
static int find_sets(void **state) {
    (void)state;
    const tnn_kernels *found[SETS_MOST];
    const size_t found_count = tnn_kernels_available(found, SETS_MOST);
    for (size_t i = 0; i < found_count; i++) {
        assert_true((found[i]->quad != NULL) == (i >= TNN_AVX2));
        if (found[i]->quad) {
            sets[set_count++] = found[i]->quad;
        }
    }
#if defined(HAVE_BOTH_WIDTHS)
    if (found_count > TNN_AVX2) {
        four = sets[set_count++] = &lanes_4;
        eight = sets[set_count++] = &lanes_8;
    }
#endif
    return set_count > 0 ? 0 : -1;
}

static tnn_quad_fft *plan_of(uint32_t N, uint32_t slots) {
    tnn_quad_fft *fft;
    assert_ok(tnn_quad_fft_create(&fft, N, slots));
    return fft;
}

/* Of a spectrum, and numbers of [N][slots]. */
static size_t doubles_of(const tnn_quad_fft *fft) {
    return (size_t)fft->N * fft->slots;
}

static size_t spectrum_bytes(const tnn_quad_fft *fft) {
    return doubles_of(fft) * sizeof(double);
}

/* Whatever bytes: kernels write every double. */
static double *new_spectrum(const tnn_quad_fft *fft) {
    return new_random(spectrum_bytes(fft), 1);
}

static uint32_t *new_full_quad(const tnn_quad_fft *fft) {
    return new_quad(fft->N, fft->slots, fft->slots);
}

static size_t quad_bytes(const tnn_quad_fft *fft) {
    return tnn_quad_words(fft->N, fft->slots) * sizeof(uint32_t);
}

/* Integers [N][slots] within the magnitude. */
static double *new_reals(const tnn_quad_fft *fft, uint32_t magnitude) {
    double *reals = new_array(doubles_of(fft), sizeof *reals);
    for (size_t i = 0; i < doubles_of(fft); i++) {
        reals[i] = draw_signed(magnitude);
    }
    return reals;
}

/* Every degree from N on, with two polynomials and with four. */
static void for_each_plan(uint32_t N, uint32_t most, void (*check)(const tnn_quad_fft *fft)) {
    for (; N <= most; N *= 2) {
        for (uint32_t slots = 2; slots <= SLOTS_MOST; slots += 2) {
            tnn_quad_fft *fft = plan_of(N, slots);
            check(fft);
            tnn_quad_fft_free(fft);
        }
    }
}

static void lanes_are_those_of_the_set(void **state) {
    (void)state;
    for (size_t i = 0; i < set_count; i++) {
        assert_true(sets[i]->lanes == 4 || sets[i]->lanes == 8);
    }
    assert_true(!eight || (four->lanes == 4 && eight->lanes == 8));
}

/* A vector of entries that begins before the end ends in the copies. */
static void check_quad_words(const tnn_quad_fft *fft) {
    assert_int_equal(quad_bytes(fft) % TNN_ALIGNMENT, 0);
    assert_true(tnn_quad_words(fft->N, fft->slots) >= (size_t)fft->slots * (fft->N - 1) + 2 * 8);
}

static void a_quad_fills_cache_lines(void **state) {
    (void)state;
    for_each_plan(LEAST_DEGREE, MOST_DEGREE, check_quad_words);
}

/* ------------------------------------------------------------------------------------------ forward transforms -- */

/* Every polynomial at some points by the definition; the error of N terms below `magnitude`. */
static void check_spectrum(const tnn_quad_fft *fft, uint32_t lanes, const double *spectrum, const double *reals,
                           double magnitude) {
    const uint32_t N = fft->N;
    const uint32_t looked_at = N <= 64 ? N / 2 : 12;
    for (uint32_t i = 0; i < looked_at; i++) {
        const uint32_t point = N <= 64 ? i : draw_below(N / 2);
        for (uint32_t c = 0; c < fft->slots; c++) {
            const double *found = spectrum + quad_spectrum_at(fft, lanes, point, c);
            double re;
            double im;
            naive_value(reals + c, N, fft->slots, quad_point_root(fft, point), &re, &im);
            assert_true(fabs(found[0] - re) <= N * magnitude * DBL_EPSILON);
            assert_true(fabs(found[lanes] - im) <= N * magnitude * DBL_EPSILON);
        }
    }
}

static void check_reals(const tnn_quad_fft *fft) {
    double *reals = new_reals(fft, 1000);
    for (size_t i = 0; i < set_count; i++) {
        double *spectrum = new_spectrum(fft);
        sets[i]->forward_reals(fft, spectrum, reals);
        check_spectrum(fft, sets[i]->lanes, spectrum, reals, 1000);
        tnn_free(spectrum);
    }
    tnn_free(reals);
}

static void reals_are_evaluated_at_the_roots(void **state) {
    (void)state;
    for_each_plan(LEAST_DEGREE, MOST_DEGREE, check_reals);
}

/* a := a b 2 / N, point by point and lane by lane. */
static void multiply_lanes(double *a, const double *b, const tnn_quad_fft *fft, uint32_t lanes) {
    for (size_t i = 0; i < doubles_of(fft); i += 2 * (size_t)lanes) {
        for (size_t at = i; at < i + lanes; at++) {
            const double re = a[at] * b[at] - a[at + lanes] * b[at + lanes];
            const double im = a[at] * b[at + lanes] + a[at + lanes] * b[at];
            a[at] = re * 2 / fft->N;
            a[at + lanes] = im * 2 / fft->N;
        }
    }
}

/* quad += the product of the polynomials, [N][slots], by transforms. */
static void add_by_transforms(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft, uint32_t *quad, const double *a,
                              const double *b) {
    double *a_spectrum = new_spectrum(fft);
    double *b_spectrum = new_spectrum(fft);
    kernels->forward_reals(fft, a_spectrum, a);
    kernels->forward_reals(fft, b_spectrum, b);
    multiply_lanes(a_spectrum, b_spectrum, fft, kernels->lanes);
    kernels->inverse_add(fft, quad, a_spectrum, 0, NO_FETCH);
    tnn_free(a_spectrum);
    tnn_free(b_spectrum);
}

static uint64_t *new_polynomial(const double *reals, const tnn_quad_fft *fft, uint32_t c) {
    uint64_t *words = new_array(fft->N, sizeof *words);
    for (uint32_t t = 0; t < fft->N; t++) {
        words[t] = (uint64_t)(int64_t)reals[fft->slots * t + c];
    }
    return words;
}

/* quad += the same by the schoolbook, on words that wrap. */
static void add_by_schoolbook(uint32_t *quad, const double *a, const double *b, const tnn_quad_fft *fft) {
    for (uint32_t c = 0; c < fft->slots; c++) {
        uint64_t *sum = new_array(fft->N, sizeof *sum);
        uint64_t *x = new_polynomial(a, fft, c);
        uint64_t *y = new_polynomial(b, fft, c);
        schoolbook_add_product(sum, x, y, fft->N);
        for (uint32_t t = 0; t < fft->N; t++) {
            quad[fft->slots * t + c] += (uint32_t)sum[t];
        }
        tnn_free(sum);
        tnn_free(x);
        tnn_free(y);
    }
    set_copies(quad, fft->N, fft->slots);
}

/* Products of integers below 2^15: sums reach 2^36 and wrap, while errors stay below 2^-10, so words are exact. */
static void check_product(const tnn_quad_fft *fft) {
    double *a = new_reals(fft, 1u << 15);
    double *b = new_reals(fft, 1u << 15);
    uint32_t *before = new_full_quad(fft);
    uint32_t *expected = new_array(quad_bytes(fft), 1);
    uint32_t *quad = new_array(quad_bytes(fft), 1);
    memcpy(expected, before, quad_bytes(fft));
    add_by_schoolbook(expected, a, b, fft);
    for (size_t i = 0; i < set_count; i++) {
        memcpy(quad, before, quad_bytes(fft));
        add_by_transforms(sets[i], fft, quad, a, b);
        assert_memory_equal(quad, expected, quad_bytes(fft));
    }
    tnn_free(a);
    tnn_free(b);
    tnn_free(before);
    tnn_free(expected);
    tnn_free(quad);
}

static void product_equals_schoolbook_of_every_polynomial(void **state) {
    (void)state;
    for_each_plan(LEAST_DEGREE, MOST_DEGREE / 2, check_product);
}

/* ------------------------------------------------------------------------------------------------------ digits -- */

static int64_t naive_digit(uint32_t word, tnn_quad_digit digit) {
    const int64_t base = (int64_t)1 << (32 - digit.right);
    const int64_t cut = (int64_t)((uint32_t)((word + digit.offset) * ((uint64_t)1 << digit.left)) >> digit.right);
    return cut < base / 2 ? cut : cut - base;
}

static double *new_digits(const uint32_t *quad, const tnn_quad_fft *fft, tnn_quad_digit digit) {
    double *reals = new_array(doubles_of(fft), sizeof *reals);
    for (size_t i = 0; i < doubles_of(fft); i++) {
        reals[i] = (double)naive_digit(quad[i], digit);
    }
    return reals;
}

/* The transform of other digits would differ by 1 somewhere; that of the same differs by rounding at most. */
static void check_digits(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft, const uint32_t *quad,
                         tnn_quad_digit digit) {
    const double tolerance = ldexp(fft->N * DBL_EPSILON, 31 - (int)digit.right);
    double *digits = new_digits(quad, fft, digit);
    double *expected = new_spectrum(fft);
    double *spectrum = new_spectrum(fft);
    assert_true(tolerance < 0.01);
    kernels->forward_reals(fft, expected, digits);
    kernels->forward_digits(fft, spectrum, quad, digit);
    for (size_t i = 0; i < doubles_of(fft); i++) {
        assert_true(fabs(spectrum[i] - expected[i]) <= tolerance);
    }
    tnn_free(digits);
    tnn_free(expected);
    tnn_free(spectrum);
}

/* Random words, and among them those at which a digit wraps. */
static uint32_t *new_quad_to_cut(const tnn_quad_fft *fft, tnn_quad_digit digit) {
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
    uint32_t *quad = new_full_quad(fft);
    memcpy(quad, edges, sizeof edges);
    set_copies(quad, fft->N, fft->slots);
    return quad;
}

/* Digit `level` of a gadget of any base: left = base_log level, right = 32 - base_log. */
static tnn_quad_digit random_digit(uint32_t base_log) {
    return (tnn_quad_digit){draw_below(~0u), base_log * draw_below(32 / base_log), 32 - base_log};
}

static void check_all_digits(const tnn_quad_fft *fft) {
    for (uint32_t base_log = 1; base_log <= 31; base_log++) {
        const tnn_quad_digit digit = random_digit(base_log);
        uint32_t *quad = new_quad_to_cut(fft, digit);
        for (size_t i = 0; i < set_count; i++) {
            check_digits(sets[i], fft, quad, digit);
        }
        tnn_free(quad);
    }
}

static void digits_are_cut_and_transformed(void **state) {
    (void)state;
    for_each_plan(LEAST_DEGREE, MOST_DEGREE / 2, check_all_digits);
}

/* X^exponent rotated - straight, a quad again. */
static uint32_t *new_difference(const tnn_quad_fft *fft, const tnn_quad_turn *turn) {
    const uint32_t slots = fft->slots;
    uint32_t *difference = new_array(quad_bytes(fft), 1);
    uint32_t *poly = new_array(fft->N, sizeof *poly);
    for (uint32_t c = 0; c < slots; c++) {
        for (uint32_t t = 0; t < fft->N; t++) {
            poly[t] = turn->rotated[slots * t + c];
        }
        for (uint32_t t = 0; t < fft->N; t++) {
            difference[slots * t + c] =
                schoolbook_rotated(poly, fft->N, turn->exponent, t) - turn->straight[slots * t + c];
        }
    }
    set_copies(difference, fft->N, slots);
    tnn_free(poly);
    return difference;
}

/* Polynomials below the body's are masks that round to units of 2^log2_unit. */
static void correct_by_schoolbook(const tnn_quad_fft *fft, uint32_t *quad, uint32_t lane, uint32_t log2_unit) {
    const uint32_t slots = fft->slots;
    uint32_t *glwe = new_array(doubles_of(fft), sizeof *glwe);
    uint32_t *body = new_array(fft->N, sizeof *body);
    for (uint32_t i = 0; i < slots * fft->N; i++) {
        glwe[i % slots * fft->N + i / slots] = quad[i];
    }
    schoolbook_corrected_body(body, glwe, lane, fft->N, log2_unit);
    for (uint32_t t = 0; t < fft->N; t++) {
        quad[slots * t + lane] = body[t];
    }
    tnn_free(glwe);
    tnn_free(body);
}

static tnn_quad_body new_body(uint32_t N, uint32_t lane, uint32_t log2_unit) {
    return (tnn_quad_body){lane, 1u << (log2_unit - 1), new_random(N / TNN_GADGET_BLOCK, sizeof(uint32_t))};
}

/* Rank 1 takes two slots, ranks 2 and 3 take four. */
static uint32_t random_rank(const tnn_quad_fft *fft) {
    return fft->slots == 2 ? 1 : 2 + draw_below(2);
}

/* No bit differs: the same sums of the same digits. */
static void check_turn(const tnn_quad_fft *fft, const tnn_quad_turn *turn) {
    const tnn_quad_digit digit = random_digit(1 + draw_below(31));
    const uint32_t log2_unit = 1 + draw_below(17);
    const tnn_quad_body body = new_body(fft->N, random_rank(fft), log2_unit);
    uint32_t *difference = new_difference(fft, turn);
    correct_by_schoolbook(fft, difference, body.lane, log2_unit);
    double *expected = new_spectrum(fft);
    double *spectrum = new_spectrum(fft);
    for (size_t i = 0; i < set_count; i++) {
        sets[i]->forward_digits(fft, expected, difference, digit);
        sets[i]->correct_rotated(&body, turn, fft->N);
        sets[i]->forward_rotated(fft, spectrum, turn, &body, digit, NO_FETCH);
        assert_memory_equal(spectrum, expected, spectrum_bytes(fft));
    }
    tnn_free(body.corrections);
    tnn_free(difference);
    tnn_free(expected);
    tnn_free(spectrum);
}

/* One quad less itself, and less another. */
static void check_rotation(const tnn_quad_fft *fft, const uint32_t *quad, uint32_t exponent) {
    uint32_t *other = new_full_quad(fft);
    check_turn(fft, &(tnn_quad_turn){quad, quad, exponent});
    check_turn(fft, &(tnn_quad_turn){quad, other, exponent});
    tnn_free(other);
}

static void check_every_exponent(const tnn_quad_fft *fft) {
    uint32_t *quad = new_full_quad(fft);
    for (uint32_t exponent = 0; exponent < 2 * fft->N; exponent++) {
        check_rotation(fft, quad, exponent);
    }
    tnn_free(quad);
}

static void every_exponent_rotates(void **state) {
    (void)state;
    for_each_plan(LEAST_DEGREE, 256, check_every_exponent);
}

/* The eight stretches end at multiples of N/8. */
static void check_stretches(const tnn_quad_fft *fft) {
    uint32_t *quad = new_full_quad(fft);
    for (uint32_t stretch = 0; stretch < 16; stretch++) {
        const uint32_t first = stretch * (fft->N / 8);
        const uint32_t last = first + fft->N / 8 - 1;
        const uint32_t exponents[] = {first, first + 1, first + 2, first + 7, last, first + draw_below(fft->N / 8)};
        for (size_t i = 0; i < COUNT_OF(exponents); i++) {
            check_rotation(fft, quad, exponents[i]);
        }
    }
    tnn_free(quad);
}

static void exponents_at_and_between_the_stretches_rotate(void **state) {
    (void)state;
    for_each_plan(512, MOST_DEGREE / 2, check_stretches);
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

/* A GGSW ciphertext of a spectrum's size and two more for each row; unused columns hold 0. */
static double *new_ggsw(const tnn_quad_shape *shape) {
    const uint32_t slots = tnn_quad_slots(shape->columns);
    const size_t count = tnn_quad_doubles(shape->points, slots) * shape->levels * shape->columns;
    double *ggsw = new_signed(count);
    for (size_t i = 0; i < count; i++) {
        ggsw[i] = i % slots < shape->columns ? ggsw[i] : 0;
    }
    return ggsw;
}

static size_t item_doubles(const tnn_quad_shape *shape) {
    return tnn_quad_doubles(shape->points, tnn_quad_slots(shape->columns)) * shape->levels;
}

/* Column `lane` mod slots of the lane's quarter at the point that starts at `at` of a spectrum: a sum of `rows`
 * products of numbers below 1, each off by an epsilon of the sum. */
static void check_lane(const tnn_quad_shape *shape, uint32_t lanes, const double *out, const double *digits,
                       const double *ggsw, size_t at, uint32_t lane) {
    const uint32_t slots = tnn_quad_slots(shape->columns);
    const uint32_t rows = shape->levels * shape->columns;
    const size_t level_doubles = tnn_quad_doubles(shape->points, slots);
    long double re = 0;
    long double im = 0;
    for (uint32_t row = 0; row < rows; row++) {
        const uint32_t digit = lane / slots * slots + row % shape->columns;
        const double *a = digits + row / shape->columns * level_doubles + at + digit;
        const double *b = ggsw + at * rows + (size_t)row * 2 * lanes + lane;
        re += (long double)a[0] * b[0] - (long double)a[lanes] * b[lanes];
        im += (long double)a[0] * b[lanes] + (long double)a[lanes] * b[0];
    }
    const double tolerance = lane % slots < shape->columns ? 4.0 * rows * rows * DBL_EPSILON : 0;
    assert_true(fabsl(re - out[at + lane]) <= tolerance);
    assert_true(fabsl(im - out[at + lane + lanes]) <= tolerance);
}

/* Level 0 of each item holds sums, the other levels what they held. */
static void check_item(const tnn_quad_shape *shape, uint32_t lanes, const double *out, const double *digits,
                       const double *ggsw) {
    const size_t level_doubles = tnn_quad_doubles(shape->points, tnn_quad_slots(shape->columns));
    for (size_t i = 0; i < level_doubles / 2; i++) {
        check_lane(shape, lanes, out, digits, ggsw, i / lanes * 2 * lanes, (uint32_t)(i % lanes));
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
        check_item(shape, kernels->lanes, out + i * doubles, digits + i * doubles, ggsw);
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
            check_items(sets[i], shape, digits, ggsw, items);
        }
    }
    tnn_free(digits);
    tnn_free(ggsw);
}

static void digits_are_multiplied_by_the_rows(void **state) {
    (void)state;
    const uint32_t points[] = {32, 64, 256};
    for (uint32_t columns = 2; columns <= SLOTS_MOST; columns++) {
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

/* Spectra whose points are all c 2 / N (1 or i) have the coefficient c at 0 or N/2, without rounding: for each
 * polynomial one number as the real and one as the imaginary part, [2][slots]. All other coefficients are 0. */
static void check_rounding(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft, const double *numbers,
                           uint32_t coarse_bits) {
    const uint32_t slots = fft->slots;
    double *spectrum = new_spectrum(fft);
    uint32_t *quad = new_full_quad(fft);
    uint32_t *expected = new_array(quad_bytes(fft), 1);
    memcpy(expected, quad, quad_bytes(fft));
    for (uint32_t i = 0; i < 2 * slots; i++) {
        for (uint32_t point = 0; point < fft->points; point++) {
            const size_t at = quad_spectrum_at(fft, kernels->lanes, point, i % slots);
            spectrum[at + i / slots * kernels->lanes] = numbers[i] * 2 / fft->N;
        }
        expected[(i / slots) * (fft->N / 2) * slots + i % slots] += naive_word(numbers[i]) << coarse_bits;
    }
    set_copies(expected, fft->N, slots);
    kernels->inverse_add(fft, quad, spectrum, coarse_bits, NO_FETCH);
    assert_memory_equal(quad, expected, quad_bytes(fft));
    tnn_free(spectrum);
    tnn_free(quad);
    tnn_free(expected);
}

/* Two numbers, their neighbours and their negatives. */
static void check_around(const tnn_quad_fft *fft, double x, uint32_t coarse_bits) {
    const double below = nextafter(x, -INFINITY);
    const double numbers[2 * SLOTS_MOST] = {x, -x, below, -below, -x, below, x, -below};
    for (size_t i = 0; i < set_count; i++) {
        check_rounding(sets[i], fft, numbers, coarse_bits);
    }
}

/* Halves, quarters and whole numbers beside each power of two that coarse rounding has to stand. */
static void coarse_rounding_is_exact_up_to_2_to_the_51(void **state) {
    (void)state;
    const double fractions[] = {0, 0.25, 0.5, 0.75, 1, 1.5, 2.5};
    const uint32_t coarse_bits[] = {1, 2, 4, 7, 14, 20};
    tnn_quad_fft *ffts[] = {plan_of(64, 2), plan_of(128, 4), plan_of(512, 4), plan_of(512, 2)};
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
static void check_large_roundings(const tnn_quad_fft *fft) {
    const double fractions[] = {0, 0.5, 0x1p31, 0x1p31 + 0.5, 0x3p30, 0x1p32 - 1, 0x1p32 - 0.5};
    for (int power = 0; power <= 80; power++) {
        for (size_t i = 0; i < COUNT_OF(fractions); i++) {
            check_around(fft, ldexp(1, power) + fractions[i], 0);
        }
    }
}

static void rounding_to_the_last_bit_is_exact_up_to_2_to_the_80(void **state) {
    (void)state;
    for_each_plan(64, 64, check_large_roundings);
}

/* Polynomials with coefficients up to 2^50 through both transforms: off by the rounding of doubles, 2^-52 of the
 * largest for each of 2 log2(N) levels at most. */
static void check_large(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft, uint32_t coarse_bits) {
    const int64_t tolerance = 64;
    double *reals = new_reals(fft, 1u << 30);
    double *spectrum = new_spectrum(fft);
    uint32_t *quad = new_array(quad_bytes(fft), 1);
    for (size_t i = 0; i < doubles_of(fft); i++) {
        reals[i] = reals[i] * 0x1p20 + draw_signed(1u << 19);
    }
    kernels->forward_reals(fft, spectrum, reals);
    for (size_t i = 0; i < doubles_of(fft); i++) {
        spectrum[i] *= 2.0 / fft->N;
    }
    kernels->inverse_add(fft, quad, spectrum, coarse_bits, NO_FETCH);
    for (size_t i = 0; i < doubles_of(fft); i++) {
        const int32_t error = (int32_t)(quad[i] - (naive_word(reals[i]) << coarse_bits));
        assert_in_range((int64_t)error + (tolerance << coarse_bits), 0, (uint64_t)(2 * tolerance) << coarse_bits);
        assert_int_equal(quad[i] & ((1u << coarse_bits) - 1), 0);
    }
    tnn_free(reals);
    tnn_free(spectrum);
    tnn_free(quad);
}

static void check_large_polynomials(const tnn_quad_fft *fft) {
    for (size_t i = 0; i < set_count; i++) {
        check_large(sets[i], fft, 0);
        check_large(sets[i], fft, 4);
        check_large(sets[i], fft, 10);
    }
}

static void large_polynomials_come_back(void **state) {
    (void)state;
    for_each_plan(LEAST_DEGREE, MOST_DEGREE, check_large_polynomials);
}

/* Fewer polynomials than slots: zeros come out as zeros, of every kernel. */
static void check_unused_slots(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft) {
    const uint32_t N = fft->N;
    const uint32_t slots = fft->slots;
    const tnn_quad_digit digit = {1u << 14, 0, 15};
    const tnn_quad_body body = new_body(N, random_rank(fft), 15);
    const uint32_t columns = body.lane + 1;
    uint32_t *quad = new_quad(N, slots, columns);
    double *spectrum = new_spectrum(fft);
    const tnn_quad_turn turn = {quad, quad, 1 + draw_below(2 * N - 1)};
    kernels->correct_rotated(&body, &turn, N);
    kernels->forward_rotated(fft, spectrum, &turn, &body, digit, NO_FETCH);
    kernels->inverse_add(fft, quad, spectrum, 3, NO_FETCH);
    for (size_t i = 0; i < tnn_quad_words(N, slots); i++) {
        assert_true(i % slots < columns || quad[i] == 0);
        assert_true(i < (size_t)slots * N || quad[i] == 0 - quad[i - (size_t)slots * N]);
    }
    tnn_free(body.corrections);
    tnn_free(quad);
    tnn_free(spectrum);
}

static void check_all_unused_slots(const tnn_quad_fft *fft) {
    for (size_t i = 0; i < 4 * set_count; i++) {
        check_unused_slots(sets[i / 4], fft);
    }
}

static void unused_slots_stay_0(void **state) {
    (void)state;
    for_each_plan(LEAST_DEGREE, 1024, check_all_unused_slots);
}

/* ------------------------------------------------------------------------------------------------ four and eight -- */

/* The spectrum of eight lanes in the places of four, or back. */
static double *new_replaced(const tnn_quad_fft *fft, const double *spectrum, uint32_t from, uint32_t to) {
    double *replaced = new_array(doubles_of(fft), sizeof *replaced);
    for (uint32_t point = 0; point < fft->points; point++) {
        for (uint32_t c = 0; c < fft->slots; c++) {
            const double *x = spectrum + quad_spectrum_at(fft, from, point, c);
            double *y = replaced + quad_spectrum_at(fft, to, point, c);
            y[0] = x[0];
            y[to] = x[from];
        }
    }
    return replaced;
}

/* A row of a GGSW ciphertext of one level and two or four columns, of each width. */
static void put_row(double *ggsw, const tnn_quad_fft *fft, const double *spectrum, uint32_t lanes, uint32_t row) {
    const size_t point = 2 * (size_t)lanes;
    for (size_t at = 0; at < doubles_of(fft); at += point) {
        memcpy(ggsw + at * fft->slots + row * point, spectrum + at, point * sizeof *ggsw);
    }
}

/* An external product of one level, from quad to quad, with the key of `reals`, [slots] rows of [N][slots]. */
static void multiply_quad(const tnn_quad_kernels *kernels, const tnn_quad_fft *fft, uint32_t *quad, uint32_t exponent,
                          const double *reals, uint32_t coarse_bits) {
    const tnn_quad_shape shape = {fft->points, fft->slots, 1};
    const tnn_quad_body body = new_body(fft->N, fft->slots - 1, 15);
    const tnn_quad_digit digit = {1u << 14, 0, 15};
    double *spectrum = new_spectrum(fft);
    double *ggsw = new_array(fft->slots * doubles_of(fft), sizeof *ggsw);
    for (uint32_t row = 0; row < fft->slots; row++) {
        kernels->forward_reals(fft, spectrum, reals + row * doubles_of(fft));
        put_row(ggsw, fft, spectrum, kernels->lanes, row);
    }
    const tnn_quad_turn turn = {quad, quad, exponent};
    kernels->correct_rotated(&body, &turn, fft->N);
    kernels->forward_rotated(fft, spectrum, &turn, &body, digit, NO_FETCH);
    tnn_free(body.corrections);
    kernels->multiply(&shape, &spectrum, ggsw, 1);
    kernels->inverse_add(fft, quad, spectrum, coarse_bits, NO_FETCH);
    tnn_free(spectrum);
    tnn_free(ggsw);
}

/* Numbers whose sums are rounded at every step. */
static void check_widths(const tnn_quad_fft *fft, uint32_t exponent) {
    const tnn_quad_digit digit = random_digit(1 + draw_below(31));
    uint32_t *by_four = new_full_quad(fft);
    uint32_t *by_eight = new_array(quad_bytes(fft), 1);
    double *spectrum = new_spectrum(fft);
    double *expected = new_spectrum(fft);
    double *reals = new_signed(fft->slots * doubles_of(fft));
    const tnn_quad_body body = new_body(fft->N, random_rank(fft), 15);
    memcpy(by_eight, by_four, quad_bytes(fft));
    const tnn_quad_turn turn = {by_four, by_four, exponent};
    four->forward_rotated(fft, expected, &turn, &body, digit, NO_FETCH);
    eight->forward_rotated(fft, spectrum, &turn, &body, digit, NO_FETCH);
    tnn_free(body.corrections);
    double *replaced = new_replaced(fft, spectrum, 8, 4);
    assert_memory_equal(replaced, expected, spectrum_bytes(fft));
    multiply_quad(four, fft, by_four, exponent, reals, exponent % 2 * 4);
    multiply_quad(eight, fft, by_eight, exponent, reals, exponent % 2 * 4);
    assert_memory_equal(by_eight, by_four, quad_bytes(fft));
    tnn_free(by_four);
    tnn_free(by_eight);
    tnn_free(spectrum);
    tnn_free(expected);
    tnn_free(reals);
    tnn_free(replaced);
}

static void check_all_widths(const tnn_quad_fft *fft) {
    for (size_t i = 0; eight && i < 8; i++) {
        check_widths(fft, draw_below(2 * fft->N));
    }
}

static void eight_lanes_equal_four_bit_by_bit(void **state) {
    (void)state;
    for_each_plan(LEAST_DEGREE, MOST_DEGREE, check_all_widths);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_are_those_of_the_set),
        cmocka_unit_test(a_quad_fills_cache_lines),
        cmocka_unit_test(reals_are_evaluated_at_the_roots),
        cmocka_unit_test(product_equals_schoolbook_of_every_polynomial),
        cmocka_unit_test(digits_are_cut_and_transformed),
        cmocka_unit_test(every_exponent_rotates),
        cmocka_unit_test(exponents_at_and_between_the_stretches_rotate),
        cmocka_unit_test(digits_are_multiplied_by_the_rows),
        cmocka_unit_test(coarse_rounding_is_exact_up_to_2_to_the_51),
        cmocka_unit_test(rounding_to_the_last_bit_is_exact_up_to_2_to_the_80),
        cmocka_unit_test(large_polynomials_come_back),
        cmocka_unit_test(unused_slots_stay_0),
        cmocka_unit_test(eight_lanes_equal_four_bit_by_bit),
    };
    if (tnn_instructions_best() < TNN_AVX2) {
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, find_sets, NULL);
}
