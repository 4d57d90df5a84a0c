#include "cost.h"

#include <math.h>

#include "circuits.h"
#include "key_fixture.h"
#include "networks.h"
#include "testing.h"

typedef double (*cost_function)(const tnn_params *params);

static tnn_params changed(const tnn_params *params, size_t change) {
    tnn_params other = *params;
    tnn_params_literal *p = &other.literal;
    uint32_t *const fields[] = {&p->n, &p->k, &p->bs_levels, &p->ks_levels};
    if (change == COUNT_OF(fields)) {
        p->N *= 2;
        other.log2_N++;
    } else {
        *fields[change] += 1;
    }
    return other;
}

enum { CHANGE_n, CHANGE_k, CHANGE_bs_levels, CHANGE_ks_levels, CHANGE_N, CHANGES };

static void assert_grows(cost_function cost, const tnn_params *params, size_t change) {
    const tnn_params dearer = changed(params, change);
    assert_true(cost(params) > 0);
    assert_true(cost(&dearer) > cost(params));
}

static void larger_parameters_cost_more(void **state) {
    (void)state;
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < count; i++) {
        tnn_params *params = params_of(&sets[i].literal);
        assert_grows(tnn_cost_blind_rotation, params, CHANGE_n);
        if (params->literal.k == 1) {
            assert_grows(tnn_cost_blind_rotation, params, CHANGE_k);
        }
        assert_grows(tnn_cost_blind_rotation, params, CHANGE_bs_levels);
        assert_grows(tnn_cost_blind_rotation, params, CHANGE_N);
        if (sets[i].literal.ks_levels > 0) {
            assert_grows(tnn_cost_key_switch, params, CHANGE_k);
            assert_grows(tnn_cost_key_switch, params, CHANGE_ks_levels);
            assert_grows(tnn_cost_key_switch, params, CHANGE_N);
        }
        tnn_params_free(params);
    }
}

/* Of logits alone: more weights, longer keys and wider inputs cost more; wider blocks have fewer masks, and so have
 * fewer inputs. */
static void dot_products_cost_what_they_read(void **state) {
    (void)state;
    tnn_layer_shape logits = {.inputs = 784, .products = 2 * 784};
    const tnn_shape shape = {.layer_count = 1, .layers = &logits};
    const tnn_params_literal literal = {.n = 640, .input_N = 32, .input_bits = 16, .lwe_log2_sigma = -13.28};
    tnn_params params = {.literal = literal};
    const double cost = tnn_cost_image(&shape, &params);
    assert_true(cost > 0.01 && cost < 1);
    params.literal.n = 672;
    assert_true(tnn_cost_image(&shape, &params) > cost);
    params.literal = literal;
    params.literal.input_bits = 32;
    assert_true(tnn_cost_image(&shape, &params) > cost);
    params.literal = literal;
    params.literal.input_N = 128;
    assert_true(tnn_cost_image(&shape, &params) < cost);
    params.literal = literal;
    logits.products *= 5;
    assert_true(tnn_cost_image(&shape, &params) > 3 * cost);
    logits = (tnn_layer_shape){.inputs = 392, .products = 2 * 784};
    assert_true(tnn_cost_image(&shape, &params) < cost);
}

/* Parameters of rank 2, which the quad engine's costs are stated for. */
static tnn_params *quad_params(void) {
    tnn_params *params = shipped_params("accurate");
    params->literal.k = 2;
    return params;
}

/* With the levels that are measured. Rank 2 computes on a lane of zeros, so that rank 3 takes the same vectors and only
 * a row more: such times differ by little, and measured ones in either direction. */
static void quads_of_higher_rank_cost_no_less(void **state) {
    (void)state;
    tnn_params *params = quad_params();
    tnn_params_literal *p = &params->literal;
    for (p->N = 512; p->N <= 2048; p->N *= 2) {
        for (p->bs_levels = 1; p->bs_levels <= 3; p->bs_levels++) {
            const tnn_params higher = changed(params, CHANGE_k);
            assert_true(tnn_cost_blind_rotation(&higher) > 0.9 * tnn_cost_blind_rotation(params));
        }
    }
    tnn_params_free(params);
}

