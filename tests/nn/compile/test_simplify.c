#include "simplify.h"

#include <string.h>

#include "draw.h"
#include "memory.h"
#include "networks.h"
#include "range.h"
#include "testing.h"

static tnn_contradiction found; /* what the last check said */

#define IMAGES 20u

/* -------------------------------------------------------------------------------------------- what must hold -- */

static uint64_t lookups_of(const tnn_model *model) {
    uint64_t lookups = 0;
    for (uint32_t i = 0; i + 1 < model->layer_count; i++) {
        lookups += model->layers[i].neurons;
    }
    return lookups;
}

static tnn_simplified *simplified_of(const tnn_model *model) {
    tnn_simplified *simplified;
    assert_ok(tnn_simplify(&simplified, model, NULL));
    assert_ok(tnn_model_check(simplified->model, &found));
    assert_true(simplified->changed || lookups_of(simplified->model) == lookups_of(model));
    return simplified;
}

static void check_image(const tnn_model *model, const tnn_model *other, const uint8_t *image) {
    const size_t outputs = tnn_model_outputs(model);
    int64_t *logits = new_array(outputs, sizeof *logits);
    int64_t *other_logits = new_array(outputs, sizeof *logits);
    naive_logits(model, logits, image);
    reference_logits(other, other_logits, image);
    assert_memory_equal(logits, other_logits, outputs * sizeof *logits);
    tnn_free(logits);
    tnn_free(other_logits);
}

static void check_random_images(const tnn_model *model, const tnn_model *other) {
    for (size_t i = 0; i < IMAGES; i++) {
        uint8_t *image = random_image(model);
        check_image(model, other, image);
        tnn_free(image);
    }
}

/* Layers and neurons in the order of the model, each where its inputs come from. */
static void check_origins(const tnn_simplified *s, const tnn_model *model) {
    for (uint32_t i = 0; i < s->model->layer_count; i++) {
        const tnn_origin *origin = &s->origins[i];
        assert_true(origin->layer < model->layer_count && (i == 0 || origin->layer > s->origins[i - 1].layer));
        for (uint32_t j = 0; j < s->model->layers[i].neurons; j++) {
            assert_true(origin->neurons[j] < model->layers[origin->layer].neurons);
            assert_true(j == 0 || origin->neurons[j] > origin->neurons[j - 1]);
        }
    }
    assert_int_equal(s->origins[s->model->layer_count - 1].layer, model->layer_count - 1);
}

/* Simplifies, compares logits, and expects so many lookups. */
static void check_lookups(const tnn_model *model, uint64_t expected) {
    tnn_simplified *s = simplified_of(model);
    assert_int_equal(lookups_of(s->model), expected);
    check_random_images(model, s->model);
    check_origins(s, model);
    tnn_simplified_free(s);
}

/* Takes the model. */
static void check_planted(tnn_model *model, uint64_t expected) {
    check_lookups(model, expected);
    tnn_model_free(model);
}

/* -------------------------------------------------------------------------------------------------- what is planted --
 */

#define NEURONS 6u

static network_shape full_shape(uint32_t table_layers, uint32_t tables_per_neuron) {
    network_shape shape = small_shape();
    shape.table_layers = table_layers;
    shape.neurons = NEURONS;
    shape.tables_per_neuron = tables_per_neuron;
    shape.outputs = 3;
    shape.weight_magnitude = 40;
    shape.table_magnitude = 1000;
    shape.tables = TABLES_RANDOM;
    return shape;
}

/* Nothing in it can go: no weight is 0, rows are too long to be equal by chance. */
static tnn_model *full_network_of(const network_shape *shape) {
    tnn_model *model = random_network(shape);
    for (uint32_t i = 0; i < model->layer_count; i++) {
        const tnn_layer *layer = &model->layers[i];
        for (size_t w = 0; w < (size_t)layer->neurons * layer->inputs; w++) {
            layer->weights[w] |= 1;
        }
    }
    return model;
}

