#include "search.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "circuits.h"
#include "compiler.h"
#include "cost.h"
#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "networks.h"
#include "testing.h"

/* What a search came to, with the budget under its parameters computed again. */
typedef struct finding {
    tnn_status status;
    tnn_params params;
    tnn_shortfall shortfall;
    tnn_budget budget;
} finding;

static finding search_for(const tnn_shape *shape, const tnn_requirement *requirement) {
    finding f = {.budget.layers = new_array(shape->layer_count, sizeof *f.budget.layers)};
    uint32_t failed_layer;
    f.status = tnn_search(&f.params, &f.shortfall, shape, requirement);
    assert_true(f.status == TNN_OK || f.status == TNN_ERR_UNSATISFIABLE);
    if (f.status == TNN_OK) {
        assert_ok(tnn_budget_fill(&f.budget, &failed_layer, shape, &f.params, requirement->exact, NULL));
    }
    return f;
}

static bool requirement_met(const tnn_budget *budget, uint32_t layer_count, const tnn_requirement *requirement) {
    bool met = budget->logit_room_used <= 1;
    for (uint32_t i = 0; i < layer_count; i++) {
        const tnn_layer_budget *layer = &budget->layers[i];
        met = met && (requirement->exact ? layer->worst_lookup_log2 <= requirement->log2_lookup_error
                                         : layer->worst_position_noise <= requirement->position_noise);
    }
    return met && (requirement->exact || budget->logit_noise_share <= requirement->logit_noise);
}

/* Small inputs, weights and tables, so that the exact contract can be had too. */
static network_shape narrow_shape(uint32_t table_layers) {
    network_shape shape = small_shape();
    shape.height = shape.width = 2;
    shape.input_levels = 3;
    shape.table_layers = table_layers;
    shape.weight_magnitude = 1;
    shape.table_cells = 4;
    shape.table_magnitude = 2;
    shape.tables = TABLES_RANDOM;
    return shape;
}

static tnn_requirement drawn_requirement(void) {
    tnn_requirement requirement = draw_below(2) ? tolerant(0.2 / (1 + draw_below(30))) : exact(-1.0 - draw_below(60));
    requirement.logit_noise = 1.0 / (1 + draw_below(20));
    return requirement;
}

/* ------------------------------------------------------------------------------------------------- what is found --
 */

static void check_secure(const tnn_params *found, tnn_security security) {
    const tnn_params_literal *p = &found->literal;
    tnn_params *checked;
    assert_ok(tnn_params_create(&checked, p, security));
    assert_true(tnn_params_equal(checked, found));
    assert_true(p->lwe_log2_sigma >= tnn_security_min_log2_sigma(p->n, security));
    assert_true(p->glwe_log2_sigma >= tnn_security_min_log2_sigma(p->k * p->N, security));
    tnn_params_free(checked);
}

static void check_found(const tnn_model *model, const tnn_requirement *requirement) {
    tnn_shape *shape = shape_of(model);
    finding f = search_for(shape, requirement);
    if (f.status == TNN_OK) {
        assert_true(requirement_met(&f.budget, shape->layer_count, requirement));
        check_secure(&f.params, requirement->security);
        assert_true((f.params.literal.ks_levels > 0) == (shape->layer_count > 2));
        assert_true(f.params.literal.input_bits == 16 || f.params.literal.input_bits == 32);
    }
    tnn_free(f.budget.layers);
    tnn_shape_free(shape);
}

static void results_meet_the_requirement_and_the_curve(void **state) {
    (void)state;
    for (int round = 0; round < 24; round++) {
        network_shape drawn = narrow_shape(1 + draw_below(3));
        tnn_model *model = random_network(&drawn);
        tnn_requirement requirement = drawn_requirement();
        requirement.security = round % 2 ? TNN_SECURITY_128 : TNN_SECURITY_128_MARGIN;
        check_found(model, &requirement);
        tnn_model_free(model);
    }
}

/* Cost of what is found, or infinity. */
static double cost_of(const tnn_shape *shape, const tnn_requirement *requirement) {
    finding f = search_for(shape, requirement);
    tnn_free(f.budget.layers);
    return f.status == TNN_OK ? tnn_cost_image(shape, &f.params) : INFINITY;
}

static tnn_requirement stricter(tnn_requirement requirement, size_t part) {
    requirement.position_noise /= part == 0 ? 2 : 1;
    requirement.logit_noise /= part == 1 ? 2 : 1;
    requirement.log2_lookup_error *= part == 2 ? 2 : 1;
    requirement.security = part == 3 ? TNN_SECURITY_128_MARGIN : TNN_SECURITY_128;
    return requirement;
}

