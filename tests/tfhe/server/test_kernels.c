/* Every kernel of every instruction set of this processor, against a twin that is written from the contract alone. */
#include "kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "draw.h"
#include "fft.h"
#include "gadget.h"
#include "memory.h"
#include "schoolbook.h"
#include "testing.h"

#define SETS_MOST 8u
#define LEAST_DEGREE 256u
#define MOST_DEGREE 4096u
#define MOST_COLUMNS 7u
#define MOST_ROWS 12u

static const tnn_kernels *sets[SETS_MOST];
static size_t set_count;

static int find_sets(void **state) {
    (void)state;
    set_count = tnn_kernels_available(sets, SETS_MOST);
    for (size_t i = 0; i < set_count; i++) {
        print_message("kernels here: %s\n", sets[i]->name);
    }
    return set_count > 0 ? 0 : -1;
}

static void sets_are_listed_slowest_first(void **state) {
    (void)state;
    assert_string_equal(sets[0]->name, "tnn_kernels_portable");
    assert_ptr_equal(tnn_kernels_best(), sets[set_count - 1]);
    for (size_t capacity = 0; capacity <= set_count; capacity++) {
        const tnn_kernels *listed[SETS_MOST] = {0};
        assert_int_equal(tnn_kernels_available(listed, capacity), capacity);
        assert_memory_equal(listed, sets, capacity * sizeof *sets);
        assert_null(listed[capacity]);
    }
}

/* --------------------------------------------------------------------------------------------------- rotation -- */

static void check_difference(const tnn_kernels *kernels, const uint32_t *rotated, const uint32_t *straight, uint32_t N,
                             uint32_t exponent) {
    uint32_t *out = new_random(N, sizeof *out);
    kernels->rotate_minus(out, rotated, straight, N, exponent);
    for (uint32_t t = 0; t < N; t++) {
        assert_int_equal(out[t], schoolbook_rotated(rotated, N, exponent, t) - straight[t]);
    }
    tnn_free(out);
}

/* in [2][N]: one polynomial less itself, and less the other. */
static void check_rotation(const tnn_kernels *kernels, const uint32_t *in, uint32_t N, uint32_t exponent) {
    check_difference(kernels, in, in, N, exponent);
    check_difference(kernels, in, in + N, N, exponent);
}

static void rotation_is_multiplication_by_a_power(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        const uint32_t exponents[] = {0, 1, 2, 7, N / 2, N - 1, N, N + 1, 3 * N / 2, 2 * N - 1, draw_below(2 * N)};
        uint32_t *in = new_random(2 * (size_t)N, sizeof *in);
        for (size_t i = 0; i < set_count * COUNT_OF(exponents); i++) {
            check_rotation(sets[i % set_count], in, N, exponents[i / set_count]);
        }
        tnn_free(in);
    }
}

static void every_exponent_rotates(void **state) {
    (void)state;
    uint32_t *in = new_random(2 * (size_t)LEAST_DEGREE, sizeof *in);
    for (size_t i = 0; i < set_count; i++) {
        for (uint32_t exponent = 0; exponent < 2 * LEAST_DEGREE; exponent++) {
            check_rotation(sets[i], in, LEAST_DEGREE, exponent);
        }
    }
    tnn_free(in);
}

/* ------------------------------------------------------------------------------------------------ corrections -- */

/* Half a unit of the gadget, up to that of 8 bits: sums of more may wrap. */
static void check_correction(const tnn_kernels *kernels, uint32_t k, uint32_t N, uint32_t log2_unit) {
    uint32_t *glwe = new_random(((size_t)k + 1) * N, sizeof *glwe);
    uint32_t *corrections = new_random(N / TNN_GADGET_BLOCK, sizeof *corrections);
    uint32_t *expected = new_array(N, sizeof *expected);
    uint32_t *out = new_random(N, sizeof *out);
    schoolbook_corrected_body(expected, glwe, k, N, log2_unit);
    kernels->correct_body(out, corrections, glwe, N, k, 1u << (log2_unit - 1));
    assert_memory_equal(out, expected, N * sizeof *out);
    tnn_free(glwe);
    tnn_free(corrections);
    tnn_free(expected);
    tnn_free(out);
}