static tnn_model *full_network(uint32_t table_layers, uint32_t tables_per_neuron) {
    const network_shape shape = full_shape(table_layers, tables_per_neuron);
    return full_network_of(&shape);
}

static size_t entries_a_neuron(const tnn_layer *layer) {
    return (size_t)layer->tables_per_neuron * layer->table_cells;
}

static void set_entries(const tnn_layer *layer, size_t neuron, int16_t value) {
    for (size_t c = 0; c < entries_a_neuron(layer); c++) {
        tnn_layer_table(layer, neuron, 0)[c] = value;
    }
}

static int16_t *weight(const tnn_layer *layer, size_t neuron, size_t input) {
    return layer->weights + neuron * layer->inputs + input;
}

/* Weights with which all neurons of a layer read one input. */
static void set_column(const tnn_layer *layer, size_t input, int16_t value) {
    for (size_t r = 0; r < layer->neurons; r++) {
        *weight(layer, r, input) = value;
    }
}

/* Row, bias and range of a to b; b's accumulator `shift` above. */
static void plant_row(const tnn_layer *layer, size_t a, size_t b, int32_t shift) {
    memcpy(weight(layer, b, 0), weight(layer, a, 0), layer->inputs * sizeof *layer->weights);
    layer->biases[b] = layer->biases[a] + shift;
    layer->ranges[2 * b] = layer->ranges[2 * a] + shift;
    layer->ranges[2 * b + 1] = layer->ranges[2 * a + 1] + shift;
}

/* The same with the sign turned, over ranges of a multiple of `multiple` accumulators. */
static void plant_mirrored_row(const tnn_layer *layer, size_t a, size_t b, int32_t shift, int32_t multiple) {
    const int32_t width = (int32_t)tnn_layer_range_width(layer, a);
    layer->ranges[2 * a + 1] = layer->ranges[2 * a] + (width + multiple - 1) / multiple * multiple - 1;
    for (size_t i = 0; i < layer->inputs; i++) {
        *weight(layer, b, i) = (int16_t) - *weight(layer, a, i);
    }
    layer->biases[b] = shift - layer->biases[a];
    layer->ranges[2 * b] = shift - layer->ranges[2 * a + 1];
    layer->ranges[2 * b + 1] = shift - layer->ranges[2 * a];
}

/* b's tables say sign times what a's say, plus a constant; where the rows are mirrored they run the other way. */
static void plant_tables(const tnn_layer *layer, size_t a, size_t b, int16_t sign, int16_t constant, bool mirrored) {
    for (size_t m = 0; m < layer->tables_per_neuron; m++) {
        for (size_t c = 0; c < layer->table_cells; c++) {
            const size_t at = mirrored ? layer->table_cells - 1 - c : c;
            tnn_layer_table(layer, b, m)[at] = (int16_t)(sign * tnn_layer_table(layer, a, m)[c] + constant);
        }
    }
}

/* Every weight of a next layer that reads twins is small enough for their sum. */
static void calm(const tnn_layer *layer) {
    for (size_t w = 0; w < (size_t)layer->neurons * layer->inputs; w++) {
        layer->weights[w] = (int16_t)(layer->weights[w] % 60);
        layer->weights[w] |= 1;
    }
}

/* -------------------------------------------------------------------------------------------------------- nothing --
 */

static void networks_without_idle_neurons_stay_as_they_are(void **state) {
    (void)state;
    for (uint32_t round = 0; round < 20; round++) {
        tnn_model *model = full_network(1 + round % 3, 1 + round % 2);
        tnn_simplified *s = simplified_of(model);
        assert_int_equal(lookups_of(s->model), lookups_of(model));
        assert_int_equal(s->model->layer_count, model->layer_count);
        for (uint32_t i = 0; i < model->layer_count; i++) {
            const tnn_layer *a = &model->layers[i];
            const tnn_layer *b = &s->model->layers[i];
            assert_int_equal(s->origins[i].layer, i);
            assert_true(i > 0 ||
                        memcmp(a->weights, b->weights, (size_t)a->neurons * a->inputs * sizeof *a->weights) == 0);
            assert_memory_equal(a->biases, b->biases, a->neurons * sizeof *a->biases);
        }
        check_random_images(model, s->model);
        tnn_simplified_free(s);
        tnn_model_free(model);
    }
    tnn_simplified_free(NULL);
}