/* Beyond the levels that are measured, too. */
static void quads_of_more_levels_cost_more(void **state) {
    (void)state;
    tnn_params *params = quad_params();
    for (; params->literal.k <= 3; params->literal.k++) {
        for (params->literal.bs_levels = 1; params->literal.bs_levels <= 5; params->literal.bs_levels++) {
            assert_grows(tnn_cost_blind_rotation, params, CHANGE_bs_levels);
        }
    }
    tnn_params_free(params);
}

/* Every ring degree from the least to the largest, and beyond both ends of the calibration, with every rank and number
 * of levels: half as much again at least; at most 5 times as much, where a key of 4 times the words leaves a cache. */
static void each_ring_degree_costs_more_than_its_half(void **state) {
    (void)state;
    tnn_params *params = shipped_params("fast");
    tnn_params_literal *p = &params->literal;
    for (p->k = 1; p->k <= 6; p->k++) {
        for (p->bs_levels = 1; p->bs_levels <= 4; p->bs_levels++) {
            double last = 0;
            for (p->N = TNN_MIN_RING_DEGREE / 2; p->N <= 2 * TNN_MAX_RING_DEGREE; p->N *= 2) {
                const double cost = tnn_cost_blind_rotation(params);
                assert_true(cost > 1.5 * last && (last == 0 || cost < 5 * last));
                last = cost;
            }
        }
    }
    tnn_params_free(params);
}

/* As many products a key bit as there are, whatever the engine (tests/tfhe/server/test_split.c counts them). */
static void split_tables_cost_their_products(void **state) {
    (void)state;
    const double products[] = {1, 1.5, 2.75, 5.375};
    const char *const names[] = {"fast", "fine"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        tnn_params *params = shipped_params(names[i]);
        const double whole = tnn_cost_blind_rotation(params);
        for (uint32_t v = 0; v <= TNN_MAX_LOG2_SPLIT; v++) {
            params->literal.log2_split = v;
            assert_true(fabs(tnn_cost_blind_rotation(params) - products[v] * whole) <= 1e-12 * products[v] * whole);
        }
        tnn_params_free(params);
    }
}

static void no_key_switch_costs_nothing(void **state) {
    (void)state;
    tnn_params *params = shipped_params("fast");
    assert_true(tnn_cost_key_switch(params) == 0);
    tnn_params_free(params);
}

/* The first layer's dot products as if its neurons were logits; a rotation for each neuron with tables; a key switch
 * for each that does not read pixels. */
static void image_costs_its_dot_products_rotations_and_switches(void **state) {
    (void)state;
    tnn_params *params = shipped_params("deep");
    for (uint32_t table_layers = 1; table_layers <= 4; table_layers++) {
        network_shape drawn = small_shape();
        drawn.table_layers = table_layers;
        drawn.neurons = 5;
        tnn_model *model = random_network(&drawn);
        tnn_shape *shape = shape_of(model);
        const double rotations = 5.0 * table_layers * tnn_cost_blind_rotation(params);
        const double switches = 5.0 * (table_layers - 1) * tnn_cost_key_switch(params);
        tnn_layer_shape first = {.inputs = shape->layers[0].inputs, .products = shape->layers[0].products};
        const tnn_shape logits = {.layer_count = 1, .layers = &first};
        const double dots = tnn_cost_image(&logits, params);
        const double stated = tnn_cost_image(shape, params);
        assert_true(dots > 0 && fabs(stated - dots - rotations - switches) <= 1e-12 * stated);
        tnn_shape_free(shape);
        tnn_model_free(model);
    }
    tnn_params_free(params);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dot_products_cost_what_they_read),
        cmocka_unit_test(larger_parameters_cost_more),
        cmocka_unit_test(quads_of_higher_rank_cost_no_less),
        cmocka_unit_test(quads_of_more_levels_cost_more),
        cmocka_unit_test(each_ring_degree_costs_more_than_its_half),
        cmocka_unit_test(split_tables_cost_their_products),
        cmocka_unit_test(no_key_switch_costs_nothing),
        cmocka_unit_test(image_costs_its_dot_products_rotations_and_switches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
