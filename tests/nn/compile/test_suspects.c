#include "suspects.h"

#include "circuits.h"
#include "draw.h"
#include "key_fixture.h"
#include "networks.h"
#include "testing.h"

#define MOST_LAYERS 3u

static tnn_budget budget_of(const tnn_shape *shape, const tnn_params *params, bool is_exact, tnn_layer_budget *layers) {
    tnn_budget budget = {.layers = layers};
    uint32_t failed_layer;
    assert_ok(tnn_budget_fill(&budget, &failed_layer, shape, params, is_exact, NULL));
    return budget;
}

/* Of what the contract asks for. */
static void check_bound(const tnn_budget *few, const tnn_budget *all, uint32_t layers, bool is_exact) {
    for (uint32_t i = 0; i < layers; i++) {
        const tnn_layer_budget *a = &few->layers[i];
        const tnn_layer_budget *b = &all->layers[i];
        assert_true(is_exact ? a->worst_lookup_log2 <= b->worst_lookup_log2 + 1e-9
                             : a->worst_position_noise <= b->worst_position_noise * (1 + 1e-12));
    }
    assert_true(few->logit_noise_share <= all->logit_noise_share * (1 + 1e-12));
    assert_true(few->logit_room_used <= all->logit_room_used * (1 + 1e-12));
}

/* Whoever they are, also once the worst have joined. */
static void check_suspects(const tnn_shape *shape, const tnn_params *params, bool is_exact) {
    tnn_layer_budget layers[2][MOST_LAYERS];
    tnn_suspects *suspects;
    assert_ok(tnn_suspects_create(&suspects, shape));
    const tnn_budget all = budget_of(shape, params, is_exact, layers[0]);
    for (int turn = 0; turn < 6; turn++) {
        const tnn_budget few = budget_of(tnn_suspects_shape(suspects), params, is_exact, layers[1]);
        check_bound(&few, &all, shape->layer_count, is_exact);
        tnn_suspects_add(suspects, &all);
    }
    tnn_suspects_free(suspects);
}

static void budgets_of_suspects_are_lower_bounds(void **state) {
    (void)state;
    const char *const deep[] = {"deep", "deep-fine"};
    const char *const shallow[] = {"fast", "accurate", "fine"};
    for (int round = 0; round < 60; round++) {
        network_shape drawn = small_shape();
        drawn.table_layers = 1 + draw_below(MOST_LAYERS - 1);
        drawn.neurons = 1 + draw_below(12);
        drawn.tables_per_neuron = 1 + draw_below(2);
        drawn.outputs = 1 + draw_below(8);
        drawn.weight_magnitude = 1 + draw_below(100);
        tnn_model *model = random_network(&drawn);
        tnn_shape *shape = shape_of(model);
        tnn_params *params = shipped_params(drawn.table_layers > 1 ? deep[draw_below(2)] : shallow[draw_below(3)]);
        check_suspects(shape, params, draw_below(2));
        tnn_params_free(params);
        tnn_shape_free(shape);
        tnn_model_free(model);
    }
    tnn_suspects_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budgets_of_suspects_are_lower_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
