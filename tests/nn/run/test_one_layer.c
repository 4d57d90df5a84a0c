/* Networks of a single layer: logits that are dot products of encrypted pixels, without tables and bootstraps. */
#include <math.h>
#include <string.h>

#include "circuits.h"
#include "compiler.h"
#include "draw.h"
#include "encoding.h"
#include "evaluation.h"
#include "key_fixture.h"
#include "lower.h"
#include "memory.h"
#include "networks.h"
#include "noise.h"
#include "server_key.h"
#include "simulation.h"
#include "statistics.h"
#include "testing.h"

#define OUTPUTS 3u
#define IMAGES 4u

static const tnn_evaluation_monitor NOBODY = {NULL, NULL};

/* 5 x 7 pixels: a block of 32 inputs and a part of another. */
static tnn_model *one_layer_model(uint32_t weight_magnitude) {
    network_shape shape = small_shape();
    shape.height = 7;
    shape.width = 5;
    shape.table_layers = 0;
    shape.outputs = OUTPUTS;
    shape.weight_magnitude = weight_magnitude;
    return random_network(&shape);
}

/* Without a ring, with inputs of 16 or of 32 bits. */
static tnn_params *plain_params(uint32_t input_bits) {
    const tnn_params_literal narrow = {.n = 640, .input_N = 32, .input_bits = 16, .lwe_log2_sigma = -13.28};
    const tnn_params_literal wide = {.n = 800, .input_N = 32, .input_bits = 32, .lwe_log2_sigma = -17.28};
    return params_of(input_bits == 16 ? &narrow : &wide);
}

/* A circuit, keys for it, and what it takes to run it on one image. */
typedef struct scene {
    tnn_model *model;
    tnn_circuit *circuit;
    tnn_params *params;
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    tnn_server_key *server;
    tnn_evaluation *evaluation;
    uint32_t *logits; /* [IMAGES][OUTPUTS][n + 1] */
    size_t words;     /* n + 1 */
} scene;

/* Takes model and circuit over. */
static scene new_scene(tnn_model *model, tnn_circuit *circuit, unsigned threads) {
    scene s = {.model = model, .circuit = circuit, .params = params_of(&circuit->spec.params.literal)};
    assert_ok(tnn_secret_key_generate(&s.secret, s.params));
    for (uint32_t i = 0; i < s.params->literal.n; i++) {
        s.secret->small[i] = i % 2; /* half ones: key_fixture.h */
    }
    assert_ok(tnn_eval_key_generate(&s.eval, s.secret, 1));
    assert_ok(tnn_server_key_expand(&s.server, s.eval, 1));
    assert_ok(tnn_evaluation_create(&s.evaluation, circuit, s.server, threads, IMAGES));
    s.words = s.params->literal.n + 1;
    s.logits = new_array(IMAGES * OUTPUTS * s.words, sizeof *s.logits);
    return s;
}

static void free_scene(scene *s) {
    tnn_free(s->logits);
    tnn_evaluation_free(s->evaluation);
    tnn_server_key_free(s->server);
    tnn_eval_key_free(s->eval);
    tnn_secret_key_free(s->secret);
    tnn_params_free(s->params);
    tnn_circuit_free(s->circuit);
    tnn_model_free(s->model);
}

static void evaluate(scene *s, const uint8_t *const *images, size_t count) {
    tnn_packed *inputs[IMAGES];
    for (size_t i = 0; i < count; i++) {
        inputs[i] = packed_image(s->secret, &s->circuit->spec, images[i]);
    }
    assert_ok(tnn_evaluation_run(s->evaluation, s->logits, (const tnn_packed *const *)inputs, count, NOBODY));
    for (size_t i = 0; i < count; i++) {
        tnn_packed_free(inputs[i]);
    }
}

/* The phase of a logit as a client takes it, of what is left of it on the wire. */
static uint32_t wire_phase(const scene *s, size_t logit) {
    uint32_t *lwe = new_array(s->words, sizeof *lwe);
    for (size_t i = 0; i < s->words; i++) {
        lwe[i] =
            tnn_widen_output(&s->circuit->spec, tnn_round_output(&s->circuit->spec, s->logits[logit * s->words + i]));
    }
    const uint32_t phase = tnn_lwe_phase(s->secret, TNN_KEY_SMALL, lwe);
    tnn_free(lwe);
    return phase;
}

/* ---------------------------------------------------------------------------------------------------- compiling -- */

static tnn_params_literal ring_of(const tnn_params_literal *p) {
    tnn_params_literal ring = *p;
    ring.n = ring.input_N = ring.input_bits = 0;
    ring.lwe_log2_sigma = 0;
    return ring;
}

