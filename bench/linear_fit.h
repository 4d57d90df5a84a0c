/* linear_fit.h: how far measured costs are from a straight line. */
#ifndef BENCH_LINEAR_FIT_H
#define BENCH_LINEAR_FIT_H

#include <stddef.h>

typedef struct linear_fit {
    double intercept, slope;
    double largest_deviation; /* of |y / fit - 1| */
    size_t deviating;         /* the index where it is */
} linear_fit;

/**
 * The line that minimizes the sum of squared relative errors, each y weighing as 1/y^2, so that small sizes count as
 * much as large ones.
 *
 * Args: x, y  [count], count at least 2, y above 0, not all x equal
 */
linear_fit linear_fit_of(const double *x, const double *y, size_t count);

double linear_fit_at(const linear_fit *fit, double x);

#endif
