/* On every instruction set of this processor. */
#include "fft.h"

#include <math.h>
#include <stdbool.h>

#include "draw.h"
#include "instruction_sets.h"
#include "memory.h"
#include "schoolbook.h"
#include "testing.h"

/* Twin of the fold and twist that tfhe/kernels.c fuses with decomposition: times w^t. */
static void fold(double *out, const double *poly, const double *twist, uint32_t N) {
    const uint32_t points = N / 2;
    for (uint32_t t = 0; t < points; t++) {
        out[t] = poly[t] * twist[t] - poly[t + points] * twist[t + points];
        out[t + points] = poly[t] * twist[t + points] + poly[t + points] * twist[t];
    }
}

/* Times w^-t, and the 2 / N that the inverse leaves out. */
static void unfold(double *poly, const double *in, const double *twist, uint32_t N) {
    const uint32_t points = N / 2;
    for (uint32_t t = 0; t < points; t++) {
        poly[t] = (in[t] * twist[t] + in[t + points] * twist[t + points]) / points;
        poly[t + points] = (in[t + points] * twist[t] - in[t] * twist[t + points]) / points;
    }
}

static void multiply_points(double *a, const double *b, uint32_t N) {
    const uint32_t points = N / 2;
    for (uint32_t t = 0; t < points; t++) {
        double re = a[t] * b[t] - a[t + points] * b[t + points];
        a[t + points] = a[t] * b[t + points] + a[t + points] * b[t];
        a[t] = re;
    }
}

/* a [N] := a b modulo X^N + 1. */
static void multiply_by_fft(const tnn_fft *fft, double *a, const double *b, uint32_t N) {
    double *scratch = new_array(N, sizeof *scratch);
    double *a_points = new_array(N, sizeof *a_points);
    double *b_points = new_array(N, sizeof *b_points);
    fold(scratch, a, tnn_fft_twist(fft), N);
    tnn_fft_forward(fft, a_points, scratch);
    fold(scratch, b, tnn_fft_twist(fft), N);
    tnn_fft_forward(fft, b_points, scratch);
    multiply_points(a_points, b_points, N);
    tnn_fft_inverse(fft, scratch, a_points);
    unfold(a, scratch, tnn_fft_twist(fft), N);
    tnn_free(scratch);
    tnn_free(a_points);
    tnn_free(b_points);
}

/* Integers of 10 bits: sums stay below 2^34 and the transform's error far below 1/2, so rounding is exact. */
static void check_product(uint32_t N) {
    tnn_fft *fft;
    assert_ok(tnn_fft_create(&fft, N));
    double *a = new_array(N, sizeof *a);
    double *b = new_array(N, sizeof *b);
    uint64_t *a_words = new_array(N, sizeof *a_words);
    uint64_t *b_words = new_array(N, sizeof *b_words);
    uint64_t *expected = new_array(N, sizeof *expected);
    for (uint32_t t = 0; t < N; t++) {
        a[t] = draw_signed(1023);
        b[t] = draw_signed(1023);
        a_words[t] = (uint64_t)(int64_t)a[t];
        b_words[t] = (uint64_t)(int64_t)b[t];
    }
    schoolbook_add_product(expected, a_words, b_words, N);
    multiply_by_fft(fft, a, b, N);
    for (uint32_t t = 0; t < N; t++) {
        assert_true(llrint(a[t]) == (int64_t)expected[t]);
        assert_true(fabs(a[t] - (double)(int64_t)expected[t]) < 1e-3);
    }
    tnn_free(a);
    tnn_free(b);
    tnn_free(a_words);
    tnn_free(b_words);
    tnn_free(expected);
    tnn_fft_free(fft);
}

static void product_equals_schoolbook_at_every_degree(void **state) {
    (void)state;
    for (uint32_t N = TNN_FFT_LEAST_DEGREE; N <= 16384; N *= 2) {
        check_product(N);
    }
}