static void bodies_are_corrected_as_by_the_schoolbook(void **state) {
    (void)state;
    for (uint32_t k = 1; k < MOST_COLUMNS; k++) {
        for (uint32_t log2_unit = 1; log2_unit <= 20; log2_unit += 1 + draw_below(4)) {
            for (size_t i = 0; i < set_count; i++) {
                check_correction(sets[i], k, 256u << draw_below(3), log2_unit);
            }
        }
    }
}

/* ---------------------------------------------------------------------------------------------- decomposition -- */

/* One call of decompose_twist. */
typedef struct decomposition {
    uint32_t base_log;
    uint32_t shift;
    uint32_t offset;
} decomposition;

static int64_t naive_digit(uint32_t word, const decomposition *d) {
    const int64_t base = (int64_t)1 << d->base_log;
    return (int64_t)((uint32_t)(word + d->offset) >> d->shift) % base - base / 2;
}

/* Two products of a digit below half a base with a number up to 1 are off by less than a base times epsilon. */
static void check_decomposition(const tnn_kernels *kernels, const uint32_t *in, const double *twist, uint32_t N,
                                const decomposition *d) {
    const uint32_t points = N / 2;
    const double tolerance = ldexp(DBL_EPSILON, (int)d->base_log);
    double *out = new_random(N, sizeof *out);
    kernels->decompose_twist(out, in, twist, N, d->base_log, d->shift, d->offset);
    for (uint32_t t = 0; t < points; t++) {
        long double low = naive_digit(in[t], d);
        long double high = naive_digit(in[t + points], d);
        assert_true(fabsl(low * twist[t] - high * twist[t + points] - out[t]) <= tolerance);
        assert_true(fabsl(low * twist[t + points] + high * twist[t] - out[t + points]) <= tolerance);
    }
    tnn_free(out);
}

/* Random words, and at their start the two neighbours of each digit's wrap. */
static uint32_t *new_words_to_cut(uint32_t N, const decomposition *d) {
    uint32_t *words = new_random(N, sizeof *words);
    const uint32_t edges[] = {
        0, 1, ~0u, 1u << 31, (1u << 31) - 1, 0 - d->offset, ~d->offset, (1u << d->shift) - d->offset};
    memcpy(words, edges, sizeof edges);
    return words;
}

static void check_decompositions(const tnn_kernels *kernels, const tnn_fft *fft, uint32_t N) {
    for (uint32_t base_log = 1; base_log <= 31; base_log++) {
        const uint32_t shifts[] = {1, 32 - base_log, 1 + draw_below(32 - base_log)};
        for (size_t i = 0; i < COUNT_OF(shifts); i++) {
            const decomposition d = {base_log, shifts[i], draw_below(~0u)};
            uint32_t *in = new_words_to_cut(N, &d);
            check_decomposition(kernels, in, tnn_fft_twist(fft), N, &d);
            tnn_free(in);
        }
    }
}

static void digits_are_cut_folded_and_twisted(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_fft *fft;
        assert_ok(tnn_fft_create(&fft, N));
        for (size_t i = 0; i < set_count; i++) {
            check_decompositions(sets[i], fft, N);
        }
        tnn_fft_free(fft);
    }
}

/* ----------------------------------------------------------------------------------------------- row products -- */

typedef struct row_product {
    uint32_t rows;
    uint32_t columns;
    uint32_t N;
} row_product;

static double *new_signed(size_t count) {
    double *values = new_array(count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i] = draw_signed(1u << 20) * 0x1p-20;
    }
    return values;
}

/* Where the real part of a point of one polynomial of the GGSW stands; the imaginary part follows a block later. */
static size_t ggsw_index(const row_product *shape, uint32_t row, uint32_t column, uint32_t point) {
    const size_t line = ((size_t)(point / 8) * shape->rows + row) * shape->columns + column;
    return line * 16 + point % 8;
}