/* -------------------------------------------------------------------------------------------------------- factors --
 */

/* Neuron 1 is read 12, -18 and 0 times: 6 goes into its table. */
static tnn_model *network_with_a_factor(int16_t largest_entry) {
    network_shape shape = small_shape();
    shape.outputs = 3;
    shape.table_layers = 1;
    tnn_model *model = random_network(&shape);
    const int16_t column[] = {12, -18, 0};
    for (size_t r = 0; r < 3; r++) {
        model->layers[1].weights[r * shape.neurons + 1] = column[r];
    }
    model->layers[0].tables[shape.table_cells] = largest_entry;
    return model;
}

static void common_factors_go_into_tables(void **state) {
    (void)state;
    const int16_t fits = INT16_MAX / 6;
    for (int16_t excess = 0; excess < 2; excess++) {
        tnn_model *model = network_with_a_factor((int16_t)(fits + excess));
        tnn_simplified *s = simplified_of(model);
        const tnn_layer *reader = &s->model->layers[1];
        assert_int_equal(reader->inputs, model->layers[1].inputs);
        assert_int_equal(reader->weights[1], excess ? 12 : 2);
        assert_int_equal(reader->weights[reader->inputs + 1], excess ? -18 : -3);
        assert_int_equal(reader->weights[2 * reader->inputs + 1], 0);
        assert_true(excess || s->changed);
        check_random_images(model, s->model);
        tnn_simplified_free(s);
        tnn_model_free(model);
    }
}

/* ----------------------------------------------------------------------------------------------- unread, constant --
 */

/* In any layer, neurons 1 and 4; those of the last one read all others, so that nothing else goes. */
static void neurons_that_nothing_reads_go(void **state) {
    (void)state;
    for (uint32_t index = 0; index < 3; index++) {
        for (uint32_t tables = 1; tables <= 2; tables++) {
            tnn_model *model = full_network(3, tables);
            for (size_t m = 0; m < tables; m++) {
                set_column(&model->layers[index + 1], 1 * tables + m, 0);
                set_column(&model->layers[index + 1], 4 * tables + m, 0);
            }
            tnn_simplified *s = simplified_of(model);
            assert_int_equal(s->model->layers[index].neurons, NEURONS - 2);
            const uint32_t left[] = {0, 2, 3, 5};
            assert_memory_equal(s->origins[index].neurons, left, sizeof left);
            tnn_simplified_free(s);
            check_planted(model, 3 * NEURONS - 2);
        }
    }
}

/* Only one of two tables is read: the neuron stays. */
static void neurons_with_one_table_that_is_read_stay(void **state) {
    (void)state;
    tnn_model *model = full_network(1, 2);
    set_column(&model->layers[1], 2, 0);
    check_planted(model, NEURONS);
}

static void constant_neurons_go(void **state) {
    (void)state;
    for (uint32_t index = 0; index < 3; index++) {
        for (uint32_t tables = 1; tables <= 2; tables++) {
            tnn_model *model = full_network(3, tables);
            set_entries(&model->layers[index], 0, (int16_t)draw_signed(1000));
            set_entries(&model->layers[index], 5, (int16_t)draw_signed(1000));
            check_planted(model, 3 * NEURONS - 2);
        }
    }
}

/* The range has a cell of just the accumulators that the neuron reaches; one accumulator further it has not. */
static void neurons_that_reach_one_cell_go(void **state) {
    (void)state;
    for (int32_t off = -1; off <= 1; off++) {
        tnn_model *model = full_network(1, 1);
        const tnn_interval reach = reach_of(model, 0, 3);
        const int32_t cell = (int32_t)(reach.high - reach.low + 1);
        model->layers[0].ranges[6] = (int32_t)reach.low - 5 * cell + off;
        model->layers[0].ranges[7] = model->layers[0].ranges[6] + 16 * cell - 1;
        for (size_t c = 0; c < 16; c++) {
            tnn_layer_table(&model->layers[0], 3, 0)[c] = (int16_t)c;
        }
        check_planted(model, off == 0 ? NEURONS - 1 : NEURONS);
    }
}

