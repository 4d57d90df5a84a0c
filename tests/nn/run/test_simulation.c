#include "simulation.h"

#include <math.h>
#include <string.h>

#include "circuits.h"
#include "draw.h"
#include "encoding.h"
#include "key_fixture.h"
#include "memory.h"
#include "networks.h"
#include "statistics.h"
#include "testing.h"

#define LOGITS_MOST 64u

/* A circuit, one image and its simulated logits under rising seeds. */
typedef struct simulated {
    tnn_model *model;
    tnn_circuit *circuit;
    tnn_simulation *simulation;
    uint8_t *image;
    int64_t reference[LOGITS_MOST];
    uint32_t phases[LOGITS_MOST];
    uint64_t seed;
    size_t next; /* logit to hand out */
} simulated;

static simulated simulate(tnn_model *model, tnn_circuit *circuit) {
    simulated s = {.model = model, .circuit = circuit, .image = random_image(model)};
    assert_true(circuit->spec.readout.outputs <= LOGITS_MOST);
    assert_ok(tnn_simulation_create(&s.simulation, circuit));
    reference_logits(model, s.reference, s.image);
    s.seed = (uint64_t)draw_below(1u << 31) << 20;
    return s;
}

static void free_simulated(simulated *s) {
    tnn_simulation_free(s->simulation);
    tnn_free(s->image);
    tnn_circuit_free(s->circuit);
    tnn_model_free(s->model);
}

static void run_next(simulated *s) {
    tnn_simulation_run(s->simulation, s->phases, s->image, s->seed++);
}

/* ----------------------------------------------------------------------------------------------------------- seeds --
 */

static void seed_decides_whatever_ran_before(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_layers = 3;
    shape.tables_per_neuron = 2;
    tnn_model *model = random_network(&shape);
    simulated s = simulate(model, shipped_circuit(model, "deep"));
    const size_t bytes = shape.outputs * sizeof *s.phases;
    uint32_t expected[LOGITS_MOST];
    tnn_simulation_run(s.simulation, expected, s.image, 5);
    run_next(&s);
    assert_memory_not_equal(s.phases, expected, bytes);
    tnn_simulation_run(s.simulation, s.phases, s.image, 5);
    assert_memory_equal(s.phases, expected, bytes);
    free_simulated(&s);
    tnn_simulation_free(NULL);
}

/* ---------------------------------------------------------------------------------------------------- without noise --
 */

/* No key could have them: masks of one word and keys almost without noise. */
static tnn_params quiet_params(void) {
    const tnn_params_literal literal = {.n = 1,
                                        .input_N = 1,
                                        .input_bits = 32,
                                        .lwe_log2_sigma = -60,
                                        .k = 1,
                                        .N = 4096,
                                        .glwe_log2_sigma = -60,
                                        .bs_base_log = 10,
                                        .bs_levels = 3,
                                        .ks_base_log = 8,
                                        .ks_levels = 3,
                                        .shared_prefix = true};
    return (tnn_params){.literal = literal, .log2_N = 12, .bsk_bytes = 8};
}

static network_shape drawn_shape(void) {
    network_shape shape = small_shape();
    shape.height = shape.width = 3;
    shape.input_levels = 3;
    shape.table_layers = 1 + draw_below(4);
    shape.tables_per_neuron = 1 + draw_below(3);
    shape.table_cells = 2 + draw_below(6);
    shape.outputs = 1 + draw_below(11);
    shape.channels = draw_below(2) ? 3 : 1;
    shape.weight_magnitude = 1;
    shape.table_magnitude = 3;
    shape.tables = TABLES_RANDOM;
    return shape;
}

