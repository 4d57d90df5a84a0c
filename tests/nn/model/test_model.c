#include "model.h"

#include <math.h>

#include "draw.h"
#include "networks.h"
#include "testing.h"

static tnn_contradiction found; /* what the last check said */

static tnn_model *model;

static int build_model(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_layers = 2;
    shape.tables_per_neuron = 3;
    model = random_network(&shape);
    return 0;
}

static int free_model(void **state) {
    (void)state;
    tnn_model_free(model);
    return 0;
}

static void sizes_follow_from_the_layers(void **state) {
    (void)state;
    assert_int_equal(tnn_model_pixels(model), 12);
    assert_int_equal(tnn_model_outputs(model), 2);
    assert_int_equal(tnn_layer_outputs(&model->layers[0]), 12);
    assert_int_equal(tnn_layer_outputs(&model->layers[2]), 2);
}

static void widest_list_may_be_pixels_values_or_logits(void **state) {
    (void)state;
    network_shape shapes[3] = {small_shape(), small_shape(), small_shape()};
    shapes[0].height = 40;
    shapes[1].tables_per_neuron = 30;
    shapes[2].outputs = 120;
    for (size_t i = 0; i < 3; i++) {
        tnn_model *wide = random_network(&shapes[i]);
        assert_int_equal(tnn_model_widest(wide), 120);
        tnn_model_free(wide);
    }
}

static void half_built_models_are_freed(void **state) {
    (void)state;
    tnn_model *empty;
    assert_ok(tnn_model_new(&empty, 3));
    assert_int_equal(empty->layer_count, 3);
    assert_null(empty->layers[2].weights);
    tnn_model_free(empty);
    tnn_model_free(NULL);
}

static void assert_u32_malformed(uint32_t *field, uint32_t bad) {
    const uint32_t good = *field;
    *field = bad;
    assert_status(TNN_ERR_MALFORMED, tnn_model_check(model, &found));
    *field = good;
    assert_ok(tnn_model_check(model, &found));
}