/* Out of every image's reach below the range: the end cell holds. */
static void neurons_outside_their_range_are_constant(void **state) {
    (void)state;
    tnn_model *model = full_network(1, 1);
    const tnn_interval reach = reach_of(model, 0, 3);
    model->layers[0].ranges[6] = (int32_t)reach.high + 1;
    model->layers[0].ranges[7] = (int32_t)reach.high + 100;
    check_planted(model, NEURONS - 1);
}

static void constants_that_a_bias_cannot_take_stay(void **state) {
    (void)state;
    for (int32_t room = 7; room <= 8; room++) {
        tnn_model *model = full_network(1, 1);
        set_entries(&model->layers[0], 0, 8);
        set_column(&model->layers[1], 0, 1);
        model->layers[1].biases[1] = INT32_MAX - room;
        check_planted(model, room < 8 ? NEURONS : NEURONS - 1);
    }
    for (int32_t room = 7; room <= 8; room++) {
        tnn_model *model = full_network(1, 1);
        set_entries(&model->layers[0], 0, 8);
        set_column(&model->layers[1], 0, -1);
        model->layers[1].biases[1] = INT32_MIN + room;
        check_planted(model, room < 8 ? NEURONS : NEURONS - 1);
    }
}

/* What only idle neurons read is idle, in any order of the layers. */
static void neurons_that_only_idle_neurons_read_go(void **state) {
    (void)state;
    tnn_model *model = full_network(3, 1);
    set_column(&model->layers[1], 2, 0);
    *weight(&model->layers[1], 1, 2) = 5;
    set_column(&model->layers[2], 1, 0);
    *weight(&model->layers[2], 4, 1) = 5;
    set_entries(&model->layers[2], 4, -3);
    check_planted(model, 3 * NEURONS - 3);
}

/* A layer of constants is a straight one: it goes where it is not the only one, and nothing reads the layer before. */
static void one_neuron_of_the_last_layer_stays(void **state) {
    (void)state;
    for (uint32_t table_layers = 1; table_layers <= 2; table_layers++) {
        tnn_model *model = full_network(table_layers, 2);
        for (size_t j = 0; j < NEURONS; j++) {
            set_entries(&model->layers[table_layers - 1], j, (int16_t)j);
        }
        check_planted(model, 1);
    }
}

/* ---------------------------------------------------------------------------------------------------------- twins --
 */

/* Rows equal or mirrored; tables the same, negated, with a constant. Columns of the next layer are as they are. */
static void neurons_of_the_same_table_become_one(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 48; i++) {
        const uint32_t index = i % 3;
        const bool mirrored = i / 3 % 2;
        tnn_model *model = full_network(3, 1 + i / 24);
        const tnn_layer *layer = &model->layers[index];
        calm(&model->layers[index + 1]);
        if (mirrored) {
            plant_mirrored_row(layer, 1, 4, (int32_t)draw_below(50), 16);
        } else {
            plant_row(layer, 1, 4, draw_signed(50));
        }
        plant_tables(layer, 1, 4, i / 6 % 2 ? -1 : 1, i / 12 % 2 ? 17 : 0, mirrored);
        check_planted(model, 3 * NEURONS - 1);
    }
}

/* Three of a kind, and a second pair. */
static void all_twins_become_one(void **state) {
    (void)state;
    tnn_model *model = full_network(1, 1);
    const tnn_layer *layer = &model->layers[0];
    for (size_t w = 0; w < 3 * (size_t)NEURONS; w++) {
        model->layers[1].weights[w] = (int16_t)(model->layers[1].weights[w] % 30 | 1);
    }
    for (size_t j = 2; j < NEURONS; j++) {
        plant_row(layer, j == 3 ? 1 : 0, j, 0);
        plant_tables(layer, j == 3 ? 1 : 0, j, 1, 0, false);
    }
    check_planted(model, 2);
}