/* Inputs at either end of the range of values too: every accumulator of the builder's networks has its place. */
static void circuits_without_noise_give_the_reference(void **state) {
    (void)state;
    const tnn_params params = quiet_params();
    for (int round = 0; round < 200; round++) {
        const network_shape shape = drawn_shape();
        tnn_model *model = random_network(&shape);
        simulated s = simulate(model, circuit_under(model, &params, true));
        run_next(&s);
        for (size_t j = 0; j < shape.outputs; j++) {
            const double expected = 0.125 * (double)s.reference[j];
            assert_true(tnn_decode_logit(&s.circuit->spec, j, s.phases[j]) == expected);
        }
        free_simulated(&s);
    }
}

/* Accumulators less than an end cell beyond their table read that cell, as in the reference. */
static void accumulators_beyond_their_table_read_its_ends(void **state) {
    (void)state;
    const tnn_params params = quiet_params();
    for (int round = 0; round < 200; round++) {
        network_shape shape = drawn_shape();
        shape.table_layers = 1;
        tnn_model *model = random_network(&shape);
        tnn_layer *layer = model->layers;
        for (size_t j = 0; j < layer->neurons; j++) {
            const int32_t cut = (int32_t)(tnn_layer_range_width(layer, j) / (3 * layer->table_cells));
            layer->ranges[2 * j] += cut;
            layer->ranges[2 * j + 1] -= cut;
        }
        simulated s = simulate(model, circuit_under(model, &params, true));
        run_next(&s);
        for (size_t j = 0; j < shape.outputs; j++) {
            const double expected = 0.125 * (double)s.reference[j];
            assert_true(tnn_decode_logit(&s.circuit->spec, j, s.phases[j]) == expected);
        }
        free_simulated(&s);
    }
}

/* ------------------------------------------------------------------------------------------------------------ noise --
 */

#define WIDTH 512u

/* Table layers of one neuron and WIDTH accumulators, of which the first layer reaches the even ones. All tables but the
 * last say WIDTH / 2 whatever they read; the last one says which cell it read, and the logit repeats that. */
static tnn_model *telltale_network(uint32_t table_layers, uint32_t cells) {
    network_shape shape = small_shape();
    shape.height = shape.width = shape.neurons = shape.outputs = 1;
    shape.input_levels = WIDTH / 2;
    shape.table_cells = cells;
    shape.table_layers = table_layers;
    tnn_model *model = random_network(&shape);
    for (uint32_t i = 0; i <= table_layers; i++) {
        tnn_layer *layer = &model->layers[i];
        layer->weights[0] = i == 0 ? 2 : 1;
        layer->biases[0] = 0;
        for (uint32_t c = 0; i < table_layers && c < cells; c++) {
            layer->ranges[0] = 0;
            layer->ranges[1] = WIDTH - 1;
            layer->tables[c] = (int16_t)(i + 1 == table_layers ? c : WIDTH / 2);
        }
    }
    return model;
}

static double squared_logit_error(void *context) {
    simulated *s = context;
    run_next(s);
    double error = (double)(int32_t)s->phases[0] / s->circuit->spec.output_unit - (double)s->reference[0];
    return error * error;
}

/* An accumulator is read with the noise of its position, to the nearest integer, and passed on with the noise of a
 * logit. */
static void check_position_noise(const char *what, uint32_t table_layers, const char *shipped) {
    tnn_model *model = telltale_network(table_layers, WIDTH);
    simulated s = simulate(model, shipped_circuit(model, shipped));
    const tnn_budget *budget = &s.circuit->budget;
    const double position = WIDTH * budget->layers[table_layers - 1].worst_position_noise;
    const double expected = position * position + 1.0 / 12 + budget->logit_noise * budget->logit_noise;
    s.image[0] = 128; /* accumulator 256: the ends of the table are more than 8 deviations away */
    reference_logits(model, s.reference, s.image);
    assert_true(position > 0.5 && 8 * position < WIDTH / 2);
    tally squares = measure_variance(squared_logit_error, &s, expected);
    assert_variance(what, &squares, expected);
    assert_true(position * position > 0.5 * expected);
    free_simulated(&s);
}

