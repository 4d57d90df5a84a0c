/*
 * An external product costs, on FFTW's engine, (k+1)(l+1) transforms, each with its share of rotation, decomposition,
 * twist and accumulation, and (k+1)^2 l pointwise products of N/2 points. On the quad engine both serve four
 * polynomials at once: l+1 transforms and (k+1) l products. bench_core --calibrate measures them for each N, inside
 * blind rotations of 16, and writes calibration.h.
 */
#include "cost.h"

typedef struct calibration_point {
    uint32_t N;
    double transform_ns; /* one FFT, of one polynomial or of four, and the passes around it */
    double product_ns;   /* one pointwise product of N/2 points, or of N/2 rows of four */
} calibration_point;

#include "calibration.h"

#define POINTS(array) (array), sizeof(array) / sizeof *(array)

/* The point of N, or where it lies between two of them the upper one. */
static const calibration_point *point_of(const calibration_point *points, size_t count, uint32_t N) {
    for (size_t i = 0; i + 1 < count; i++) {
        if (N <= points[i].N) {
            return &points[i];
        }
    }
    return &points[count - 1];
}

static double fftw_product_ns(const tnn_params_literal *p, const calibration_point *point) {
    return (p->k + 1.0) * (p->bs_levels + 1.0) * point->transform_ns +
           (p->k + 1.0) * (p->k + 1.0) * p->bs_levels * point->product_ns;
}

static double quad_product_ns(const tnn_params_literal *p, const calibration_point *point) {
    return (p->bs_levels + 1.0) * point->transform_ns + (p->k + 1.0) * p->bs_levels * point->product_ns;
}

double tnn_cost_blind_rotation(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    const bool quad = params->engine == TNN_ENGINE_QUAD;
    const calibration_point *point = quad ? point_of(POINTS(QUAD_POINTS), p->N) : point_of(POINTS(FFTW_POINTS), p->N);
    const double product_ns = quad ? quad_product_ns(p, point) : fftw_product_ns(p, point);
    return 1e-6 * p->n * product_ns * p->N / point->N;
}

double tnn_cost_key_switch(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    double words = (double)tnn_params_switched_coordinates(params) * p->ks_levels * (p->n + 1.0);
    return 1e-6 * words * KEY_SWITCH_WORD_NS;
}

double tnn_cost_image(const tnn_shape *shape, const tnn_params *params) {
    double switches = (double)(shape->bootstraps - shape->layers[0].neurons);
    return (double)shape->bootstraps * tnn_cost_blind_rotation(params) + switches * tnn_cost_key_switch(params);
}
