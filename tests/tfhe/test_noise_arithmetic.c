/* The floating-point part of an external product's noise, at parameters where it outweighs everything else. */
#include <math.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "statistics.h"
#include "testing.h"
#include "workspace.h"

#define TOLERANCE 0.25

/* Parameters that no check has to pass: the noise of the key is next to none, the gadget wide. */
static tnn_params bare_params(uint32_t k, uint32_t log2_N, uint32_t base_log, uint32_t levels) {
    const tnn_params_literal literal = {.n = 600,
                                        .input_N = 8,
                                        .input_bits = 32,
                                        .lwe_log2_sigma = -16,
                                        .k = k,
                                        .N = 1u << log2_N,
                                        .glwe_log2_sigma = -61,
                                        .bs_base_log = base_log,
                                        .bs_levels = levels};
    return (tnn_params){literal, TNN_SECURITY_128, log2_N, 8};
}

typedef struct products {
    tnn_params params;
    tnn_secret_key *secret;
    tnn_workspace *workspace;
    uint32_t *glwe;   /* [k + 1][N] */
    uint32_t *result; /* [k + 1][N] */
    uint32_t *zeros;  /* [N] */
} products;

static products new_products(const tnn_params *params) {
    products p = {.params = *params, .secret = balanced_secret_key(params)};
    assert_ok(tnn_workspace_create(&p.workspace, params, 1));
    p.glwe = new_array(tnn_params_glwe_words(params), sizeof *p.glwe);
    p.result = new_array(tnn_params_glwe_words(params), sizeof *p.result);
    p.zeros = new_array(params->literal.N, sizeof *p.zeros);
    return p;
}

static void free_products(products *p) {
    tnn_free(p->glwe);
    tnn_free(p->result);
    tnn_free(p->zeros);
    tnn_workspace_free(p->workspace);
    tnn_secret_key_free(p->secret);
}

/* The mean over products with one GGSW: its rows have been transformed once, so errors of their transforms are shared.
 */
static double draw_ggsw_and_products(void *context) {
    const unsigned count = 8;
    products *p = context;
    tnn_ggsw *zero;
    double sum = 0;
    assert_ok(tnn_ggsw_encrypt(p->secret, &zero, false));
    for (unsigned i = 0; i < count; i++) {
        tnn_random_bytes(p->glwe, tnn_params_glwe_words(&p->params) * sizeof *p->glwe);
        tnn_external_product(p->workspace, p->result, zero, p->glwe);
        sum += mean_square_error(p->secret, p->result, p->zeros);
    }
    tnn_ggsw_free(zero);
    return sum / count;
}

/* Noise of the key's rows and of the gadget, of which products with a GGSW of 0 only see the first. */
static void assert_arithmetic_dominates(const tnn_params_literal *p, double variance) {
    const double mask_coefficients = (double)p->k * p->N;
    const double power = exp2(2.0 * p->bs_base_log) / 12;
    const double key = (p->k + 1.0) * p->bs_levels * p->N * power * exp2(2 * p->glwe_log2_sigma);
    const double gadget = exp2(-2.0 * p->bs_base_log * p->bs_levels) / 12 * (1 + mask_coefficients / 2);
    assert_true(key + gadget < 0.01 * variance);
}

static bool agrees(const tally *squares, double expected) {
    return fabs(tally_mean(squares) - expected) <= TOLERANCE * expected;
}

/* The plans of the FFT and the instruction set move the constant by up to 10 %; the measurement is good to 12 % with
 * the false alarm rate of testing.h. */
static void check_products(const tnn_params *params, const tnn_kernels *kernels) {
    const double expected = tnn_variance_external_product(params);
    products p = new_products(params);
    tally squares = {0};
    p.workspace->kernels = kernels;
    while (squares.count < 50 || STATISTIC_DEVIATIONS * tally_standard_error(&squares) > 0.12 * tally_mean(&squares)) {
        tally_add(&squares, draw_ggsw_and_products(&p));
    }
    print_message("k %u, N %u, Bg 2^%u, l %u, %s: measured / formula = %.3f +- %.3f\n", params->literal.k,
                  params->literal.N, params->literal.bs_base_log, params->literal.bs_levels, kernels->name,
                  tally_mean(&squares) / expected, tally_standard_error(&squares) / expected);
    assert_arithmetic_dominates(&params->literal, tally_mean(&squares));
    assert_true(agrees(&squares, expected));
    assert_false(agrees(&squares, expected * 2));
    assert_false(agrees(&squares, expected / 2));
    free_products(&p);
}

static void floating_point_adds_what_the_formula_says(void **state) {
    (void)state;
    const tnn_params sets[] = {bare_params(1, 11, 26, 1), bare_params(1, 11, 28, 1), bare_params(1, 12, 26, 1),
                               bare_params(1, 12, 28, 1), bare_params(3, 9, 27, 1),  bare_params(2, 10, 27, 1),
                               bare_params(1, 13, 26, 1)};
    const tnn_kernels *kernels[8];
    const size_t kernel_sets = tnn_kernels_available(kernels, COUNT_OF(kernels));
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        for (size_t j = 0; j < kernel_sets; j++) {
            check_products(&sets[i], kernels[j]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floating_point_adds_what_the_formula_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
