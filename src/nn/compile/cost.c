/*
 * An external product costs, on the engine of single polynomials, (k+1)(l+1) transforms, each with its share of
 * rotation, decomposition, twist and accumulation, and (k+1)^2 l pointwise products of N/2 points. The quad engine has
 * few ranks and its time depends on what fits the caches: there each N, k and l is measured as a whole. bench_core
 * --calibrate does both, inside blind rotations of 16, and writes calibration.h.
 */
#include "cost.h"

#include <math.h>

typedef struct calibration_point {
    uint32_t N;
    double transform_ns; /* one FFT and the passes around it */
    double product_ns;   /* one pointwise product of N/2 points */
} calibration_point;

#define QUAD_LEVELS 3u

typedef struct quad_point {
    uint32_t N, k;
    double ns[QUAD_LEVELS]; /* an external product with 1, 2 and 3 levels */
} quad_point;

#include "calibration.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* The point of N, or where it lies between two of them the upper one. */
static const calibration_point *single_point(uint32_t N) {
    size_t i = 0;
    while (i + 1 < COUNT_OF(SINGLE_POINTS) && SINGLE_POINTS[i].N < N) {
        i++;
    }
    return &SINGLE_POINTS[i];
}

static double single_product_ns(const tnn_params_literal *p) {
    const calibration_point *point = single_point(p->N);
    const double ns = (p->k + 1.0) * (p->bs_levels + 1.0) * point->transform_ns +
                      (p->k + 1.0) * (p->k + 1.0) * p->bs_levels * point->product_ns;
    /* Beyond the measured degrees, and between them, in proportion to N: the log2 N of a transform is left out. */
    return ns * p->N / point->N;
}

/* The point of N among those of a rank, else the first above it, else the last. */
static const quad_point *quad_point_of(uint32_t N, uint32_t k) {
    const quad_point *found = &QUAD_POINTS[0];
    for (size_t i = 0; i < COUNT_OF(QUAD_POINTS); i++) {
        if (QUAD_POINTS[i].k == k && (found->k != k || found->N < N)) {
            found = &QUAD_POINTS[i];
        }
    }
    return found;
}

/* Levels beyond the measured ones add what the last of them added. */
static double quad_product_ns(const tnn_params_literal *p) {
    const quad_point *point = quad_point_of(p->N, p->k);
    const double *ns = point->ns;
    const double more = p->bs_levels > QUAD_LEVELS ? p->bs_levels - (double)QUAD_LEVELS : 0.0;
    const uint32_t measured = p->bs_levels < QUAD_LEVELS ? p->bs_levels : QUAD_LEVELS;
    return (ns[measured - 1] + more * (ns[QUAD_LEVELS - 1] - ns[QUAD_LEVELS - 2])) * p->N / point->N;
}

/* External products for a key bit of a split accumulator, where mask words are uniform: of stage j < v, a share of
 * 2^-(j+1) of the words, 2^(v-j) each, of stage v one each (split.h). 1, 1.5, 2.75, 5.375. */
static double products_a_bit(uint32_t v) {
    double products = exp2(-(double)v);
    for (uint32_t j = 0; j < v; j++) {
        products += exp2((double)v - 2.0 * j - 1);
    }
    return products;
}

/* A reference server has the quad engine, which serves every rank up to this one. */
#define QUAD_RANKS 3u

double tnn_cost_blind_rotation(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    const double product_ns = p->k <= QUAD_RANKS ? quad_product_ns(p) : single_product_ns(p);
    return 1e-6 * p->n * products_a_bit(p->log2_split) * product_ns;
}

double tnn_cost_key_switch(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    double words = (double)tnn_params_switched_coordinates(params) * p->ks_levels * (p->n + 1.0);
    return 1e-6 * words * KEY_SWITCH_WORD_NS;
}

/* A multiply-add of a mask's word in a dot product, and the expansion of that word: of 32 bits, which stay in the
 * caches where a key switch's do not. Words of 16 bits take half of both. Measured on tnn_infer with 1 to 100 logits.
 */
#define DOT_WORD_NS 0.12
#define MASK_WORD_NS 2.6

/* Of the pixels: an image has n words of masks for every N' of them, and each weight of the first layer that is not 0
 * multiplies n words. */
static double dot_products(const tnn_layer_shape *first, const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    const uint64_t blocks = (first->inputs + (uint64_t)p->input_N - 1) / p->input_N;
    const double masks = (double)(blocks * p->n);
    const double products = (double)first->products * p->n;
    return 1e-6 * (products * DOT_WORD_NS + masks * MASK_WORD_NS) * p->input_bits / 32;
}

double tnn_cost_image(const tnn_shape *shape, const tnn_params *params) {
    const double dots = dot_products(&shape->layers[0], params);
    if (shape->layer_count == 1) {
        return dots;
    }
    /* Every table layer but the first reads big ciphertexts: one key switch a neuron. */
    double switches = (double)(shape->bootstraps - shape->layers[0].neurons);
    return dots + (double)shape->bootstraps * tnn_cost_blind_rotation(params) + switches * tnn_cost_key_switch(params);
}