static void stricter_requirements_are_never_cheaper(void **state) {
    (void)state;
    for (int round = 0; round < 6; round++) {
        network_shape drawn = narrow_shape(1 + draw_below(2));
        tnn_model *model = random_network(&drawn);
        tnn_shape *shape = shape_of(model);
        tnn_requirement requirement = drawn_requirement();
        requirement.security = TNN_SECURITY_128;
        const double cost = cost_of(shape, &requirement);
        /* behind a key switch, less noise can ask for another level of it: the rows of the curve do not compare */
        for (size_t part = 0; part < (shape->layer_count > 2 ? 3 : 4); part++) {
            const tnn_requirement harder = stricter(requirement, part);
            assert_true(cost_of(shape, &harder) >= cost);
        }
        tnn_shape_free(shape);
        tnn_model_free(model);
    }
}

/* What is found for this position noise, under the least logit noise that lets any network have it. */
static tnn_params found_for(uint32_t tables_per_neuron, double position_noise) {
    network_shape drawn = narrow_shape(1);
    drawn.tables_per_neuron = tables_per_neuron;
    tnn_model *model = random_network(&drawn);
    tnn_shape *shape = shape_of(model);
    tnn_requirement requirement = tolerant(position_noise);
    requirement.logit_noise = 1;
    finding f = search_for(shape, &requirement);
    assert_ok(f.status);
    tnn_free(f.budget.layers);
    tnn_shape_free(shape);
    tnn_model_free(model);
    return f.params;
}

/* Few positions need no split; more are cheaper in polynomials of the degree that the key's noise asks for anyway. */
static void tables_are_split_where_it_is_cheaper(void **state) {
    (void)state;
    const tnn_params few = found_for(1, 0.02);
    const tnn_params many = found_for(1, 0.001);
    assert_int_equal(few.literal.log2_split, 0);
    assert_true(many.literal.log2_split > 0);
    tnn_params whole = many;
    whole.literal.N = tnn_params_positions(&many);
    whole.literal.log2_split = 0;
    assert_true(tnn_cost_blind_rotation(&many) < tnn_cost_blind_rotation(&whole));
}

static void rotations_of_several_tables_are_not_split(void **state) {
    (void)state;
    const double noises[] = {0.02, 0.004, 0.002, 0.001};
    for (size_t i = 0; i < COUNT_OF(noises); i++) {
        assert_int_equal(found_for(3, noises[i]).literal.log2_split, 0);
    }
}

/* A shipped set that does is not cheaper than what is found. */
static void no_shipped_set_is_cheaper(void **state) {
    (void)state;
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    size_t compared = 0;
    for (uint32_t table_layers = 1; table_layers <= 2; table_layers++) {
        network_shape drawn = narrow_shape(table_layers);
        tnn_model *model = random_network(&drawn);
        tnn_shape *shape = shape_of(model);
        const tnn_requirement requirement = tolerant(0.1);
        finding f = search_for(shape, &requirement);
        assert_ok(f.status);
        const double cost = tnn_cost_image(shape, &f.params);
        for (size_t i = table_layers == 1 ? 0 : count - 2; i < count; i++) {
            uint32_t failed_layer;
            tnn_params *params = params_of(&sets[i].literal);
            assert_ok(tnn_budget_fill(&f.budget, &failed_layer, shape, params, false, NULL));
            const bool met = requirement_met(&f.budget, shape->layer_count, &requirement);
            assert_true(!met || tnn_cost_image(shape, params) >= cost);
            compared += met;
            tnn_params_free(params);
        }
        tnn_free(f.budget.layers);
        tnn_shape_free(shape);
        tnn_model_free(model);
    }
    assert_true(compared >= 2);
}

/* The check above notices a wrong constant: with the noise of positions stated 10 % too small, requirements between the
 * true and the stated noise would seem met. */
static void understated_noise_is_noticed(void **state) {
    (void)state;
    network_shape drawn = narrow_shape(1);
    tnn_model *model = random_network(&drawn);
    tnn_shape *shape = shape_of(model);
    tnn_requirement requirement = tolerant(0.05);
    finding f = search_for(shape, &requirement);
    assert_ok(f.status);
    requirement.position_noise = 0.95 * f.budget.layers[0].worst_position_noise;
    assert_false(requirement_met(&f.budget, shape->layer_count, &requirement));
    f.budget.layers[0].worst_position_noise *= 0.9;
    assert_true(requirement_met(&f.budget, shape->layer_count, &requirement));
    tnn_free(f.budget.layers);
    tnn_shape_free(shape);
    tnn_model_free(model);
}

/* -------------------------------------------------------------------------------------------------- width of inputs --
 */

static void check_input_bits(int32_t low, int32_t high, uint32_t expected) {
    network_shape drawn = narrow_shape(1);
    tnn_model *model = random_network(&drawn);
    const tnn_requirement requirement = tolerant(0.2);
    for (size_t j = 0; j < drawn.neurons; j++) {
        model->layers[0].ranges[2 * j] = low;
        model->layers[0].ranges[2 * j + 1] = high;
    }
    tnn_shape *shape = shape_of(model);
    finding f = search_for(shape, &requirement);
    assert_ok(f.status);
    assert_int_equal(f.params.literal.input_bits, expected);
    tnn_free(f.budget.layers);
    tnn_shape_free(shape);
    tnn_model_free(model);
}