static void twist_holds_powers_of_the_root(void **state) {
    (void)state;
    const uint32_t N = 512;
    tnn_fft *fft;
    assert_ok(tnn_fft_create(&fft, N));
    const double *twist = tnn_fft_twist(fft);
    for (uint32_t t = 0; t < N / 2; t++) {
        assert_true(fabs(twist[t] - cos(acos(-1) * t / N)) < 1e-15);
        assert_true(fabs(twist[t + N / 2] - sin(acos(-1) * t / N)) < 1e-15);
    }
    tnn_fft_free(fft);
}

/* Which point of out, not taken before, holds the value; [points] are marked when taken. */
static bool take_value(const double *out, bool *taken, uint32_t points, double re, double im) {
    for (uint32_t p = 0; p < points; p++) {
        if (!taken[p] && fabs(out[p] - re) < 1e-8 && fabs(out[p + points] - im) < 1e-8) {
            taken[p] = true;
            return true;
        }
    }
    return false;
}

/* The DFT of N/2 points by its definition: each value stands at one point, in whatever order. */
static void check_values(uint32_t N) {
    const uint32_t points = N / 2;
    tnn_fft *fft;
    assert_ok(tnn_fft_create(&fft, N));
    double *in = new_array(N, sizeof *in);
    double *out = new_array(N, sizeof *out);
    bool *taken = new_array(points, sizeof *taken);
    for (uint32_t t = 0; t < N; t++) {
        in[t] = draw_signed(1000);
    }
    tnn_fft_forward(fft, out, in);
    for (uint32_t f = 0; f < points; f++) {
        double re = 0;
        double im = 0;
        for (uint32_t t = 0; t < points; t++) {
            double angle = -2 * acos(-1) * (f * t % points) / points;
            re += in[t] * cos(angle) - in[t + points] * sin(angle);
            im += in[t] * sin(angle) + in[t + points] * cos(angle);
        }
        assert_true(take_value(out, taken, points, re, im));
    }
    tnn_free(in);
    tnn_free(out);
    tnn_free(taken);
    tnn_fft_free(fft);
}

static void forward_gives_the_values_of_the_transform(void **state) {
    (void)state;
    for (uint32_t N = TNN_FFT_LEAST_DEGREE; N <= 512; N *= 2) {
        check_values(N);
    }
}

static void inverse_gives_the_points_back(void **state) {
    (void)state;
    for (uint32_t N = TNN_FFT_LEAST_DEGREE; N <= 16384; N *= 2) {
        tnn_fft *fft;
        assert_ok(tnn_fft_create(&fft, N));
        double *in = new_array(N, sizeof *in);
        double *copy = new_array(N, sizeof *copy);
        double *out = new_array(N, sizeof *out);
        for (uint32_t t = 0; t < N; t++) {
            copy[t] = in[t] = draw_signed(1000);
        }
        tnn_fft_forward(fft, out, in);
        assert_memory_equal(in, copy, N * sizeof *in);
        tnn_fft_inverse(fft, in, out);
        for (uint32_t t = 0; t < N; t++) {
            assert_true(fabs(in[t] / (N / 2.0) - copy[t]) < 1e-9);
        }
        tnn_free(in);
        tnn_free(copy);
        tnn_free(out);
        tnn_fft_free(fft);
    }
}

static void impossible_degrees_are_refused(void **state) {
    (void)state;
    const uint32_t refused[] = {0, 1, 2, 4, 7, 9, 12, 16, 33, 513, 1536};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tnn_fft *fft = UNSET;
        assert_status(TNN_ERR_MISUSE, tnn_fft_create(&fft, refused[i]));
        assert_null(fft);
    }
    tnn_fft_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_equals_schoolbook_at_every_degree),
        cmocka_unit_test(twist_holds_powers_of_the_root),
        cmocka_unit_test(forward_gives_the_values_of_the_transform),
        cmocka_unit_test(inverse_gives_the_points_back),
        cmocka_unit_test(impossible_degrees_are_refused),
    };
    int failed = 0;
    for (unsigned set = TNN_PORTABLE; set <= instructions_of_processor(); set++) {
        choose_instructions((tnn_instructions)set);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
