#include "bench/linear_fit.h"

#include <math.h>

#include "testing.h"

static const double SIZES[] = {16, 17, 24, 32, 64, 128, 1024};
enum { COUNT = COUNT_OF(SIZES) };

static void points_on_a_line_give_that_line(void **state) {
    (void)state;
    double y[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        y[i] = 3.5 + 0.25 * SIZES[i];
    }
    linear_fit fit = linear_fit_of(SIZES, y, COUNT);
    assert_true(fabs(fit.intercept - 3.5) < 1e-9);
    assert_true(fabs(fit.slope - 0.25) < 1e-12);
    assert_true(fit.largest_deviation < 1e-12);
    assert_true(fabs(linear_fit_at(&fit, 100) - 28.5) < 1e-9);
}

/* The same relative error at the smallest and at the largest size is found as such. */
static void a_step_is_found_where_it_is(void **state) {
    (void)state;
    const size_t places[] = {0, 3, COUNT - 1};
    for (size_t k = 0; k < COUNT_OF(places); k++) {
        double y[COUNT];
        for (size_t i = 0; i < COUNT; i++) {
            y[i] = 2 * SIZES[i] * (i == places[k] ? 1.2 : 1.0);
        }
        linear_fit fit = linear_fit_of(SIZES, y, COUNT);
        assert_int_equal(places[k], fit.deviating);
        assert_true(fit.largest_deviation > 0.05 && fit.largest_deviation < 0.2);
    }
}

static double squared_errors(double intercept, double slope, const double *y) {
    double sum = 0;
    for (size_t i = 0; i < COUNT; i++) {
        double error = (intercept + slope * SIZES[i]) / y[i] - 1;
        sum += error * error;
    }
    return sum;
}

static void no_other_line_has_smaller_relative_errors(void **state) {
    (void)state;
    const double y[COUNT] = {40, 39, 60, 70, 130, 300, 1900};
    linear_fit fit = linear_fit_of(SIZES, y, COUNT);
    double least = squared_errors(fit.intercept, fit.slope, y);
    for (int i = -1; i <= 1; i++) {
        for (int j = -1; j <= 1; j++) {
            assert_true(squared_errors(fit.intercept + 0.01 * i, fit.slope + 0.001 * j, y) >= least);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_on_a_line_give_that_line),
        cmocka_unit_test(a_step_is_found_where_it_is),
        cmocka_unit_test(no_other_line_has_smaller_relative_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