/* Each of the 2 rows terms is below 1, and off by an epsilon of the sum. */
static void check_point(const row_product *shape, const double *out, const double *digits, const double *ggsw,
                        uint32_t column, uint32_t point) {
    const uint32_t points = shape->N / 2;
    const double tolerance = 2.0 * shape->rows * 2.0 * shape->rows * DBL_EPSILON;
    long double re = 0;
    long double im = 0;
    for (uint32_t r = 0; r < shape->rows; r++) {
        long double a_re = digits[(size_t)r * shape->N + point];
        long double a_im = digits[(size_t)r * shape->N + points + point];
        const double *b = ggsw + ggsw_index(shape, r, column, point);
        re += a_re * b[0] - a_im * b[8];
        im += a_re * b[8] + a_im * b[0];
    }
    assert_true(fabsl(re - out[(size_t)column * shape->N + point]) <= tolerance);
    assert_true(fabsl(im - out[(size_t)column * shape->N + points + point]) <= tolerance);
}

/* `values` holds digits, then a GGSW. */
static void check_row_product(const tnn_kernels *kernels, const row_product *shape, const double *values) {
    const double *ggsw = values + (size_t)shape->rows * shape->N;
    double *out = new_random((size_t)shape->columns * shape->N, sizeof *out);
    kernels->multiply_rows(out, values, ggsw, shape->rows, shape->columns, shape->N);
    for (uint32_t c = 0; c < shape->columns; c++) {
        for (uint32_t point = 0; point < shape->N / 2; point++) {
            check_point(shape, out, values, ggsw, c, point);
        }
    }
    tnn_free(out);
}

static void rows_are_multiplied_by_the_blocked_ggsw(void **state) {
    (void)state;
    double *values = new_signed((size_t)MOST_ROWS * (1 + MOST_COLUMNS) * MOST_DEGREE);
    for (uint32_t columns = 2; columns <= MOST_COLUMNS; columns++) {
        for (uint32_t rows = 1; rows <= MOST_ROWS; rows++) {
            const uint32_t N = LEAST_DEGREE << (rows + columns) % 5;
            const row_product shape = {rows, columns, N};
            for (size_t i = 0; i < set_count; i++) {
                check_row_product(sets[i], &shape, values);
            }
        }
    }
    tnn_free(values);
}

/* ----------------------------------------------------------------------------------- back to the torus -- */

/* x modulo 1 as a multiple of 2^-32, ties to even; fmod is exact. */
static uint32_t naive_torus_of(double x) {
    return (uint32_t)llrint(fmod(x, 1) * 0x1p32);
}

/* Twisted by 1: the kernel's own rounding is all that happens. */
static void check_rounding(const tnn_kernels *kernels, const double *in, uint32_t N) {
    double *twist = new_array(N, sizeof *twist);
    uint32_t *accumulator = new_random(N, sizeof *accumulator);
    uint32_t *before = new_array(N, sizeof *before);
    memcpy(before, accumulator, N * sizeof *before);
    for (uint32_t t = 0; t < N / 2; t++) {
        twist[t] = 1;
    }
    kernels->untwist_add(accumulator, in, twist, N);
    for (uint32_t t = 0; t < N; t++) {
        assert_int_equal(accumulator[t], before[t] + naive_torus_of(in[t]));
    }
    tnn_free(twist);
    tnn_free(accumulator);
    tnn_free(before);
}

/* Halves, ties of 2^-33, and their neighbours, at integers from 0 to 2^50. */
static size_t put_rounding_edges(double *out) {
    const double fractions[] = {0, 0.5, 0x1p-32, 0x1p-33, 0x3p-33, 0.5 - 0x1p-33, 0.25, 0x1p-53};
    size_t count = 0;
    for (int power = -1; power <= 50; power++) {
        double integer = power < 0 ? 0 : ldexp(1, power);
        for (size_t i = 0; i < COUNT_OF(fractions); i++) {
            const double x = integer + fractions[i];
            const double edges[] = {x, -x, nextafter(x, -1), -nextafter(x, -1)};
            memcpy(out + count, edges, sizeof edges);
            count += COUNT_OF(edges);
        }
    }
    return count;
}

