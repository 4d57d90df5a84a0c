/* Sums of samples and the decisions taken on them. */
#ifndef SUPPORT_STATISTICS_H
#define SUPPORT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* Samples of one quantity. For the mean of squares of correlated numbers, such as the coefficients of one ciphertext
 * under one key, a sample is the mean of one ciphertext ("batch means"): samples have to be independent. */
typedef struct tally {
    size_t count;
    double sum;
    double squares;
} tally;

void tally_add(tally *samples, double value);
double tally_mean(const tally *samples);

/* Standard deviation of tally_mean, estimated from the samples' own spread. */
double tally_standard_error(const tally *samples);

/* How far a measured variance may lie from its formula. */
#define VARIANCE_TOLERANCE 0.1

/* Whether there are enough samples that the mean of samples around `expected` lies within the tolerance, except with
 * the false alarm rate of testing.h. For squares of m independent Gaussians this takes m = 8450: their mean follows
 * chi-square / m, of relative deviation sqrt(2 / m). */
bool variance_is_resolved(const tally *squares, double expected);

/* Whether the mean of resolved samples lies within the tolerance of `expected`. */
bool variance_agrees(const tally *squares, double expected);

/* Draws samples until they are resolved, and returns them. Fails the test where they agree with a planted `expected`
 * of 1.25 times the formula: a check that accepts that checks nothing. */
typedef double (*sample_source)(void *context);
tally measure_variance(sample_source draw, void *context, double expected);

/* Fails the test unless variance_agrees. Prints the ratio of measurement and formula. */
void assert_variance(const char *what, const tally *squares, double expected);

/* Whether the mean of the samples is zero, given their known standard deviation. */
bool mean_is_zero(const tally *samples, double deviation);

/* Whether an event of this expected number was seen a plausible number of times (Poisson, 1e-9 on each side). */
bool poisson_plausible(size_t seen, double expected);

/* Kolmogorov-Smirnov: sorts the samples and says whether they follow the standard normal distribution. */
bool follows_standard_normal(double *samples, size_t count);

#endif
