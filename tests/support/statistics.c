#include "statistics.h"

#include <math.h>
#include <stdlib.h>

#include "testing.h"

void tally_add(tally *samples, double value) {
    samples->count++;
    samples->sum += value;
    samples->squares += value * value;
}

double tally_mean(const tally *samples) {
    return samples->sum / (double)samples->count;
}

double tally_standard_error(const tally *samples) {
    double mean = tally_mean(samples);
    double spread = samples->squares / (double)samples->count - mean * mean;
    return sqrt(fmax(spread, 0) / (double)samples->count);
}

bool variance_is_resolved(const tally *squares, double expected) {
    const size_t enough_to_know_the_spread = 200;
    return squares->count >= enough_to_know_the_spread &&
           STATISTIC_DEVIATIONS * tally_standard_error(squares) <= VARIANCE_TOLERANCE * expected;
}

bool variance_agrees(const tally *squares, double expected) {
    return variance_is_resolved(squares, expected) &&
           fabs(tally_mean(squares) - expected) <= VARIANCE_TOLERANCE * expected;
}

tally measure_variance(sample_source draw, void *context, double expected) {
    const size_t most =
        100000; /* 8450 are enough for independent squares: never reached unless the formula is far off */
    tally squares = {0};
    while (!variance_is_resolved(&squares, expected) && squares.count < most) {
        tally_add(&squares, draw(context));
    }
    assert_false(variance_agrees(&squares, 1.25 * expected));
    return squares;
}

void assert_variance(const char *what, const tally *squares, double expected) {
    print_message("%s: measured / formula = %.3f +- %.3f\n", what, tally_mean(squares) / expected,
                  tally_standard_error(squares) / expected);
    assert_true(variance_agrees(squares, expected));
}

bool mean_is_zero(const tally *samples, double deviation) {
    return fabs(tally_mean(samples)) * sqrt((double)samples->count) <= STATISTIC_DEVIATIONS * deviation;
}

/* P(X <= seen) for a Poisson variable. */
static double poisson_at_most(size_t seen, double expected) {
    double term = exp(-expected);
    double sum = term;
    for (size_t i = 1; i <= seen; i++) {
        term *= expected / (double)i;
        sum += term;
    }
    return sum;
}

bool poisson_plausible(size_t seen, double expected) {
    const double rate = 1e-9;
    bool too_few = poisson_at_most(seen, expected) < rate;
    bool too_many = seen > 0 && 1 - poisson_at_most(seen - 1, expected) < rate;
    return !too_few && !too_many;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The largest distance D between both distribution functions has P(D sqrt(count) > x) ~ 2 exp(-2 x^2): 1e-9 at 3.27. */
bool follows_standard_normal(double *samples, size_t count) {
    qsort(samples, count, sizeof *samples, by_value);
    double distance = 0;
    for (size_t i = 0; i < count; i++) {
        double normal = erfc(-samples[i] / sqrt(2)) / 2;
        double above = (double)(i + 1) / (double)count - normal;
        double below = normal - (double)i / (double)count;
        distance = fmax(distance, fmax(above, below));
    }
    return distance * sqrt((double)count) <= 3.27;
}