static void torus_rounding_is_exact_up_to_2_to_the_50(void **state) {
    (void)state;
    double *in = new_array(MOST_DEGREE, sizeof *in);
    size_t edges = put_rounding_edges(in);
    assert_true(edges < MOST_DEGREE);
    for (size_t t = edges; t < MOST_DEGREE; t++) {
        in[t] = ldexp(draw_signed(1u << 30), (int)draw_below(73) - 52);
    }
    for (size_t i = 0; i < set_count; i++) {
        check_rounding(sets[i], in, MOST_DEGREE);
    }
    tnn_free(in);
}

/* Values below 2^11: doubles are off by far less than one unit of 2^-32, in which the twins may differ. */
static void check_untwist(const tnn_kernels *kernels, const double *in, const double *twist, uint32_t N) {
    const uint32_t points = N / 2;
    uint32_t *accumulator = new_array(N, sizeof *accumulator);
    kernels->untwist_add(accumulator, in, twist, N);
    for (uint32_t t = 0; t < points; t++) {
        double low = in[t] * twist[t] + in[t + points] * twist[t + points];
        double high = in[t + points] * twist[t] - in[t] * twist[t + points];
        assert_in_range(accumulator[t] - naive_torus_of(low) + 1, 0, 2);
        assert_in_range(accumulator[t + points] - naive_torus_of(high) + 1, 0, 2);
    }
    tnn_free(accumulator);
}

static void outputs_are_untwisted_and_unfolded(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_fft *fft;
        assert_ok(tnn_fft_create(&fft, N));
        double *in = new_signed(N);
        for (uint32_t t = 0; t < N; t++) {
            in[t] *= 1000;
        }
        for (size_t i = 0; i < set_count; i++) {
            check_untwist(sets[i], in, tnn_fft_twist(fft), N);
        }
        tnn_free(in);
        tnn_fft_free(fft);
    }
}

/* ----------------------------------------------------------------------------------------------- correlations -- */

/* Mostly the extremes of int16_t, 0 and -1. */
static int16_t *new_weights(uint32_t count) {
    const int16_t edges[] = {INT16_MIN, INT16_MAX, 0, -1, 1};
    int16_t *weights = new_random(count, sizeof *weights);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t kind = draw_below(8);
        weights[i] = kind < COUNT_OF(edges) ? edges[kind] : weights[i];
    }
    return weights;
}

/* Several masks of one block, and the weights that all of them meet. */
typedef struct correlation {
    uint32_t *reversed; /* [masks][2 degree] */
    int16_t *weights;   /* [count] */
    uint32_t count, degree, masks;
} correlation;

/* Word `word` of out [masks][degree]. */
static int64_t naive_correlation(const correlation *c, size_t word) {
    const uint32_t *reversed = c->reversed + word / c->degree * 2 * c->degree;
    int64_t sum = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        sum += (int64_t)c->weights[i] * reversed[word % c->degree + c->degree - i];
    }
    return sum;
}

static void check_correlate32(const tnn_kernels *kernels, const correlation *c) {
    const size_t words = (size_t)c->masks * c->degree;
    uint32_t *out = new_random(words, sizeof *out);
    uint32_t *before = new_array(words, sizeof *before);
    memcpy(before, out, words * sizeof *out);
    kernels->correlate32(out, c->reversed, c->weights, c->count, c->degree, c->masks);
    for (size_t word = 0; word < words; word++) {
        assert_int_equal(out[word], before[word] + (uint32_t)naive_correlation(c, word));
    }
    tnn_free(out);
    tnn_free(before);
}

/* The words' low halves make the same sums modulo 2^16. */
static void check_correlate16(const tnn_kernels *kernels, const correlation *c) {
    const size_t words = (size_t)c->masks * c->degree;
    uint16_t *out = new_random(words, sizeof *out);
    uint16_t *before = new_array(words, sizeof *before);
    uint16_t *halves = new_array(2 * words, sizeof *halves);
    memcpy(before, out, words * sizeof *out);
    for (size_t i = 0; i < 2 * words; i++) {
        halves[i] = (uint16_t)c->reversed[i];
    }
    kernels->correlate16(out, halves, c->weights, c->count, c->degree, c->masks);
    for (size_t word = 0; word < words; word++) {
        assert_int_equal(out[word], (uint16_t)(before[word] + naive_correlation(c, word)));
    }
    tnn_free(out);
    tnn_free(before);
    tnn_free(halves);
}

