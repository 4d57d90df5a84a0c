#include "shape.h"

#include <math.h>
#include <string.h>

#include "circuits.h"
#include "draw.h"
#include "key_fixture.h"
#include "networks.h"
#include "noise.h"
#include "tables.h"
#include "testing.h"

static network_shape drawn_shape(void) {
    network_shape shape = small_shape();
    shape.table_layers = 1 + draw_below(4);
    shape.neurons = 1 + draw_below(6);
    shape.tables_per_neuron = 1 + draw_below(3);
    shape.outputs = 1 + draw_below(11);
    shape.weight_magnitude = 1 + draw_below(127);
    shape.tables = draw_below(2) ? TABLES_RANDOM : TABLES_RAMP;
    return shape;
}

/* Twice the rises and falls of a table, squared and in size; tables that stand alone are read as they are. */
static tnn_gain naive_gain(const tnn_model *model, uint32_t index, size_t input) {
    if (index == 0 || model->layers[index - 1].tables_per_neuron == 1) {
        return (tnn_gain){1, 1};
    }
    const tnn_layer *before = &model->layers[index - 1];
    double squares = 0;
    double sizes = 0;
    for (size_t c = before->table_cells - 1; c > 0; c--) {
        double here = before->tables[input * before->table_cells + c];
        double there = before->tables[input * before->table_cells + c - 1];
        squares += 4 * (here * here - 2 * here * there + there * there);
        sizes += 2 * fmax(here - there, there - here);
    }
    return (tnn_gain){sqrt(squares), sizes};
}

/* Squared sum over the tables of one source neuron of |weight| times a gain, own or common. */
static double naive_source_power(const tnn_model *model, uint32_t index, size_t neuron, size_t source, bool common) {
    const tnn_layer *layer = &model->layers[index];
    const size_t tables = index == 0 ? 1 : model->layers[index - 1].tables_per_neuron;
    double sum = 0;
    for (size_t m = 0; m < tables; m++) {
        const size_t input = source * tables + m;
        const tnn_gain gain = naive_gain(model, index, input);
        sum += fabs((double)layer->weights[neuron * layer->inputs + input]) * (common ? gain.common : gain.own);
    }
    return sum * sum;
}

/* Smallest and largest value of an input times a weight. */
static void naive_products(const tnn_model *model, uint32_t index, size_t input, double weight, double *low,
                           double *high) {
    const size_t values = index == 0 ? model->input_levels : model->layers[index - 1].table_cells;
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t v = 0; v < values; v++) {
        double value = index == 0 ? (double)v : model->layers[index - 1].tables[input * values + v];
        *low = fmin(*low, weight * value);
        *high = fmax(*high, weight * value);
    }
}

static double naive_logit_width(const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    double lowest = layer->biases[neuron];
    double highest = layer->biases[neuron];
    for (size_t i = 0; i < layer->inputs; i++) {
        double low;
        double high;
        naive_products(model, index, i, layer->weights[neuron * layer->inputs + i], &low, &high);
        lowest += low;
        highest += high;
    }
    return fmax(1, fmax(-lowest, highest));
}

static void check_neuron(const tnn_neuron_shape *shape, const tnn_model *model, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    const size_t sources = index == 0 ? layer->inputs : model->layers[index - 1].neurons;
    double power = 0;
    double common = 0;
    int largest = 1;
    uint32_t twos = TNN_MOST_TWOS;
    for (size_t source = 0; source < sources; source++) {
        power += naive_source_power(model, index, neuron, source, false);
        common += naive_source_power(model, index, neuron, source, true);
    }
    for (size_t i = 0; i < layer->inputs; i++) {
        const int weight = layer->weights[neuron * layer->inputs + i];
        largest = weight > largest ? weight : -weight > largest ? -weight : largest;
        while (weight % (1 << twos) != 0) {
            twos--;
        }
    }
    const bool tables = layer->tables_per_neuron > 0;
    const double table_width = tables ? 1.0 + layer->ranges[2 * neuron + 1] - layer->ranges[2 * neuron] : 0;
    assert_true(shape->width == (tables ? table_width : naive_logit_width(model, index, neuron)));
    assert_true(fabs(shape->power - power) <= 1e-12 * power);
    assert_true(fabs(shape->power + shape->common_power - common) <= 1e-12 * common);
    assert_int_equal(shape->largest_weight, largest);
    assert_int_equal(shape->twos, twos);
}

static void weights_share_a_power_of_two(void **state) {
    (void)state;
    const int16_t rows[][3] = {{3, -2, 8}, {0, -2, 6}, {-4, 0, 12}, {0, 0, INT16_MIN}, {0, 0, 0}, {1 << 14, 0, 0}};
    const uint32_t twos[] = {0, 1, 2, TNN_MOST_TWOS, TNN_MOST_TWOS, 14};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(tnn_weight_twos(rows[i], COUNT_OF(rows[i])), twos[i]);
    }
}