static void contradicting_sizes_are_malformed(void **state) {
    (void)state;
    tnn_layer *hidden = &model->layers[1];
    tnn_layer *last = &model->layers[2];
    const struct {
        uint32_t *field;
        uint32_t bad;
    } cases[] = {
        {&model->input_levels, 0},
        {&model->input_levels, 1},
        {&model->input_levels, 257},
        {&model->input_levels, ~0u},
        {&model->layer_count, 0},
        {&model->layer_count, 1},
        {&model->layer_count, 2},
        {&model->height, 5},
        {&model->channels, 3},
        {&hidden->inputs, 11},
        {&hidden->inputs, 13},
        {&hidden->neurons, 0},
        {&hidden->neurons, 3},
        {&hidden->tables_per_neuron, 0},
        {&hidden->tables_per_neuron, 2},
        {&hidden->table_cells, 0},
        {&hidden->table_cells, 30000},
        {&last->inputs, 1},
        {&last->neurons, 0},
        {&last->tables_per_neuron, 1},
        {&last->table_cells, 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_u32_malformed(cases[i].field, cases[i].bad);
    }
}

static void scale_is_a_positive_number(void **state) {
    (void)state;
    const double good = model->readout.scales[0];
    const double bad[] = {0, -1, INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        model->readout.scales[0] = bad[i];
        assert_status(TNN_ERR_MALFORMED, tnn_model_check(model, &found));
    }
    model->readout.scales[0] = good;
    assert_ok(tnn_model_check(model, &found));
}

static void ranges_hold_at_least_as_many_accumulators_as_cells(void **state) {
    (void)state;
    tnn_layer *layer = &model->layers[1];
    int32_t *range = layer->ranges + 2 * (layer->neurons - 1);
    const int32_t low = range[0];
    const int32_t high = range[1];
    const int32_t cells = (int32_t)layer->table_cells;
    const int32_t bad_highs[] = {low - 1, low, low + cells - 2, INT32_MIN};
    for (size_t i = 0; i < COUNT_OF(bad_highs); i++) {
        range[1] = bad_highs[i];
        assert_status(TNN_ERR_MALFORMED, tnn_model_check(model, &found));
    }
    range[1] = low + cells - 1;
    assert_ok(tnn_model_check(model, &found));
    range[0] = INT32_MIN;
    range[1] = INT32_MAX;
    assert_ok(tnn_model_check(model, &found));
    assert_int_equal(tnn_layer_range_width(layer, layer->neurons - 1), (int64_t)1 << 32);
    range[0] = low;
    range[1] = high;
}

/* One neuron with two tables whose entries are their cell's number, and that plus 1000. */
static tnn_model *numbered_cells(int32_t low, int32_t high, uint32_t cells) {
    tnn_model *owner;
    assert_ok(tnn_model_new(&owner, 1));
    tnn_layer *layer = &owner->layers[0];
    *layer = (tnn_layer){.inputs = 1, .neurons = 1, .tables_per_neuron = 2, .table_cells = cells};
    assert_ok(tnn_layer_allocate(layer));
    layer->ranges[0] = low;
    layer->ranges[1] = high;
    for (uint32_t c = 0; c < cells; c++) {
        layer->tables[c] = (int16_t)c;
        layer->tables[cells + c] = (int16_t)(1000 + c);
    }
    return owner;
}

/* Cells share out the range in order, and their widths differ by at most one accumulator. */
static void check_cells(int32_t low, int32_t high, uint32_t cells) {
    tnn_model *owner = numbered_cells(low, high, cells);
    const int64_t width = (int64_t)high - low + 1;
    int64_t members[64] = {0};
    int32_t before = 0;
    for (int64_t a = low; a <= high; a++) {
        int32_t cell = tnn_layer_lookup(owner->layers, 0, 0, a);
        assert_true(cell == before || cell == before + 1);
        assert_int_equal(tnn_layer_lookup(owner->layers, 0, 1, a), 1000 + cell);
        members[cell]++;
        before = cell;
    }
    for (uint32_t c = 0; c < cells; c++) {
        assert_in_range(members[c], width / cells, (width + cells - 1) / cells);
    }
    tnn_model_free(owner);
}

static void cells_share_out_the_range(void **state) {
    (void)state;
    check_cells(0, 9, 10);
    check_cells(0, 9, 1);
    check_cells(-7, 12, 6);
    check_cells(-100, -50, 7);
    for (int i = 0; i < 100; i++) {
        int32_t low = draw_signed(1000);
        int32_t high = low + (int32_t)draw_below(500);
        check_cells(low, high, 1 + draw_below(high - low < 63 ? (uint32_t)(high - low + 1) : 63));
    }
}

static void end_cells_hold_beyond_the_range(void **state) {
    (void)state;
    tnn_model *owner = numbered_cells(-20, 30, 8);
    const int64_t far = (int64_t)1 << 39; /* no accumulator is larger: reference.h */
    const int64_t below[] = {-20, -21, -1000, INT32_MIN, -far};
    const int64_t above[] = {30, 31, 1000, INT32_MAX, far};
    for (size_t i = 0; i < COUNT_OF(below); i++) {
        assert_int_equal(tnn_layer_lookup(owner->layers, 0, 0, below[i]), 0);
        assert_int_equal(tnn_layer_lookup(owner->layers, 0, 1, above[i]), 1007);
    }
    tnn_model_free(owner);
}

/* |255 l - pixel (levels - 1)| < 255 / 2: 255 is odd, so exactly one level is nearest. */
static void pixels_go_to_the_nearest_level(void **state) {
    (void)state;
    for (int32_t levels = 2; levels <= 256; levels++) {
        uint8_t map[256];
        tnn_fill_even_map(map, (uint32_t)levels);
        for (int32_t pixel = 0; pixel < 256; pixel++) {
            int32_t level = map[pixel];
            int32_t distance = 255 * level - pixel * (levels - 1);
            assert_in_range(level, 0, levels - 1);
            assert_true(-255 < 2 * distance && 2 * distance < 255);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_follow_from_the_layers),
        cmocka_unit_test(widest_list_may_be_pixels_values_or_logits),
        cmocka_unit_test(half_built_models_are_freed),
        cmocka_unit_test(contradicting_sizes_are_malformed),
        cmocka_unit_test(scale_is_a_positive_number),
        cmocka_unit_test(ranges_hold_at_least_as_many_accumulators_as_cells),
        cmocka_unit_test(cells_share_out_the_range),
        cmocka_unit_test(end_cells_hold_beyond_the_range),
        cmocka_unit_test(pixels_go_to_the_nearest_level),
    };
    return cmocka_run_group_tests(tests, build_model, free_model);
}