/* One reader, so that any two columns are in proportion; tables have nothing in common. */
static void tables_that_are_read_in_one_proportion_are_added(void **state) {
    (void)state;
    const int16_t columns[][2] = {{1, 1}, {2, 3}, {6, -4}, {-5, 5}, {127, 127}, {-128, 64}, {-128, -128}, {1, -128}};
    for (size_t i = 0; i < 2 * COUNT_OF(columns); i++) {
        network_shape shape = full_shape(1, 1 + i % 2);
        shape.outputs = 1 + i % 3;
        shape.table_magnitude = 200;
        tnn_model *model = full_network_of(&shape);
        for (size_t m = 0; m < shape.tables_per_neuron; m++) {
            set_column(&model->layers[1], 0 + m, columns[i / 2][0]);
            set_column(&model->layers[1], 3 * shape.tables_per_neuron + m, columns[i / 2][1]);
        }
        if (i / 2 % 2) {
            plant_mirrored_row(&model->layers[0], 0, 3, 7, 16);
        } else {
            plant_row(&model->layers[0], 0, 3, -7);
        }
        check_planted(model, NEURONS - 1);
    }
}

/* Two readers that see the tables in different proportions. */
static void other_tables_read_in_other_proportions_stay(void **state) {
    (void)state;
    tnn_model *model = full_network(1, 1);
    plant_row(&model->layers[0], 0, 3, 0);
    *weight(&model->layers[1], 0, 0) = 3;
    *weight(&model->layers[1], 0, 3) = 3;
    *weight(&model->layers[1], 1, 0) = 3;
    *weight(&model->layers[1], 1, 3) = 5;
    check_planted(model, NEURONS);
}

/* Rows, offsets within the range, and widths must all agree; mirrored ranges must have mirrored cells. */
static void near_twins_stay(void **state) {
    (void)state;
    for (int kind = 0; kind < 5; kind++) {
        tnn_model *model = full_network(1, 1);
        const tnn_layer *layer = &model->layers[0];
        calm(&model->layers[1]);
        plant_row(layer, 0, 3, 0);
        plant_tables(layer, 0, 3, 1, 0, false);
        *weight(layer, 3, 5) ^= kind == 0 ? 2 : 0;
        layer->biases[3] += kind == 1;
        layer->ranges[7] += kind == 2;
        layer->ranges[6] -= kind == 3;
        layer->ranges[7] -= kind == 3;
        tnn_layer_table(layer, 3, 0)[9] += kind == 4;
        check_planted(model, NEURONS);
    }
    tnn_model *model = full_network(1, 1);
    calm(&model->layers[1]);
    plant_mirrored_row(&model->layers[0], 0, 3, 0, 16);
    model->layers[0].ranges[1]++;
    model->layers[0].ranges[6]--;
    plant_tables(&model->layers[0], 0, 3, 1, 0, true);
    check_planted(model, NEURONS);
}

/* 100 and 28 are no int8, 100 and 27 are; -100 and -28 are, -100 and -29 are not. */
static void weights_that_overflow_keep_twins_apart(void **state) {
    (void)state;
    const struct {
        int16_t a, b;
        int16_t sign;
        uint32_t left;
    } cases[] = {{32700, 68, 1, NEURONS},     {32700, 67, 1, NEURONS - 1}, {-32700, -67, 1, NEURONS - 1},
                 {-32700, -68, 1, NEURONS},   {32700, -68, -1, NEURONS},   {-32700, 67, -1, NEURONS - 1},
                 {32700, -32700, -1, NEURONS}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        tnn_model *model = full_network(1, 1);
        calm(&model->layers[1]);
        plant_row(&model->layers[0], 0, 3, 0);
        plant_tables(&model->layers[0], 0, 3, cases[i].sign, 0, false);
        *weight(&model->layers[1], 0, 0) = *weight(&model->layers[1], 1, 0) = 1;
        *weight(&model->layers[1], 0, 3) = 1;
        *weight(&model->layers[1], 1, 3) = 2;
        *weight(&model->layers[1], 2, 0) = cases[i].a;
        *weight(&model->layers[1], 2, 3) = cases[i].b;
        check_planted(model, cases[i].left);
    }
}

