#include "bench/synthetic_network.h"

#include "circuit.h"
#include "testing.h"

static const synthetic_shape SHAPES[] = {{64, 16, 1, 2}, {784, 17, 1, 1}, {100, 16, 3, 2}};

static void networks_have_the_sizes_asked_for(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SHAPES); i++) {
        const synthetic_shape *shape = &SHAPES[i];
        tnn_model *model;
        tnn_model_info info;
        assert_true(synthetic_network(&model, shape));
        tnn_model_describe(model, &info);
        assert_int_equal(shape->inputs, info.height * info.width * info.channels);
        assert_int_equal(shape->table_layers + 1, info.layers);
        assert_int_equal(shape->outputs, info.outputs);
        assert_int_equal((uint64_t)shape->neurons * shape->table_layers, info.table_lookups);
        tnn_model_free(model);
    }
}

/* What growth with layers is measured under. */
static void the_library_finds_parameters_for_a_deep_one(void **state) {
    (void)state;
    const synthetic_shape shape = {784, 16, 8, 2};
    tnn_model *model;
    tnn_circuit *circuit;
    tnn_circuit_info info;
    assert_true(synthetic_network(&model, &shape));
    assert_ok(tnn_compile(&circuit, NULL, model, NULL));
    tnn_circuit_describe(circuit, &info);
    assert_int_equal(128, info.bootstraps);
    assert_true(info.parameters.ks_levels > 0);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static void circuits_keep_the_parameters_given(void **state) {
    (void)state;
    size_t count;
    const tnn_params_literal *asked = &tnn_shipped_params_list(&count)[0].literal;
    for (size_t i = 0; i < 2; i++) { /* the first shipped set has no key switch for a third layer */
        tnn_circuit *circuit;
        tnn_circuit_info info;
        assert_true(synthetic_circuit(&circuit, &SHAPES[i], asked));
        tnn_circuit_describe(circuit, &info);
        assert_int_equal(asked->n, info.parameters.n);
        assert_int_equal(asked->N, info.parameters.N);
        assert_int_equal(asked->k, info.parameters.k);
        tnn_circuit_free(circuit);
    }
}

static void the_same_shape_gives_the_same_network(void **state) {
    (void)state;
    tnn_model *first, *second;
    assert_true(synthetic_network(&first, &SHAPES[2]));
    assert_true(synthetic_network(&second, &SHAPES[2]));
    for (uint32_t i = 0; i < first->layer_count; i++) {
        const tnn_layer *layer = &first->layers[i];
        assert_memory_equal(layer->weights, second->layers[i].weights,
                            (size_t)layer->neurons * layer->inputs * sizeof *layer->weights);
    }
    tnn_model_free(first);
    tnn_model_free(second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_have_the_sizes_asked_for),
        cmocka_unit_test(the_library_finds_parameters_for_a_deep_one),
        cmocka_unit_test(circuits_keep_the_parameters_given),
        cmocka_unit_test(the_same_shape_gives_the_same_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
