/*
 * An external product costs (k+1)(l+1) transforms, each with its share of rotation, decomposition, twist and
 * accumulation, and (k+1)^2 l pointwise products of N/2 points. bench_core --calibrate measures both for each N, inside
 * blind rotations of 16, and writes calibration.h.
 */
#include "cost.h"

typedef struct calibration_point {
    uint32_t N;
    double transform_ns; /* one FFT and the passes around it */
    double product_ns;   /* one pointwise product of N/2 points */
} calibration_point;

#include "calibration.h"

static const calibration_point *point_of(uint32_t N) {
    const size_t count = sizeof CALIBRATION / sizeof *CALIBRATION;
    for (size_t i = 0; i + 1 < count; i++) {
        if (N <= CALIBRATION[i].N) {
            return &CALIBRATION[i];
        }
    }
    return &CALIBRATION[count - 1];
}

double tnn_cost_blind_rotation(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    const calibration_point *point = point_of(p->N);
    const double scale = (double)p->N / point->N;
    const double transforms = (p->k + 1.0) * (p->bs_levels + 1.0) * point->transform_ns;
    const double products = (p->k + 1.0) * (p->k + 1.0) * p->bs_levels * point->product_ns;
    return 1e-6 * p->n * (transforms + products) * scale;
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
