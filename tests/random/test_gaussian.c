#include <math.h>

#include "draw.h"
#include "memory.h"
#include "random.h"
#include "statistics.h"
#include "testing.h"

#define SAMPLES ((size_t)1 << 21)

static double *deviates;

static int draw_deviates(void **state) {
    (void)state;
    assert_ok(tnn_random_start());
    deviates = new_array(SAMPLES, sizeof *deviates);
    tnn_gaussian(deviates, SAMPLES);
    return 0;
}

static int free_deviates(void **state) {
    (void)state;
    tnn_free(deviates);
    return 0;
}

/* Mean of x^power over the deviates. */
static tally moment(int power) {
    tally samples = {0};
    for (size_t i = 0; i < SAMPLES; i++) {
        tally_add(&samples, pow(deviates[i], power));
    }
    return samples;
}

/* E[x^2j] = 1, 3, 15, 105, 945, ...; the variance of x^j is E[x^2j] - E[x^j]^2. */
static void first_four_moments_are_normal(void **state) {
    (void)state;
    const double expected[] = {0, 1, 0, 3};
    const double power_variance[] = {1, 2, 15, 96};
    for (int power = 1; power <= 4; power++) {
        tally samples = moment(power);
        samples.sum -= expected[power - 1] * (double)samples.count;
        assert_true(mean_is_zero(&samples, sqrt(power_variance[power - 1])));
    }
}

static void products_of_neighbours_have_mean_zero(size_t distance) {
    tally linear = {0};
    tally quadratic = {0};
    for (size_t i = 0; i + distance < SAMPLES; i++) {
        double x = deviates[i];
        double y = deviates[i + distance];
        tally_add(&linear, x * y);
        tally_add(&quadratic, (x * x - 1) * (y * y - 1));
    }
    assert_true(mean_is_zero(&linear, 1));
    assert_true(mean_is_zero(&quadratic, 2));
}

static void members_of_a_pair_are_uncorrelated(void **state) {
    (void)state;
    tally linear = {0};
    tally quadratic = {0};
    for (size_t i = 0; i + 1 < SAMPLES; i += 2) {
        double x = deviates[i];
        double y = deviates[i + 1];
        tally_add(&linear, x * y);
        tally_add(&quadratic, (x * x - 1) * (y * y - 1));
    }
    assert_true(mean_is_zero(&linear, 1));
    assert_true(mean_is_zero(&quadratic, 2));
}

/* 128 deviates are made at a time. */
static void pairs_and_blocks_are_uncorrelated(void **state) {
    (void)state;
    const size_t distances[] = {1, 2, 3, 64, 127, 128, 129};
    for (size_t i = 0; i < COUNT_OF(distances); i++) {
        products_of_neighbours_have_mean_zero(distances[i]);
    }
}

/* All lengths up to two blocks: each element is set, by another deviate than its neighbour. */
static void any_count_is_filled(void **state) {
    (void)state;
    double out[258];
    for (size_t count = 0; count <= 257; count++) {
        for (size_t i = 0; i < 258; i++) {
            out[i] = 1000;
        }
        tnn_gaussian(out, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(fabs(out[i]) < 10 && (i == 0 || out[i] != out[i - 1]));
        }
        assert_true(out[count] == 1000);
    }
}

/* Counts deviates beyond 4 and 5: 2 Q(4) = 6.334e-5, 2 Q(5) = 5.733e-7. Of 2^26, 4251 and 38.5 are expected. */
static void tails_have_the_right_weight(void **state) {
    (void)state;
    size_t beyond_4 = 0;
    size_t beyond_5 = 0;
    for (size_t round = 0; round < 32; round++) {
        tnn_gaussian(deviates, SAMPLES);
        for (size_t i = 0; i < SAMPLES; i++) {
            beyond_4 += fabs(deviates[i]) > 4;
            beyond_5 += fabs(deviates[i]) > 5;
        }
    }
    const double drawn = 32.0 * (double)SAMPLES;
    tally excess_4 = {1, (double)beyond_4 - drawn * erfc(4 / sqrt(2)), 0};
    assert_true(mean_is_zero(&excess_4, sqrt(drawn * erfc(4 / sqrt(2)))));
    assert_true(poisson_plausible(beyond_5, drawn * erfc(5 / sqrt(2))));
}