/* 3 a + 5 b of one reader: 3 * 4096 + 5 * 4095 = 32763 is an int16, five more are not. */
static void entries_that_overflow_keep_twins_apart(void **state) {
    (void)state;
    for (int16_t entry = 4095; entry <= 4096; entry++) {
        network_shape shape = full_shape(1, 1);
        shape.outputs = 1;
        tnn_model *model = full_network_of(&shape);
        plant_row(&model->layers[0], 0, 3, 0);
        set_column(&model->layers[1], 0, 3);
        set_column(&model->layers[1], 3, 5);
        tnn_layer_table(&model->layers[0], 0, 0)[7] = 4096;
        tnn_layer_table(&model->layers[0], 3, 0)[7] = entry;
        check_planted(model, entry == 4095 ? NEURONS - 1 : NEURONS);
    }
}

/* The constant between two tables goes into a bias that has no room for it. */
static void constants_of_twins_that_overflow_keep_them_apart(void **state) {
    (void)state;
    for (int32_t room = 16; room <= 17; room++) {
        tnn_model *model = full_network(1, 1);
        calm(&model->layers[1]);
        plant_row(&model->layers[0], 0, 3, 0);
        plant_tables(&model->layers[0], 0, 3, 1, 17, false);
        *weight(&model->layers[1], 0, 0) = 2;
        *weight(&model->layers[1], 0, 3) = 1;
        *weight(&model->layers[1], 1, 0) = 1;
        *weight(&model->layers[1], 1, 3) = 1;
        model->layers[1].biases[0] = INT32_MAX - room;
        check_planted(model, room == 16 ? NEURONS : NEURONS - 1);
    }
}

/* -------------------------------------------------------------------------------------------------- straight layers --
 */

/* Rows of two weights, so that a cell for each accumulator is enough, no two alike, and tables slope * accumulator +
 * offset. */
static void plant_straight_layer(tnn_model *model, uint32_t index, int32_t slope) {
    tnn_layer *layer = &model->layers[index];
    const size_t stride = layer->inputs / layer->neurons;
    memset(layer->weights, 0, (size_t)layer->neurons * layer->inputs * sizeof *layer->weights);
    for (size_t j = 0; j < layer->neurons; j++) {
        *weight(layer, j, j * stride) = 1;
        *weight(layer, j, (j + 1) * stride % layer->inputs) = -2; /* odd weights behind it do not cancel out */
        layer->biases[j] = draw_signed(1000);
        const tnn_interval reach = reach_of(model, index, j);
        const int32_t last = (int32_t)(reach.high - reach.low);
        layer->ranges[2 * j] = (int32_t)reach.low;
        layer->ranges[2 * j + 1] = layer->ranges[2 * j] + (int32_t)layer->table_cells - 1;
        for (size_t m = 0; m < layer->tables_per_neuron; m++) {
            const int32_t offset = draw_signed(3);
            for (size_t c = 0; c < layer->table_cells; c++) {
                const int32_t place = (int32_t)c < last ? (int32_t)c : last;
                tnn_layer_table(layer, j, m)[c] = (int16_t)(((int32_t)m + 1) * slope * (place - last / 2) + offset);
            }
        }
    }
}

/* Tables of 64 cells and magnitude 10: one input less two times another has at most 61 values. */
static tnn_model *straight_network(uint32_t table_layers, uint32_t tables_per_neuron, uint32_t index, int32_t slope) {
    network_shape shape = full_shape(table_layers, tables_per_neuron);
    shape.input_levels = 6;
    shape.table_cells = 64;
    shape.table_magnitude = 10;
    shape.weight_magnitude = 6;
    tnn_model *model = full_network_of(&shape);
    plant_straight_layer(model, index, slope);
    return model;
}

