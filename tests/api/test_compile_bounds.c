/* What compiling may take: time, memory, and the patience of whoever asked for it. */
#include <string.h>
#include <time.h>

#include "circuit.h"
#include "draw.h"
#include "lower.h"
#include "networks.h"
#include "testing.h"

#include <torusnn/torusnn.h>

#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
#define MOST_SECONDS 60
#else
#define MOST_SECONDS 3
#endif

/* One pixel, one table layer of `neurons` neurons with weight 1 and tables of two cells over `width` accumulators. */
static tnn_model *many_neurons(uint32_t neurons, uint32_t width) {
    network_shape shape = small_shape();
    shape.height = shape.width = 1;
    shape.input_levels = 256;
    shape.neurons = neurons;
    shape.outputs = 1;
    shape.table_cells = 2;
    shape.weight_magnitude = 1;
    tnn_model *model = random_network(&shape);
    tnn_layer *layer = &model->layers[0];
    for (size_t j = 0; j < neurons; j++) {
        layer->weights[j] = 1;
        layer->biases[j] = layer->ranges[2 * j] = 0;
        layer->ranges[2 * j + 1] = (int32_t)width - 1;
    }
    return model;
}

static tnn_options loose_options(void) {
    tnn_options options;
    tnn_options_default(&options);
    options.logit_noise = 1e9;
    return options;
}

static void assert_compiles_in_time(const char *name, const tnn_model *model, const tnn_options *options) {
    tnn_circuit *circuit;
    const clock_t start = clock();
    const tnn_status status = tnn_compile(&circuit, NULL, model, options);
    const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("%s: %.2f s\n", name, seconds);
    assert_true(status == TNN_OK || status == TNN_ERR_UNSATISFIABLE);
    assert_true(seconds < MOST_SECONDS);
    tnn_circuit_free(circuit);
}

/* ---------------------------------------------------------------------------------------------------------- time -- */

/* 8192 neurons with the same row, whose tables and weights are too large to be added: 33 million pairs. */
static void twins_that_cannot_be_folded_take_no_time(void **state) {
    (void)state;
    tnn_model *model = many_neurons(8192, 255);
    const tnn_options options = loose_options();
    for (size_t j = 0; j < 8192; j++) {
        model->layers[0].tables[2 * j] = INT16_MAX;
        model->layers[0].tables[2 * j + 1] = INT16_MIN;
        model->layers[1].weights[j] = INT16_MAX;
    }
    assert_compiles_in_time("8192 twins", model, &options);
    tnn_model_free(model);
}

/* 4096 different neurons, the last one the worst: no parameters will do, and each is tried. */
static void search_does_not_look_at_every_neuron(void **state) {
    (void)state;
    tnn_model *model = many_neurons(4096, 201);
    tnn_options options = loose_options();
    tnn_layer *layer = &model->layers[0];
    for (int32_t j = 0; j < 4096; j++) {
        layer->biases[j] = j;
        layer->ranges[2 * j] = j;
        layer->ranges[2 * j + 1] = j + 200 - (j % 7);
    }
    layer->weights[4095] = 127;
    layer->ranges[2 * 4095 + 1] = 4096;
    options.position_noise = 1e-7;
    assert_compiles_in_time("4096 neurons", model, &options);
    tnn_model_free(model);
}

/* A table of 32768 cells that 16384 neurons read. */
static void wide_tables_are_looked_through_once(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.height = shape.width = 1;
    shape.input_levels = 256;
    shape.neurons = 1;
    shape.table_cells = TNN_MAX_TABLE_CELLS;
    shape.outputs = 16384;
    shape.weight_magnitude = 1;
    tnn_model *model = random_network(&shape);
    const tnn_options options = loose_options();
    assert_compiles_in_time("16384 readers", model, &options);
    tnn_model_free(model);
}

/* -------------------------------------------------------------------------------------------------------- memory -- */