static void check_has_no_ring(const tnn_circuit *circuit) {
    const tnn_params none = {0};
    const tnn_params ring = {.literal = ring_of(&circuit->spec.params.literal)};
    assert_true(tnn_params_equal(&none, &ring));
    assert_int_equal(circuit->bootstraps, 0);
    assert_true(circuit->milliseconds > 0 && circuit->milliseconds < 10);
    assert_int_equal(circuit->spec.output_unit,
                     circuit->spec.input_unit << (32 - circuit->spec.params.literal.input_bits));
}

/* Less noise takes a longer key, and once 16 bits have no less to give, inputs of 32. */
static void the_search_meets_the_noise_that_is_allowed(void **state) {
    (void)state;
    const double allowed[] = {1, 0.1, 0.01};
    tnn_model *model = one_layer_model(7);
    double cost = 0;
    for (size_t i = 0; i < COUNT_OF(allowed); i++) {
        tnn_requirement requirement = tolerant(0.01);
        requirement.logit_noise = allowed[i];
        tnn_circuit *circuit = searched_circuit(model, &requirement);
        check_has_no_ring(circuit);
        assert_true(circuit->budget.logit_noise_share <= allowed[i] && circuit->budget.logit_room_used <= 1);
        assert_true(circuit->milliseconds >= cost);
        cost = circuit->milliseconds;
        tnn_circuit_free(circuit);
    }
    tnn_model_free(model);
}

/* Words of inputs cross the wire whole where logits are to be exact. */
static void exact_circuits_meet_their_error(void **state) {
    (void)state;
    const uint32_t magnitudes[] = {1, 60};
    uint32_t seen[33] = {0};
    for (size_t i = 0; i < COUNT_OF(magnitudes); i++) {
        const tnn_requirement requirement = exact(-40);
        tnn_model *model = one_layer_model(magnitudes[i]);
        tnn_circuit *circuit = searched_circuit(model, &requirement);
        check_has_no_ring(circuit);
        assert_true(circuit->budget.layers[0].worst_lookup_log2 <= -40);
        assert_int_equal(circuit->spec.output_bits, circuit->spec.params.literal.input_bits);
        assert_true(tnn_variance_output_rounding(&circuit->spec.params, circuit->spec.output_bits) == 0);
        seen[circuit->spec.output_bits]++;
        tnn_circuit_free(circuit);
        tnn_model_free(model);
    }
    assert_true(seen[32] > 0);
}

static void what_no_parameters_give_is_refused(void **state) {
    (void)state;
    const tnn_requirement requirement = exact(-40);
    tnn_model *model = one_layer_model(32767);
    tnn_circuit *circuit;
    tnn_shortfall shortfall;
    model->input_levels = 256;
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_circuit_compile_simplified(&circuit, &shortfall, model, &requirement));
    assert_null(circuit);
    assert_true(shortfall.is_logit && shortfall.layer == 0 && shortfall.asked > shortfall.reachable);
    tnn_model_free(model);
}

static void rings_go_with_tables_and_with_nothing_else(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    tnn_model *models[] = {one_layer_model(3), random_network(&shape)};
    tnn_params *params[] = {plain_params(16), shipped_params("fast")};
    for (size_t i = 0; i < 4; i++) {
        tnn_circuit *circuit = UNSET;
        const tnn_status expected = i % 2 == i / 2 ? TNN_OK : TNN_ERR_UNSATISFIABLE;
        assert_status(expected, tnn_circuit_compile_with(&circuit, models[i % 2], params[i / 2], false));
        assert_true((circuit != NULL) == (expected == TNN_OK));
        tnn_circuit_free(circuit);
    }
    for (size_t i = 0; i < 2; i++) {
        tnn_params_free(params[i]);
        tnn_model_free(models[i]);
    }
}

/* ------------------------------------------------------------------------------------------------------ encrypted --
 */

/* Images together and on several threads, against logits found by recursion. */
static void encrypted_logits_are_the_networks(void **state) {
    (void)state;
    const tnn_requirement requirement = exact(-60);
    tnn_model *model = one_layer_model(9);
    scene s = new_scene(model, searched_circuit(model, &requirement), 2);
    for (size_t round = 0; round < 20; round++) {
        uint8_t *images[IMAGES];
        for (size_t i = 0; i < IMAGES; i++) {
            images[i] = random_image(model);
            memset(images[i], round == 0 ? 0 : 255, round < 2 ? tnn_model_pixels(model) : 0);
        }
        evaluate(&s, (const uint8_t *const *)images, IMAGES);
        for (size_t i = 0; i < IMAGES; i++) {
            int64_t expected[OUTPUTS];
            naive_logits(model, expected, images[i]);
            for (size_t j = 0; j < OUTPUTS; j++) {
                const double logit = (double)(int32_t)wire_phase(&s, i * OUTPUTS + j) / s.circuit->spec.output_unit;
                assert_true(llround(logit) == expected[j]);
            }
            tnn_free(images[i]);
        }
    }
    free_scene(&s);
}