static uint64_t naive_products_of_layer(const tnn_layer *layer) {
    uint64_t products = (uint64_t)layer->inputs * layer->neurons;
    for (size_t i = 0; i < (size_t)layer->inputs * layer->neurons; i++) {
        products -= layer->weights[i] == 0 ? 1 : 0;
    }
    return products;
}

static void check_layer(const tnn_layer_shape *shape, const tnn_model *model, uint32_t index) {
    const tnn_layer *layer = &model->layers[index];
    double widest = 0;
    assert_int_equal(shape->neurons, layer->neurons);
    assert_int_equal(shape->tables_per_neuron, layer->tables_per_neuron);
    assert_int_equal(shape->table_cells, layer->table_cells);
    for (size_t j = 0; j < layer->neurons; j++) {
        check_neuron(&shape->neuron[j], model, index, j);
        widest = fmax(widest, shape->neuron[j].width);
    }
    assert_true(shape->widest == widest);
    assert_int_equal(shape->products, naive_products_of_layer(layer));
    for (size_t i = 0; layer->tables_per_neuron > 0 && i < tnn_layer_outputs(layer); i++) {
        const tnn_gain gain = naive_gain(model, index + 1, i);
        assert_true(fabs(shape->gain[i].own - gain.own) <= 1e-12 * gain.own);
        assert_true(shape->gain[i].common == gain.common);
    }
}

static void widths_powers_and_gains_are_those_of_the_model(void **state) {
    (void)state;
    for (int round = 0; round < 50; round++) {
        const network_shape drawn = drawn_shape();
        tnn_model *model = random_network(&drawn);
        tnn_shape *shape = shape_of(model);
        assert_int_equal(shape->layer_count, drawn.table_layers + 1);
        assert_int_equal(shape->input_levels, drawn.input_levels);
        assert_int_equal(shape->bootstraps, drawn.table_layers * drawn.neurons);
        for (uint32_t i = 0; i < model->layer_count; i++) {
            check_layer(&shape->layers[i], model, i);
        }
        tnn_shape_free(shape);
        tnn_model_free(model);
    }
    tnn_shape_free(NULL);
}

/* Weights count by their size; a logit without weights still has a width. */
static void extreme_weights_count_by_size(void **state) {
    (void)state;
    const network_shape drawn = small_shape();
    tnn_model *model = random_network(&drawn);
    tnn_layer *last = &model->layers[1];
    for (size_t i = 0; i < 12; i++) {
        model->layers[0].weights[i] = -128;
    }
    memset(last->weights, 0, last->inputs * sizeof *last->weights);
    last->biases[0] = 0;
    tnn_shape *shape = shape_of(model);
    assert_int_equal(shape->layers[0].neuron[0].largest_weight, 128);
    assert_true(shape->layers[0].neuron[0].power == 12 * 128.0 * 128);
    assert_int_equal(shape->layers[1].neuron[0].largest_weight, 1);
    assert_true(shape->layers[1].neuron[0].power == 0);
    assert_int_equal(shape->layers[1].products, naive_products_of_layer(last));
    assert_true(shape->layers[1].neuron[0].width == 1);
    tnn_shape_free(shape);
    tnn_model_free(model);
}

/* The noise that the steps of a compiled table really have is never above what the shape's gain says. */
static void check_gains(const network_shape *drawn) {
    tnn_model *model = random_network(drawn);
    tnn_circuit *circuit = shipped_circuit(model, "fast");
    tnn_shape *shape = shape_of(model);
    const tnn_params *params = &circuit->spec.params;
    for (size_t i = 0; i < (size_t)drawn->neurons * drawn->tables_per_neuron; i++) {
        const tnn_gain gain = shape->layers[0].gain[i];
        const double own = tnn_variance_blind_rotation(params) - tnn_variance_common(params);
        const double bound = gain.own * gain.own * own + gain.common * gain.common * tnn_variance_common(params);
        assert_true(tnn_variance_steps(params, &circuit->layers[0].steps[i]) <= bound * (1 + 1e-12));
    }
    tnn_shape_free(shape);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static void gains_bound_the_steps_of_compiled_tables(void **state) {
    (void)state;
    const table_kind kinds[] = {TABLES_RANDOM, TABLES_RAMP};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        network_shape drawn = small_shape();
        drawn.tables_per_neuron = 2;
        drawn.tables = kinds[i];
        check_gains(&drawn);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_share_a_power_of_two),
        cmocka_unit_test(widths_powers_and_gains_are_those_of_the_model),
        cmocka_unit_test(extreme_weights_count_by_size),
        cmocka_unit_test(gains_bound_the_steps_of_compiled_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
