#include "common/spread.h"

#include <stdlib.h>

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

spread spread_of(double *samples, size_t count) {
    qsort(samples, count, sizeof *samples, compare_doubles);
    size_t rank95 = (count * 95 + 99) / 100; /* nearest rank, rounded up, counted from 1 */
    return (spread){
        .min = samples[0],
        .median = (samples[(count - 1) / 2] + samples[count / 2]) / 2.0,
        .p95 = samples[rank95 - 1],
    };
}