static void check_correlation(const correlation *c) {
    for (size_t i = 0; i < set_count; i++) {
        check_correlate16(sets[i], c);
        check_correlate32(sets[i], c);
    }
}

static void check_correlations(uint32_t degree, uint32_t count) {
    correlation c = {.count = count, .degree = degree, .masks = 1 + draw_below(4)};
    c.reversed = new_random((size_t)2 * degree * c.masks, sizeof *c.reversed);
    c.weights = new_weights(degree);
    check_correlation(&c);
    tnn_free(c.reversed);
    tnn_free(c.weights);
}

static void correlations_are_exact(void **state) {
    (void)state;
    for (uint32_t degree = 1; degree <= 256; degree *= 2) {
        check_correlations(degree, 0);
        check_correlations(degree, 1);
        check_correlations(degree, degree - 1);
        check_correlations(degree, degree);
        check_correlations(degree, draw_below(degree));
    }
}

/* The largest products one can make: all weights -2^15 or 2^15 - 1, all words 2^32 - 1. */
static void extreme_correlations_wrap(void **state) {
    (void)state;
    const int16_t extremes[] = {INT16_MIN, INT16_MAX};
    correlation c = {.count = 128, .degree = 128, .masks = 2};
    c.reversed = new_array((size_t)2 * c.degree * c.masks, sizeof *c.reversed);
    c.weights = new_array(c.count, sizeof *c.weights);
    memset(c.reversed, 0xff, 2 * c.degree * c.masks * sizeof *c.reversed);
    for (size_t extreme = 0; extreme < COUNT_OF(extremes); extreme++) {
        for (uint32_t i = 0; i < c.count; i++) {
            c.weights[i] = extremes[extreme];
        }
        check_correlation(&c);
    }
    tnn_free(c.reversed);
    tnn_free(c.weights);
}

/* ---------------------------------------------------------------------------------------------- additions -- */

/* `start` words off a cache line; the word behind the last must stay. */
static void check_add_scaled(const tnn_kernels *kernels, size_t start, size_t count, uint32_t factor) {
    uint32_t *in = new_random(start + count + 1, sizeof *in);
    uint32_t *out = new_random(count + 1, sizeof *out);
    uint32_t *before = new_array(count + 1, sizeof *before);
    memcpy(before, out, (count + 1) * sizeof *out);
    kernels->add_scaled(out, in + start, factor, count);
    for (size_t i = 0; i <= count; i++) {
        assert_int_equal(out[i], before[i] + (i < count ? factor * in[start + i] : 0));
    }
    tnn_free(in);
    tnn_free(out);
    tnn_free(before);
}

static void additions_of_any_length_and_alignment(void **state) {
    (void)state;
    const size_t counts[] = {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 255, 256, 1537};
    for (size_t i = 0; i < COUNT_OF(counts) * set_count; i++) {
        const tnn_kernels *kernels = sets[i % set_count];
        const size_t count = counts[i / set_count];
        for (size_t start = 0; start < 4; start++) {
            check_add_scaled(kernels, start, count, (uint32_t)draw_signed(40000));
            check_add_scaled(kernels, start, count, (uint32_t)INT16_MIN);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_listed_slowest_first),
        cmocka_unit_test(rotation_is_multiplication_by_a_power),
        cmocka_unit_test(every_exponent_rotates),
        cmocka_unit_test(bodies_are_corrected_as_by_the_schoolbook),
        cmocka_unit_test(digits_are_cut_folded_and_twisted),
        cmocka_unit_test(rows_are_multiplied_by_the_blocked_ggsw),
        cmocka_unit_test(torus_rounding_is_exact_up_to_2_to_the_50),
        cmocka_unit_test(outputs_are_untwisted_and_unfolded),
        cmocka_unit_test(correlations_are_exact),
        cmocka_unit_test(extreme_correlations_wrap),
        cmocka_unit_test(additions_of_any_length_and_alignment),
    };
    return cmocka_run_group_tests(tests, find_sets, NULL);
}
