/* Refusals of random networks under random options: what is in the way is on the side that the sentence says. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw.h"
#include "networks.h"
#include "testing.h"

#include <torusnn/torusnn.h>

#define OBSTACLE_COUNT (TNN_OBSTACLE_NOT_NEGACYCLIC + 1)

static network_shape drawn_shape(void) {
    network_shape shape = draw_below(2) ? small_shape() : three_level_shape();
    shape.table_layers = 1 + draw_below(2);
    shape.tables_per_neuron = draw_below(4) ? 1 : 2;
    shape.tables = draw_below(2) ? TABLES_RANDOM : TABLES_RAMP;
    shape.weight_magnitude = 1 + draw_below(draw_below(3) ? 3 : 3000);
    shape.table_magnitude = 1 + draw_below(draw_below(3) ? 20 : 10000);
    return shape;
}

/* One range of up to all of int32. */
static void widen_a_range(const tnn_layer *layer) {
    int32_t *range = layer->ranges + 2 * (size_t)draw_below(layer->neurons);
    const bool all = draw_below(2);
    range[0] = all ? INT32_MIN : -(int32_t)draw_below(1u << (8 + draw_below(23)));
    range[1] = all ? INT32_MAX : (int32_t)(draw_below(1u << (8 + draw_below(22))) + layer->table_cells);
}

/* All ranges cut to their cells, so that weights reach far beyond. */
static void cut_ranges(const tnn_layer *layer) {
    for (size_t j = 0; j < layer->neurons; j++) {
        int32_t *range = layer->ranges + 2 * j;
        range[0] += (range[1] - range[0] + 1 - (int32_t)layer->table_cells) / 2;
        range[1] = range[0] + (int32_t)layer->table_cells - 1;
    }
}

static tnn_model *drawn_network(void) {
    const network_shape shape = drawn_shape();
    tnn_model *model = random_network(&shape);
    switch (draw_below(4)) {
    case 0: widen_a_range(&model->layers[0]); break;
    case 1: cut_ranges(&model->layers[0]); break;
    default: break;
    }
    return model;
}

static tnn_options drawn_options(void) {
    tnn_options options;
    tnn_options_default(&options);
    options.security = draw_below(2) ? TNN_SECURITY_128 : TNN_SECURITY_128_MARGIN;
    options.precision = draw_below(2) ? TNN_PRECISION_EXACT : TNN_PRECISION_TOLERANT;
    options.whole_torus = options.precision == TNN_PRECISION_TOLERANT && draw_below(4) == 0;
    options.position_noise = 0.24 * exp2(-(double)draw_below(16));
    options.logit_noise = draw_below(2) ? INFINITY : exp2(-(double)draw_below(20));
    options.log2_lookup_error = -1.0 - draw_below(256);
    return options;
}

/* The two numbers of the sentence: what is reachable and what is asked. */
static void read_sentence(const tnn_refusal *refusal, double *reachable, double *asked) {
    static const char *const formats[OBSTACLE_COUNT] = {
        [TNN_OBSTACLE_NOISE] = "the least noise is %lf and %lf is allowed",
        [TNN_OBSTACLE_BITS] = "lookups can be exact for %lf bits and its accumulator needs %lf",
        [TNN_OBSTACLE_WIDTH] = "there is room for %lf bits and its accumulators take %lf",
        [TNN_OBSTACLE_REACH] = "lookups can be exact for %lf bits and its weights carry its accumulator over %lf",
    };
    const char *after_name = strstr(refusal->sentence, ": ");
    assert_non_null(after_name);
    assert_int_equal(sscanf(after_name + 2, formats[refusal->obstacle], reachable, asked), 2);
}

static void check_sides(const tnn_refusal *refusal, const tnn_options *options) {
    double reachable;
    double asked;
    read_sentence(refusal, &reachable, &asked);
    if (refusal->obstacle == TNN_OBSTACLE_NOISE) {
        assert_true(refusal->reachable > refusal->asked && reachable > asked);
        assert_true(refusal->asked <= fmax(options->position_noise, options->logit_noise));
    } else {
        assert_true(refusal->reachable < refusal->asked && reachable < asked);
    }
    assert_true((refusal->obstacle == TNN_OBSTACLE_BITS || refusal->obstacle == TNN_OBSTACLE_REACH) <=
                (options->precision == TNN_PRECISION_EXACT));
}

static void refusals_never_contradict_themselves(void **state) {
    (void)state;
    size_t seen[OBSTACLE_COUNT] = {0};
    for (int round = 0; round < 100; round++) {
        tnn_model *model = drawn_network();
        const tnn_options options = drawn_options();
        tnn_circuit *circuit;
        tnn_refusal refusal;
        const tnn_status status = tnn_compile(&circuit, &refusal, model, &options);
        assert_true(status == TNN_OK || status == TNN_ERR_UNSATISFIABLE);
        if (status == TNN_ERR_UNSATISFIABLE) {
            assert_in_range(refusal.obstacle, TNN_OBSTACLE_NOISE, TNN_OBSTACLE_NOT_NEGACYCLIC);
            seen[refusal.obstacle]++;
        }
        if (status == TNN_ERR_UNSATISFIABLE && refusal.obstacle != TNN_OBSTACLE_RANGE &&
            refusal.obstacle != TNN_OBSTACLE_NOT_NEGACYCLIC) {
            check_sides(&refusal, &options);
        }
        tnn_circuit_free(circuit);
        tnn_model_free(model);
    }
    print_message("noise %zu, bits %zu, width %zu, reach %zu\n", seen[TNN_OBSTACLE_NOISE], seen[TNN_OBSTACLE_BITS],
                  seen[TNN_OBSTACLE_WIDTH], seen[TNN_OBSTACLE_REACH]);
    assert_true(seen[TNN_OBSTACLE_NOISE] > 0 && seen[TNN_OBSTACLE_BITS] > 0 && seen[TNN_OBSTACLE_WIDTH] > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_never_contradict_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
