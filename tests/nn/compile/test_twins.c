#include "twins.h"

#include <string.h>

#include "draw.h"
#include "fold.h"
#include "memory.h"
#include "networks.h"
#include "testing.h"

#define NEURONS 6u
#define MOST_TABLES 2u

/* Rows, columns and tables of so few values that twins of every kind turn up. */
static tnn_model *twin_prone_network(void) {
    network_shape shape = small_shape();
    shape.height = 1;
    shape.width = 2;
    shape.neurons = NEURONS;
    shape.tables_per_neuron = 1 + draw_below(MOST_TABLES);
    shape.table_cells = 2 + draw_below(2);
    shape.outputs = 2;
    shape.weight_magnitude = 1;
    shape.table_magnitude = 1;
    shape.tables = TABLES_RANDOM;
    tnn_model *model = random_network(&shape);
    for (size_t j = 0; j < NEURONS; j++) {
        tnn_layer *layer = &model->layers[0];
        const int32_t width = 6 * (int32_t)shape.table_cells;
        layer->biases[j] = draw_signed(1);
        layer->ranges[2 * j] = layer->biases[j] - width / 2;
        layer->ranges[2 * j + 1] = layer->biases[j] + width / 2 - (int32_t)draw_below(2);
    }
    for (size_t w = 0; w < (size_t)shape.outputs * NEURONS * shape.tables_per_neuron; w++) {
        model->layers[1].weights[w] = (int16_t)(draw_signed(1) * (1 + (int32_t)draw_below(2)));
    }
    return model;
}

static bool in_one_group(const tnn_twins *twins, uint32_t a, uint32_t b) {
    size_t count;
    const uint32_t *members = tnn_twins_of(twins, b, &count);
    for (size_t i = 0; i < count; i++) {
        if (members[i] == a) {
            return true;
        }
    }
    return false;
}

/* What can be folded shares a group and is alike, before and after one of the two has changed. */
static void check_pair(tnn_model *model, uint32_t a, uint32_t b, size_t *folded, size_t *turned_down) {
    tnn_fold_step steps[MOST_TABLES];
    tnn_twins *twins;
    assert_ok(tnn_twins_create(&twins, &model->layers[0], &model->layers[1], NULL));
    tnn_twins_add(twins, a);
    const bool passes = in_one_group(twins, a, b) && tnn_twins_alike(twins, a, b);
    const bool folds = tnn_fold_twin(&model->layers[0], &model->layers[1], a, b, steps);
    assert_true(passes || !folds);
    if (folds) {
        tnn_twins *again;
        tnn_twins_renew(twins, &model->layers[0], &model->layers[1], a);
        assert_ok(tnn_twins_create(&again, &model->layers[0], &model->layers[1], NULL));
        for (uint32_t j = 0; j < NEURONS; j++) {
            assert_true(tnn_twins_alike(twins, a, j) == tnn_twins_alike(again, a, j));
        }
        tnn_twins_free(again);
    }
    *folded += folds;
    *turned_down += !passes;
    tnn_twins_free(twins);
}

static void whatever_folds_is_in_one_group_and_alike(void **state) {
    (void)state;
    size_t folded = 0;
    size_t turned_down = 0;
    for (int round = 0; round < 3000; round++) {
        tnn_model *model = twin_prone_network();
        const uint32_t a = draw_below(NEURONS - 1);
        check_pair(model, a, a + 1 + draw_below(NEURONS - 1 - a), &folded, &turned_down);
        tnn_model_free(model);
    }
    print_message("%zu folded, %zu turned down\n", folded, turned_down);
    assert_true(folded > 50 && turned_down > 500);
    tnn_twins_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_folds_is_in_one_group_and_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
