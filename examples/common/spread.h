/* spread.h: the three figures that stand for many measurements. */
#ifndef EXAMPLES_SPREAD_H
#define EXAMPLES_SPREAD_H

#include <stddef.h>

typedef struct spread {
    double min;
    double median;
    double p95; /* the smallest sample that is not below 95 % of them */
} spread;

/** The spread of samples [count], count at least 1, which are sorted in place. */
spread spread_of(double *samples, size_t count);

#endif