static void position_noise_is_the_budget_s(void **state) {
    (void)state;
    check_position_noise("simulated position, fast", 1, "fast");
    check_position_noise("simulated position, accurate", 1, "accurate");
    check_position_noise("simulated position behind a key switch, deep", 2, "deep");
}

/* The share of lookups that read another of 32 cells, with accumulators spread evenly over all but the end cells. */
static void off_by_one_rate_is_the_budget_s(void **state) {
    (void)state;
    tnn_model *model = telltale_network(1, 32);
    simulated s = simulate(model, shipped_circuit(model, "accurate"));
    const double rate = s.circuit->budget.layers[0].off_by_one_rate;
    tally excess = {0};
    for (size_t i = 0; i < 100000; i++) {
        s.image[0] = (uint8_t)(8 + i % 240);
        reference_logits(model, s.reference, s.image);
        run_next(&s);
        const double read = (double)(int32_t)s.phases[0] / s.circuit->spec.output_unit;
        tally_add(&excess, (fabs(read - (double)s.reference[0]) > 0.5) - rate);
    }
    print_message("off by one: simulated %.4f, stated %.4f\n", rate + tally_mean(&excess), rate);
    assert_true(fabs(tally_mean(&excess)) <= 0.1 * rate);
    free_simulated(&s);
}

#define NEURONS 16u

/* Neuron j reads pixel j alone, its tables say which half of the range it fell in, and each is a logit of its own. */
static tnn_model *sign_network(uint32_t tables_per_neuron) {
    network_shape shape = small_shape();
    shape.height = 1;
    shape.width = shape.neurons = NEURONS;
    shape.input_levels = shape.table_cells = 2;
    shape.tables_per_neuron = tables_per_neuron;
    shape.outputs = NEURONS * tables_per_neuron;
    tnn_model *model = random_network(&shape);
    for (uint32_t i = 0; i < 2; i++) {
        tnn_layer *layer = &model->layers[i];
        memset(layer->weights, 0, (size_t)layer->neurons * layer->inputs * sizeof *layer->weights);
        memset(layer->biases, 0, layer->neurons * sizeof *layer->biases);
        for (size_t j = 0; j < layer->neurons; j++) {
            layer->weights[j * layer->inputs + j] = 1;
        }
    }
    for (size_t t = 0; t < shape.outputs; t++) {
        model->layers[0].ranges[2 * (t / tables_per_neuron)] = 0;
        model->layers[0].ranges[2 * (t / tables_per_neuron) + 1] = 1;
        model->layers[0].tables[2 * t] = t % 2 ? -1 : 1;
        model->layers[0].tables[2 * t + 1] = t % 2 ? 1 : -1;
    }
    return model;
}

static double squared_sign_error(void *context) {
    simulated *s = context;
    if (s->next == 0) {
        run_next(s);
    }
    const uint32_t expected = (uint32_t)s->reference[s->next] * s->circuit->spec.output_unit;
    double error = torus_difference(s->phases[s->next], expected);
    s->next = (s->next + 1) % s->circuit->spec.readout.outputs;
    return error * error;
}

static void logit_noise_is_the_budget_s(void **state) {
    (void)state;
    for (uint32_t tables = 1; tables <= 3; tables++) {
        tnn_model *model = sign_network(tables);
        simulated s = simulate(model, shipped_circuit(model, "fast"));
        tally squares = measure_variance(squared_sign_error, &s, s.circuit->budget.logit_variance);
        assert_variance("simulated logit", &squares, s.circuit->budget.logit_variance);
        free_simulated(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seed_decides_whatever_ran_before),
        cmocka_unit_test(circuits_without_noise_give_the_reference),
        cmocka_unit_test(accumulators_beyond_their_table_read_its_ends),
        cmocka_unit_test(position_noise_is_the_budget_s),
        cmocka_unit_test(off_by_one_rate_is_the_budget_s),
        cmocka_unit_test(logit_noise_is_the_budget_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