/* 40001 accumulators have no place on half of 2^16; for a few of them, wider inputs would cost bytes for nothing. */
static void inputs_are_as_wide_as_they_must_be(void **state) {
    (void)state;
    check_input_bits(-20000, 20000, 32);
    check_input_bits(-20, 20, 16);
}

/* --------------------------------------------------------------------------------------------------- what is lacking
 * --
 */

static tnn_shortfall shortfall_of(const tnn_model *model, const tnn_requirement *requirement) {
    tnn_shape *shape = shape_of(model);
    finding f = search_for(shape, requirement);
    assert_status(TNN_ERR_UNSATISFIABLE, f.status);
    assert_true(f.shortfall.layer < shape->layer_count);
    assert_true(f.shortfall.neuron < shape->layers[f.shortfall.layer].neurons);
    assert_true(f.shortfall.is_logit == (f.shortfall.layer + 1 == shape->layer_count));
    tnn_free(f.budget.layers);
    tnn_shape_free(shape);
    return f.shortfall;
}

static void noise_that_nothing_reaches_is_told(void **state) {
    (void)state;
    for (uint32_t table_layers = 1; table_layers <= 2; table_layers++) {
        network_shape drawn = narrow_shape(table_layers);
        tnn_model *model = random_network(&drawn);
        const tnn_requirement requirement = tolerant(1e-6);
        const tnn_shortfall s = shortfall_of(model, &requirement);
        assert_false(s.is_logit);
        assert_true(s.asked == 1e-6);
        assert_true(s.reachable > s.asked && s.reachable < 0.1);
        tnn_model_free(model);
    }
}

static void logit_noise_that_nothing_reaches_is_told(void **state) {
    (void)state;
    network_shape drawn = narrow_shape(1);
    tnn_model *model = random_network(&drawn);
    tnn_requirement requirement = tolerant(0.2);
    requirement.logit_noise = 1e-9;
    const tnn_shortfall s = shortfall_of(model, &requirement);
    assert_true(s.is_logit);
    assert_true(s.asked == 1e-9);
    assert_true(s.reachable > s.asked && s.reachable < 0.1);
    tnn_model_free(model);
}

/* One neuron has a hundred times as many accumulators as any lookup tells apart. */
static void neuron_too_wide_for_exact_lookups_is_told(void **state) {
    (void)state;
    for (uint32_t wide = 0; wide < 4; wide++) {
        network_shape drawn = narrow_shape(1);
        tnn_model *model = random_network(&drawn);
        const tnn_requirement requirement = exact(-40);
        model->layers[0].ranges[2 * wide] = -5000;
        model->layers[0].ranges[2 * wide + 1] = 5000;
        const tnn_shortfall s = shortfall_of(model, &requirement);
        assert_int_equal(s.layer, 0);
        assert_int_equal(s.neuron, wide);
        assert_true(s.asked >= log2(10001) && s.asked < log2(15000));
        assert_true(s.reachable < s.asked && s.reachable > 2);
        tnn_model_free(model);
    }
}

/* --------------------------------------------------------------------------------------------------------------- time
 * --
 */

#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
#define MOST_SECONDS 60
#else
#define MOST_SECONDS 2
#endif

static void wide_network_compiles_in_time(void **state) {
    (void)state;
    network_shape drawn = small_shape();
    drawn.height = drawn.width = 28;
    drawn.neurons = 392;
    drawn.outputs = 10;
    tnn_model *model = random_network(&drawn);
    const tnn_requirement requirement = tolerant(1e-4); /* nothing meets it: every candidate is tried */
    tnn_circuit *circuit;
    tnn_shortfall shortfall;
    const clock_t start = clock();
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_circuit_compile(&circuit, &shortfall, model, &requirement));
    const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("every candidate for 784-392-10: %.2f s\n", seconds);
    assert_true(seconds < MOST_SECONDS);
    tnn_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_meet_the_requirement_and_the_curve),
        cmocka_unit_test(stricter_requirements_are_never_cheaper),
        cmocka_unit_test(tables_are_split_where_it_is_cheaper),
        cmocka_unit_test(rotations_of_several_tables_are_not_split),
        cmocka_unit_test(no_shipped_set_is_cheaper),
        cmocka_unit_test(understated_noise_is_noticed),
        cmocka_unit_test(inputs_are_as_wide_as_they_must_be),
        cmocka_unit_test(noise_that_nothing_reaches_is_told),
        cmocka_unit_test(logit_noise_that_nothing_reaches_is_told),
        cmocka_unit_test(neuron_too_wide_for_exact_lookups_is_told),
        cmocka_unit_test(wide_network_compiles_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