static void straight_layers_go(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 12; i++) {
        tnn_model *model = straight_network(3, 1 + i / 6, i % 3, i % 2 ? 1 : -2);
        tnn_simplified *s = simplified_of(model);
        assert_int_equal(s->model->layer_count, 3);
        assert_int_equal(s->origins[0].layer, i % 3 == 0);
        assert_int_equal(s->origins[1].layer, i % 3 == 2 ? 1 : 2);
        assert_int_equal(s->origins[2].layer, 3);
        tnn_simplified_free(s);
        check_planted(model, 2 * NEURONS);
    }
}

static void a_single_table_layer_stays(void **state) {
    (void)state;
    check_planted(straight_network(1, 1, 0, 1), NEURONS);
}

/* Both of two table layers are straight: one of them stays. */
static void one_of_two_straight_layers_stays(void **state) {
    (void)state;
    tnn_model *model = straight_network(2, 1, 0, 1);
    plant_straight_layer(model, 1, 1);
    tnn_simplified *s = simplified_of(model);
    assert_int_equal(s->model->layer_count, 2);
    tnn_simplified_free(s);
    check_planted(model, NEURONS);
}

/* A bend of one entry that an image can reach, or an end that one can pass. */
static void layers_that_are_not_quite_straight_stay(void **state) {
    (void)state;
    tnn_model *bent = straight_network(2, 1, 1, 1);
    tnn_interval reach = reach_of(bent, 1, 2);
    tnn_layer_table(&bent->layers[1], 2, 0)[(reach.high - reach.low) / 2]++;
    check_planted(bent, 2 * NEURONS);
    tnn_model *cut = straight_network(2, 1, 1, 1);
    cut->layers[1].ranges[4]++;
    cut->layers[1].ranges[5]++;
    check_planted(cut, 2 * NEURONS);
    tnn_model *beyond = straight_network(2, 1, 1, 1);
    reach = reach_of(beyond, 1, 2);
    tnn_layer_table(&beyond->layers[1], 2, 0)[reach.high - reach.low + 1] = 9;
    check_planted(beyond, NEURONS);
}

/* Slope 2 makes 16384 a weight of 32768, and -16384 one of -32768. */
static void products_that_overflow_keep_a_layer(void **state) {
    (void)state;
    const int16_t weights[] = {16383, 16384, -16383, -16384};
    for (size_t i = 0; i < COUNT_OF(weights); i++) {
        tnn_model *model = straight_network(2, 1, 0, 2);
        *weight(&model->layers[0], 3, 8) = 0; /* the first of its two weights is that of input 6 */
        *weight(&model->layers[1], 2, 2) = 0; /* which neuron 2 reads as well */
        *weight(&model->layers[1], 2, 3) = weights[i];
        model->layers[1].ranges[4] = -300000; /* cells that are narrower than what it reaches now */
        model->layers[1].ranges[5] = 300000;
        check_planted(model, i % 2 ? 2 * NEURONS : NEURONS);
    }
    tnn_model *model = straight_network(2, 1, 1, 1);
    model->layers[2].biases[1] = INT32_MAX;
    for (size_t j = 0; j < NEURONS; j++) {
        *weight(&model->layers[2], 1, j) = 1;
        for (size_t c = 0; c < 64; c++) {
            tnn_layer_table(&model->layers[1], j, 0)[c] = (int16_t)(10000 + c);
        }
        model->layers[1].ranges[2 * j] -= model->layers[1].biases[j];
        model->layers[1].ranges[2 * j + 1] -= model->layers[1].biases[j];
        model->layers[1].biases[j] = 0;
    }
    check_planted(model, 2 * NEURONS);
}

/* -------------------------------------------------------------------------------------------------------- anything --
 */

#define PIXELS 3u
#define LEVELS 3u
#define ALL_IMAGES 27u /* LEVELS^PIXELS */

static void check_all_images(const tnn_model *model, const tnn_model *other) {
    const uint8_t pixel_of[LEVELS] = {0, 128, 255};
    for (uint32_t number = 0; number < ALL_IMAGES; number++) {
        const uint8_t image[PIXELS] = {pixel_of[number % 3], pixel_of[number / 3 % 3], pixel_of[number / 9]};
        check_image(model, other, image);
    }
}