/* |w|_2^2 times that of a pixel, and of what is rounded away on the wire. */
static double expected_variance(const tnn_circuit *circuit, const tnn_model *model, size_t logit) {
    const tnn_layer *layer = &model->layers[0];
    double squares = 0;
    for (size_t i = 0; i < layer->inputs; i++) {
        squares += pow(layer->weights[logit * layer->inputs + i], 2);
    }
    return squares * tnn_variance_small(&circuit->spec.params) +
           tnn_variance_output_rounding(&circuit->spec.params, circuit->spec.output_bits);
}

/* That of the noisiest logit. */
static void check_stated(const tnn_circuit *circuit, const tnn_model *model) {
    double worst = 0;
    for (size_t j = 0; j < OUTPUTS; j++) {
        worst = fmax(worst, expected_variance(circuit, model, j));
    }
    assert_true(fabs(circuit->budget.logit_variance / worst - 1) < 1e-9);
}

typedef struct noisy_logit {
    scene *scene;
    const uint8_t *image;
    int64_t expected[OUTPUTS];
    uint32_t logit;
    tally *errors;
} noisy_logit;

/* Square of the error of one fresh encryption, fraction of the torus. */
static double squared_error(void *context) {
    const noisy_logit *n = context;
    evaluate(n->scene, &n->image, 1);
    const uint32_t expected = (uint32_t)n->expected[n->logit] * n->scene->circuit->spec.output_unit;
    const double error = torus_difference(wire_phase(n->scene, n->logit), expected);
    tally_add(n->errors, error);
    return error * error;
}

/* Under wide inputs on a wire of 16 bits rounding is most of it; under narrow ones there is none. */
static void check_stated_variance(const char *what, uint32_t input_bits, uint32_t weight_magnitude, bool is_exact) {
    tnn_params *params = plain_params(input_bits);
    tnn_model *model = one_layer_model(weight_magnitude);
    scene s = new_scene(model, circuit_under(model, params, is_exact), 1);
    tally errors = {0};
    uint8_t *image = random_image(model);
    noisy_logit n = {&s, image, {0}, draw_below(OUTPUTS), &errors};
    naive_logits(model, n.expected, image);
    check_stated(s.circuit, model);
    const double expected = expected_variance(s.circuit, model, n.logit);
    const tally squares = measure_variance(squared_error, &n, expected);
    assert_variance(what, &squares, expected);
    assert_true(mean_is_zero(&errors, sqrt(expected)));
    tnn_free(image);
    free_scene(&s);
    tnn_params_free(params);
}

static void measured_variance_is_the_stated_one(void **state) {
    (void)state;
    check_stated_variance("inputs of 16 bits", 16, 7, false);
    check_stated_variance("inputs of 32 bits, results of 16", 32, 1, false);
    check_stated_variance("inputs and results of 32 bits", 32, 7, true);
}

/* ------------------------------------------------------------------------------------------------------ simulated --
 */

typedef struct simulated {
    tnn_simulation *simulation;
    const tnn_circuit *circuit;
    const uint8_t *image;
    int64_t expected[OUTPUTS];
    uint64_t seed;
} simulated;

static double simulated_square(void *context) {
    simulated *s = context;
    uint32_t phases[OUTPUTS];
    tnn_simulation_run(s->simulation, phases, s->image, s->seed++);
    const double error = torus_difference(phases[0], (uint32_t)s->expected[0] * s->circuit->spec.output_unit);
    return error * error;
}

static void simulated_variance_is_the_stated_one(void **state) {
    (void)state;
    for (uint32_t input_bits = 16; input_bits <= 32; input_bits += 16) {
        tnn_params *params = plain_params(input_bits);
        tnn_model *model = one_layer_model(2);
        tnn_circuit *circuit = circuit_under(model, params, false);
        uint8_t *image = random_image(model);
        simulated s = {.circuit = circuit, .image = image};
        naive_logits(model, s.expected, image);
        assert_ok(tnn_simulation_create(&s.simulation, circuit));
        const double expected = expected_variance(circuit, model, 0);
        const tally squares = measure_variance(simulated_square, &s, expected);
        assert_variance("simulated", &squares, expected);
        tnn_simulation_free(s.simulation);
        tnn_free(image);
        tnn_circuit_free(circuit);
        tnn_model_free(model);
        tnn_params_free(params);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_meets_the_noise_that_is_allowed),
        cmocka_unit_test(exact_circuits_meet_their_error),
        cmocka_unit_test(what_no_parameters_give_is_refused),
        cmocka_unit_test(rings_go_with_tables_and_with_nothing_else),
        cmocka_unit_test(encrypted_logits_are_the_networks),
        cmocka_unit_test(measured_variance_is_the_stated_one),
        cmocka_unit_test(simulated_variance_is_the_stated_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
