#include "bench/linear_fit.h"

#include <math.h>

double linear_fit_at(const linear_fit *fit, double x) {
    return fit->intercept + fit->slope * x;
}

static void find_deviation(linear_fit *fit, const double *x, const double *y, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double deviation = fabs(y[i] / linear_fit_at(fit, x[i]) - 1.0);
        if (deviation > fit->largest_deviation) {
            fit->largest_deviation = deviation;
            fit->deviating = i;
        }
    }
}

linear_fit linear_fit_of(const double *x, const double *y, size_t count) {
    double sum = 0, sum_x = 0, sum_y = 0;
    for (size_t i = 0; i < count; i++) {
        double weight = 1.0 / (y[i] * y[i]);
        sum += weight;
        sum_x += weight * x[i];
        sum_y += weight * y[i];
    }
    double mean_x = sum_x / sum, mean_y = sum_y / sum, square = 0, product = 0;
    for (size_t i = 0; i < count; i++) {
        double weight = 1.0 / (y[i] * y[i]);
        square += weight * (x[i] - mean_x) * (x[i] - mean_x);
        product += weight * (x[i] - mean_x) * (y[i] - mean_y);
    }
    linear_fit fit = {.slope = product / square};
    fit.intercept = mean_y - fit.slope * mean_x;
    find_deviation(&fit, x, y, count);
    return fit;
}