/* Neurons that stay, with one table each or several. */
static tnn_model *memory_hungry(uint32_t tables) {
    network_shape shape = small_shape();
    shape.neurons = 200;
    shape.tables_per_neuron = tables;
    return random_network(&shape);
}

static void circuits_beyond_the_limit_are_refused(void **state) {
    (void)state;
    for (uint32_t tables = 1; tables <= 2; tables++) {
        tnn_model *model = memory_hungry(tables);
        tnn_options options = loose_options();
        tnn_circuit *circuit;
        tnn_refusal refusal;
        assert_true(options.max_bytes == (size_t)256 << 20);
        options.max_bytes = 0;
        assert_ok(tnn_compile(&circuit, NULL, model, &options));
        const size_t bytes = tnn_circuit_bytes(circuit);
        tnn_circuit_free(circuit);
        options.max_bytes = bytes / 2;
        assert_status(TNN_ERR_LIMIT, tnn_compile(&circuit, &refusal, model, &options));
        assert_null(circuit);
        assert_non_null(strstr(refusal.sentence, "max_bytes"));
        options.max_bytes = 2 * bytes + ((size_t)1 << 20);
        assert_ok(tnn_compile(&circuit, &refusal, model, &options));
        tnn_circuit_free(circuit);
        tnn_model_free(model);
    }
}

/* The estimate is no less than what a circuit says of itself, and not much more. */
static void estimates_of_memory_hold(void **state) {
    (void)state;
    for (uint32_t tables = 1; tables <= 3; tables++) {
        tnn_model *model = memory_hungry(tables);
        const tnn_options options = loose_options();
        tnn_circuit *circuit;
        assert_ok(tnn_compile(&circuit, NULL, model, &options));
        const uint64_t estimate = tnn_lowered_bytes(model, tnn_params_positions(&circuit->spec.params));
        assert_in_range(tnn_circuit_bytes(circuit), estimate / 2, estimate + 1024);
        tnn_circuit_free(circuit);
        tnn_model_free(model);
    }
}

/* ------------------------------------------------------------------------------------------------------ progress -- */

typedef struct follower {
    size_t calls;
    size_t stop_at;
    uint64_t done, total;
    size_t stages;
} follower;

static bool follow(void *user, uint64_t done, uint64_t total) {
    follower *f = user;
    assert_true(done <= total && total > 0);
    if (total != f->total || done < f->done) {
        f->stages++;
    }
    f->done = done;
    f->total = total;
    return f->calls++ != f->stop_at;
}

/* Two table layers: thousands of parameter sets. */
static tnn_model *long_to_compile(void) {
    network_shape shape = small_shape();
    shape.table_layers = 2;
    shape.neurons = 20;
    return random_network(&shape);
}

static void compilation_can_be_followed_and_stopped(void **state) {
    (void)state;
    tnn_model *model = long_to_compile();
    tnn_options options = loose_options();
    options.position_noise = 1e-6;
    options.progress = follow;
    tnn_circuit *circuit;
    follower all = {.stop_at = SIZE_MAX};
    options.user = &all;
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_compile(&circuit, NULL, model, &options));
    print_message("%zu calls, %zu stages\n", all.calls, all.stages);
    assert_true(all.calls >= 10 && all.stages >= 2);
    for (size_t stop_at = 0; stop_at < all.calls; stop_at++) {
        follower f = {.stop_at = stop_at};
        options.user = &f;
        circuit = UNSET;
        assert_status(TNN_ERR_CANCELLED, tnn_compile(&circuit, NULL, model, &options));
        assert_null(circuit);
        assert_int_equal(f.calls, stop_at + 1);
    }
    tnn_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twins_that_cannot_be_folded_take_no_time),
        cmocka_unit_test(search_does_not_look_at_every_neuron),
        cmocka_unit_test(wide_tables_are_looked_through_once),
        cmocka_unit_test(circuits_beyond_the_limit_are_refused),
        cmocka_unit_test(estimates_of_memory_hold),
        cmocka_unit_test(compilation_can_be_followed_and_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