/* Sorts the deviates, so it stands last. */
static void distribution_function_is_normal(void **state) {
    (void)state;
    tnn_gaussian(deviates, SAMPLES);
    assert_true(follows_standard_normal(deviates, SAMPLES));
}

/* -------------------------------------------------------------------------------------------------------- streams --
 */

static void fill_from_stream(double *out, size_t count, uint64_t number) {
    tnn_gaussian_stream stream;
    tnn_gaussian_stream_start(&stream, number);
    for (size_t i = 0; i < count; i++) {
        out[i] = tnn_gaussian_next(&stream);
    }
}

static void streams_are_decided_by_their_number(void **state) {
    (void)state;
    const size_t count = 5 * TNN_GAUSSIAN_BLOCK + 3;
    const uint64_t others[] = {8, 7 + ((uint64_t)1 << 8), 7 + ((uint64_t)1 << 32), 7 + ((uint64_t)1 << 63)};
    double first[5 * TNN_GAUSSIAN_BLOCK + 3];
    double again[5 * TNN_GAUSSIAN_BLOCK + 3];
    fill_from_stream(first, count, 7);
    fill_from_stream(again, count, 7);
    assert_memory_equal(first, again, sizeof first);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        fill_from_stream(again, count, others[i]);
        for (size_t j = 0; j < count; j++) {
            assert_true(first[j] != again[j]);
        }
    }
}

static void streams_are_normal(void **state) {
    (void)state;
    fill_from_stream(deviates, SAMPLES, draw_below(1u << 31));
    tally mean = moment(1);
    tally power = moment(2);
    power.sum -= (double)power.count;
    assert_true(mean_is_zero(&mean, 1));
    assert_true(mean_is_zero(&power, sqrt(2)));
    pairs_and_blocks_are_uncorrelated(NULL);
    assert_true(follows_standard_normal(deviates, SAMPLES)); /* sorts them */
}

/* Neighbouring numbers, whose seeds differ in a bit or two. */
static void different_streams_are_uncorrelated(void **state) {
    (void)state;
    const size_t count = (size_t)1 << 17;
    const uint64_t number = draw_below(1u << 31);
    double *other = new_array(count, sizeof *other);
    fill_from_stream(deviates, count, number);
    for (uint64_t apart = 1; apart <= 8; apart *= 2) {
        tally linear = {0};
        tally quadratic = {0};
        fill_from_stream(other, count, number + apart);
        for (size_t i = 0; i < count; i++) {
            tally_add(&linear, deviates[i] * other[i]);
            tally_add(&quadratic, (deviates[i] * deviates[i] - 1) * (other[i] * other[i] - 1));
        }
        assert_true(mean_is_zero(&linear, 1));
        assert_true(mean_is_zero(&quadratic, 2));
    }
    tnn_free(other);
}

/* The checks themselves: a deviation 1 % too wide, or a mean off by 0.01, is seen. */
static void wrong_distributions_are_seen(void **state) {
    (void)state;
    tnn_gaussian(deviates, SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++) {
        deviates[i] *= 1.01;
    }
    assert_false(follows_standard_normal(deviates, SAMPLES));
    tally shifted = moment(1);
    shifted.sum += 0.01 * (double)shifted.count;
    assert_false(mean_is_zero(&shifted, 1));
    assert_false(poisson_plausible(0, 38.5));
    assert_false(poisson_plausible(100, 38.5));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_four_moments_are_normal),       cmocka_unit_test(members_of_a_pair_are_uncorrelated),
        cmocka_unit_test(pairs_and_blocks_are_uncorrelated),   cmocka_unit_test(any_count_is_filled),
        cmocka_unit_test(tails_have_the_right_weight),         cmocka_unit_test(distribution_function_is_normal),
        cmocka_unit_test(streams_are_decided_by_their_number), cmocka_unit_test(streams_are_normal),
        cmocka_unit_test(different_streams_are_uncorrelated),  cmocka_unit_test(wrong_distributions_are_seen),
    };
    return cmocka_run_group_tests(tests, draw_deviates, free_deviates);
}