/* Weights of all sizes and few, or small and many alike; ranges that accumulators leave. */
static tnn_model *odd_network(void) {
    network_shape shape = full_shape(1 + draw_below(3), 1 + draw_below(2));
    shape.height = 1;
    shape.width = PIXELS;
    shape.input_levels = LEVELS;
    shape.neurons = 1 + draw_below(5);
    shape.table_cells = 1 + draw_below(5);
    shape.outputs = 1 + draw_below(2);
    shape.weight_magnitude = 1;
    shape.table_magnitude = draw_below(3) ? 1 : INT16_MAX;
    tnn_model *model = random_network(&shape);
    for (uint32_t i = 0; i + 1 < model->layer_count; i++) {
        tnn_layer *layer = &model->layers[i];
        for (size_t j = 0; j < layer->neurons; j++) {
            const int32_t low = draw_signed(4);
            layer->biases[j] = draw_signed(2);
            layer->ranges[2 * j] = low;
            layer->ranges[2 * j + 1] = low + (int32_t)layer->table_cells - 1 + (int32_t)draw_below(5);
        }
    }
    for (uint32_t i = 0; draw_below(2) && i < model->layer_count; i++) {
        tnn_layer *layer = &model->layers[i];
        for (size_t w = 0; w < (size_t)layer->neurons * layer->inputs; w++) {
            layer->weights[w] = (int16_t)(layer->weights[w] * (int32_t)(1 + draw_below(127)));
        }
    }
    return model;
}

static void logits_of_odd_networks_stay_the_same(void **state) {
    (void)state;
    uint64_t before = 0;
    uint64_t after = 0;
    uint32_t layers_gone = 0;
    for (int round = 0; round < 4000; round++) {
        tnn_model *model = odd_network();
        tnn_simplified *s = simplified_of(model);
        check_all_images(model, s->model);
        check_origins(s, model);
        before += lookups_of(model);
        after += lookups_of(s->model);
        layers_gone += model->layer_count - s->model->layer_count;
        tnn_simplified_free(s);
        tnn_model_free(model);
    }
    print_message("lookups: %.0f before, %.0f after; %u layers gone\n", (double)before, (double)after, layers_gone);
    assert_true(after < 0.8 * (double)before && layers_gone > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_without_idle_neurons_stay_as_they_are),
        cmocka_unit_test(common_factors_go_into_tables),
        cmocka_unit_test(neurons_that_nothing_reads_go),
        cmocka_unit_test(neurons_with_one_table_that_is_read_stay),
        cmocka_unit_test(constant_neurons_go),
        cmocka_unit_test(neurons_that_reach_one_cell_go),
        cmocka_unit_test(neurons_outside_their_range_are_constant),
        cmocka_unit_test(constants_that_a_bias_cannot_take_stay),
        cmocka_unit_test(neurons_that_only_idle_neurons_read_go),
        cmocka_unit_test(one_neuron_of_the_last_layer_stays),
        cmocka_unit_test(neurons_of_the_same_table_become_one),
        cmocka_unit_test(all_twins_become_one),
        cmocka_unit_test(tables_that_are_read_in_one_proportion_are_added),
        cmocka_unit_test(other_tables_read_in_other_proportions_stay),
        cmocka_unit_test(near_twins_stay),
        cmocka_unit_test(weights_that_overflow_keep_twins_apart),
        cmocka_unit_test(entries_that_overflow_keep_twins_apart),
        cmocka_unit_test(constants_of_twins_that_overflow_keep_them_apart),
        cmocka_unit_test(straight_layers_go),
        cmocka_unit_test(a_single_table_layer_stays),
        cmocka_unit_test(one_of_two_straight_layers_stays),
        cmocka_unit_test(layers_that_are_not_quite_straight_stay),
        cmocka_unit_test(products_that_overflow_keep_a_layer),
        cmocka_unit_test(logits_of_odd_networks_stay_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
