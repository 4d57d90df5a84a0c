#include <math.h>
#include <stdio.h>

#include <torusnn/tfhe.h>

#include "testing.h"

#define MOST_POINTS 100u

/* Points of one row of the curve, in rising order of dimension. */
typedef struct curve_row {
    size_t count;
    uint32_t dimensions[MOST_POINTS];
    double log2_sigmas[MOST_POINTS];
} curve_row;

/* Copied from the estimates, for machines that do not have their file. */
static const curve_row COPIED[] = {
    [TNN_SECURITY_128_MARGIN] = {23,
                                 {450, 500, 512, 550, 600, 630,  640,  650,  687,  700,  720, 750,
                                  768, 800, 850, 900, 950, 1024, 1280, 1536, 2048, 3072, 4096},
                                 {-8.59,  -9.83,  -10.11, -11.06, -12.27, -13.04, -13.28, -13.52,
                                  -14.43, -14.78, -15.27, -16.0,  -16.45, -17.28, -18.51, -19.74,
                                  -21.02, -22.85, -29.34, -35.8,  -48.77, -74.81, -100.94}},
    [TNN_SECURITY_128] = {23,
                          {450, 500, 512, 550, 600, 630,  640,  650,  687,  700,  720, 750,
                           768, 800, 850, 900, 950, 1024, 1280, 1536, 2048, 3072, 4096},
                          {-9.01,  -10.25, -10.57, -11.52, -12.82, -13.57, -13.83, -14.07,
                           -15.04, -15.37, -15.87, -16.67, -17.12, -17.94, -19.21, -20.52,
                           -21.79, -23.72, -30.34, -36.99, -50.37, -77.18, -104.0}},
};

static const tnn_security ROWS[] = {TNN_SECURITY_128_MARGIN, TNN_SECURITY_128};

static void assert_on_curve(const curve_row *points, tnn_security security) {
    for (size_t i = 0; i < points->count; i++) {
        assert_true(tnn_security_min_log2_sigma(points->dimensions[i], security) == points->log2_sigmas[i]);
    }
}

static void copied_points_are_on_the_curve(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        assert_on_curve(&COPIED[ROWS[i]], ROWS[i]);
    }
}

/* Lines `secret,bits,dimension,log2 sigma,...`; those of binary secrets at `bits`. False where there is no file. */
static bool read_row(curve_row *row, unsigned bits) {
    FILE *file = fopen(SECURITY_CURVE_FILE, "r");
    char line[200];
    *row = (curve_row){0};
    while (file && fgets(line, sizeof line, file)) {
        unsigned line_bits;
        uint32_t dimension;
        double log2_sigma;
        if (sscanf(line, "binary,%u,%u,%lf", &line_bits, &dimension, &log2_sigma) == 3 && line_bits == bits) {
            assert_true(row->count < MOST_POINTS);
            row->dimensions[row->count] = dimension;
            row->log2_sigmas[row->count++] = log2_sigma;
        }
    }
    return file && fclose(file) == 0;
}

/* Where the estimates stand beside the repository, otherwise the copied points. */
static void row_of(curve_row *row, tnn_security security) {
    if (!read_row(row, security == TNN_SECURITY_128 ? 128 : 132)) {
        *row = COPIED[security];
    }
    assert_true(row->count == COPIED[security].count);
}

static void every_estimate_is_on_the_curve(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        curve_row row;
        row_of(&row, ROWS[i]);
        assert_on_curve(&row, ROWS[i]);
    }
}

/* Between two estimates the chord is met or exceeded. */
static void assert_above_chord(const curve_row *row, size_t i, tnn_security security) {
    const double slope =
        (row->log2_sigmas[i + 1] - row->log2_sigmas[i]) / (row->dimensions[i + 1] - row->dimensions[i]);
    for (uint32_t dimension = row->dimensions[i]; dimension <= row->dimensions[i + 1]; dimension++) {
        double chord = row->log2_sigmas[i] + slope * (dimension - row->dimensions[i]);
        assert_true(tnn_security_min_log2_sigma(dimension, security) >= chord - 1e-12);
    }
}

static void interpolation_is_never_below_the_chord(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        const curve_row *row = &COPIED[ROWS[i]];
        for (size_t point = 0; point + 1 < row->count; point++) {
            assert_above_chord(row, point, ROWS[i]);
        }
    }
}

/* A key of n coordinates is one of n + 1 with a coordinate given away: it cannot be the safer one. */
static void more_dimensions_never_need_more_noise(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        for (uint32_t dimension = 451; dimension <= 5000; dimension++) {
            double noise = tnn_security_min_log2_sigma(dimension, ROWS[i]);
            assert_true(noise <= tnn_security_min_log2_sigma(dimension - 1, ROWS[i]));
        }
    }
}

static void margin_needs_more_noise(void **state) {
    (void)state;
    for (uint32_t dimension = 450; dimension <= 5000; dimension++) {
        assert_true(tnn_security_min_log2_sigma(dimension, TNN_SECURITY_128_MARGIN) >
                    tnn_security_min_log2_sigma(dimension, TNN_SECURITY_128) + 0.3);
    }
}

static void no_noise_is_enough_below_the_curve(void **state) {
    (void)state;
    const uint32_t small[] = {0, 1, 256, 449};
    for (size_t i = 0; i < COUNT_OF(small) * COUNT_OF(ROWS); i++) {
        double noise = tnn_security_min_log2_sigma(small[i / COUNT_OF(ROWS)], ROWS[i % COUNT_OF(ROWS)]);
        assert_true(isinf(noise) && noise > 0);
    }
}

static void the_last_estimate_holds_beyond_it(void **state) {
    (void)state;
    const uint32_t large[] = {4097, 8192, 98304, ~0u};
    for (size_t i = 0; i < COUNT_OF(large); i++) {
        assert_true(tnn_security_min_log2_sigma(large[i], TNN_SECURITY_128_MARGIN) == -100.94);
        assert_true(tnn_security_min_log2_sigma(large[i], TNN_SECURITY_128) == -104);
    }
}

static void shipped_sets_stand_on_the_row_with_margin(void **state) {
    (void)state;
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        const tnn_params_literal *p = &sets[i].literal;
        assert_true(p->lwe_log2_sigma >= tnn_security_min_log2_sigma(p->n, TNN_SECURITY_128_MARGIN));
        assert_true(p->glwe_log2_sigma >= tnn_security_min_log2_sigma(p->k * p->N, TNN_SECURITY_128_MARGIN));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copied_points_are_on_the_curve),
        cmocka_unit_test(every_estimate_is_on_the_curve),
        cmocka_unit_test(interpolation_is_never_below_the_chord),
        cmocka_unit_test(more_dimensions_never_need_more_noise),
        cmocka_unit_test(margin_needs_more_noise),
        cmocka_unit_test(no_noise_is_enough_below_the_curve),
        cmocka_unit_test(the_last_estimate_holds_beyond_it),
        cmocka_unit_test(shipped_sets_stand_on_the_row_with_margin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
