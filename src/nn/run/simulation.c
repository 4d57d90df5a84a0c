#include "simulation.h"

#include <math.h>
#include <string.h>

#include "encoding.h"
#include "memory.h"
#include "noise.h"

struct tnn_simulation {
    const tnn_circuit *circuit;
    tnn_gaussian_stream noise;
    double small_deviation;                             /* of a pixel, in units of 2^-32 */
    double pixel_position_deviation[TNN_MOST_TWOS + 1]; /* of a position before the last rounding, by the masks' modulus
                                                           switch: of pixels, by the zeros below a row's weights, */
    double position_deviation;                          /* and behind a key switch */
    double switch_deviation;                            /* of a key switch, in units of 2^-32 */
    double rotation_deviation;                          /* of a blind rotation, in units of 2^-32 */
    double own_deviation;                               /* of it, what a coefficient has for itself */
    double common_deviation;                            /* and what it shares with its neighbours */
    double rounding_deviation;                          /* of a result's mask, in units of 2^-32 */
    double *rotation;    /* [N] errors of one rotation's coefficients, for several tables; NULL without lookups */
    uint32_t *values[2]; /* [widest] phases between layers */
};

static size_t widest_values(const tnn_circuit *circuit) {
    size_t widest = tnn_spec_pixels(&circuit->spec);
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        const tnn_layer_circuit *layer = &circuit->layers[i];
        size_t outputs = (size_t)layer->neurons * (layer->tables_per_neuron ? layer->tables_per_neuron : 1);
        widest = outputs > widest ? outputs : widest;
    }
    return widest;
}

static void set_lookup_deviations(tnn_simulation *s, const tnn_params *params) {
    const double two_N = 2.0 * tnn_params_positions(params);
    s->position_deviation = two_N * sqrt(tnn_variance_mask_switch(params, 0));
    for (uint32_t twos = 0; twos <= TNN_MOST_TWOS; twos++) {
        const uint32_t log2_unit = 32 - params->literal.input_bits + twos;
        s->pixel_position_deviation[twos] = two_N * sqrt(tnn_variance_mask_switch(params, log2_unit));
    }
    s->switch_deviation = params->literal.ks_levels ? sqrt(tnn_variance_key_switch(params)) * 0x1p32 : 0;
    s->rotation_deviation = sqrt(tnn_variance_blind_rotation(params)) * 0x1p32;
    s->own_deviation = sqrt(tnn_variance_blind_rotation(params) - tnn_variance_common(params)) * 0x1p32;
    s->common_deviation = sqrt(tnn_variance_common(params)) * 0x1p32;
}

static void set_deviations(tnn_simulation *s) {
    const tnn_spec *spec = &s->circuit->spec;
    const tnn_params *params = &spec->params;
    s->small_deviation = sqrt(tnn_variance_small(params)) * 0x1p32;
    s->rounding_deviation = sqrt(tnn_variance_output_rounding(params, spec->output_bits)) * 0x1p32;
    if (tnn_params_bootstrap(params)) {
        set_lookup_deviations(s, params);
    }
}

tnn_status tnn_simulation_create(tnn_simulation **out, const tnn_circuit *circuit) {
    *out = NULL;
    tnn_status status = tnn_random_start();
    if (status != TNN_OK) {
        return status;
    }
    tnn_simulation *simulation = tnn_alloc(1, sizeof *simulation);
    if (!simulation) {
        return TNN_ERR_MEMORY;
    }
    simulation->circuit = circuit;
    set_deviations(simulation);
    const size_t widest = widest_values(circuit);
    const size_t N = tnn_params_positions(&circuit->spec.params);
    simulation->rotation = N ? tnn_alloc(N, sizeof *simulation->rotation) : NULL;
    simulation->values[0] = tnn_alloc(widest, sizeof(uint32_t));
    simulation->values[1] = tnn_alloc(widest, sizeof(uint32_t));
    if ((N && !simulation->rotation) || !simulation->values[0] || !simulation->values[1]) {
        tnn_simulation_free(simulation);
        return TNN_ERR_MEMORY;
    }
    *out = simulation;
    return TNN_OK;
}

void tnn_simulation_free(tnn_simulation *simulation) {
    if (!simulation) {
        return;
    }
    tnn_free(simulation->rotation);
    tnn_free(simulation->values[0]);
    tnn_free(simulation->values[1]);
    tnn_free(simulation);
}

/* Gaussian noise on Z/2^32. */
static uint32_t noise_of(tnn_simulation *s, double deviation) {
    return (uint32_t)(int64_t)llrint(deviation * tnn_gaussian_next(&s->noise));
}

static void encrypt_pixels(tnn_simulation *s, uint32_t *phases, const uint8_t *image) {
    const tnn_spec *spec = &s->circuit->spec;
    tnn_encode_image(spec, phases, image);
    for (size_t i = 0; i < tnn_spec_pixels(spec); i++) {
        phases[i] = (phases[i] << (32 - spec->params.literal.input_bits)) + noise_of(s, s->small_deviation);
    }
}

static uint32_t weigh(const tnn_layer_circuit *layer, size_t neuron, const uint32_t *phases) {
    const int16_t *weights = layer->weights + neuron * layer->inputs;
    uint32_t sum = layer->offsets[neuron];
    for (size_t i = 0; i < layer->inputs; i++) {
        sum += (uint32_t)weights[i] * phases[i];
    }
    return sum;
}

static uint32_t row_twos(const tnn_layer_circuit *layer, size_t neuron) {
    return tnn_weight_twos(layer->weights + neuron * layer->inputs, layer->inputs);
}

/* The position that a blind rotation would read, below 2N. */
static uint32_t position_of(tnn_simulation *s, uint32_t phase, double deviation) {
    const uint32_t two_N = 2 * tnn_params_positions(&s->circuit->spec.params);
    double exact = phase * 0x1p-32 * two_N + deviation * tnn_gaussian_next(&s->noise);
    return (uint32_t)(int64_t)llrint(exact) & (two_N - 1);
}

static uint32_t read_test(const tnn_layer_circuit *layer, size_t neuron, uint32_t position, uint32_t N) {
    const uint32_t *test = layer->tests + neuron * N;
    return position < N ? test[position] : 0 - test[position - N];
}

/* Twice an entry is the sum of the steps up to it less the sum of the steps behind it. */
static int64_t doubled_entry(const tnn_step_table *table, uint32_t position) {
    int64_t sum = 0;
    for (size_t i = 0; i < table->count; i++) {
        sum += table->positions[i] <= position ? table->steps[i] : -(int64_t)table->steps[i];
    }
    return sum;
}

/* Errors of the N coefficients of one rotation. With independent u the sums of u up to p, less those behind it, have
 * the covariance 1 - 2 d / N at distance d, when divided by sqrt(N): the common part of tnn_variance_common. */
static void draw_rotation(tnn_simulation *s) {
    const uint32_t N = tnn_params_positions(&s->circuit->spec.params);
    double total = 0;
    for (uint32_t p = 0; p < N; p++) {
        s->rotation[p] = tnn_gaussian_next(&s->noise);
        total += s->rotation[p];
    }
    double before = 0;
    for (uint32_t p = 0; p < N; p++) {
        before += s->rotation[p];
        double common = (2 * before - total) / sqrt(N) * s->common_deviation;
        s->rotation[p] = common + s->own_deviation * tnn_gaussian_next(&s->noise);
    }
}

/* A table of several sees the errors of the one rotation through its steps. */
static uint32_t read_steps(const tnn_simulation *s, const tnn_step_table *table, uint32_t unit, uint32_t position) {
    const uint32_t N = tnn_params_positions(&s->circuit->spec.params);
    int64_t entry = doubled_entry(table, position & (N - 1)) / 2 * (position < N ? 1 : -1);
    double noise = 0;
    for (size_t i = 0; i < table->count; i++) {
        noise += table->steps[i] * s->rotation[table->positions[i]];
    }
    return (uint32_t)(entry * unit) + (uint32_t)(int64_t)llrint(noise);
}

static void look_up(tnn_simulation *s, const tnn_layer_circuit *layer, size_t neuron, uint32_t *outputs,
                    uint32_t position) {
    if (layer->tables_per_neuron == 1) {
        uint32_t value = read_test(layer, neuron, position, tnn_params_positions(&s->circuit->spec.params));
        outputs[0] = value + noise_of(s, s->rotation_deviation);
        return;
    }
    draw_rotation(s);
    for (size_t m = 0; m < layer->tables_per_neuron; m++) {
        const tnn_step_table *table = &layer->steps[neuron * layer->tables_per_neuron + m];
        outputs[m] = read_steps(s, table, layer->output_unit / 2, position);
    }
}

static void run_table_layer(tnn_simulation *s, const tnn_layer_circuit *layer, bool first, uint32_t *outputs,
                            const uint32_t *inputs) {
    for (size_t j = 0; j < layer->neurons; j++) {
        uint32_t phase = weigh(layer, j, inputs);
        phase += first ? 0 : noise_of(s, s->switch_deviation);
        const double deviation = first ? s->pixel_position_deviation[row_twos(layer, j)] : s->position_deviation;
        look_up(s, layer, j, outputs + j * layer->tables_per_neuron, position_of(s, phase, deviation));
    }
}

void tnn_simulation_run(tnn_simulation *s, uint32_t *logits, const uint8_t *image, uint64_t seed) {
    const tnn_circuit *circuit = s->circuit;
    const uint32_t last = circuit->layer_count - 1;
    tnn_gaussian_stream_start(&s->noise, seed);
    encrypt_pixels(s, s->values[0], image);
    for (uint32_t i = 0; i < last; i++) {
        run_table_layer(s, &circuit->layers[i], i == 0, s->values[(i + 1) % 2], s->values[i % 2]);
    }
    for (size_t j = 0; j < circuit->spec.readout.outputs; j++) {
        logits[j] = weigh(&circuit->layers[last], j, s->values[last % 2]) + noise_of(s, s->rounding_deviation);
    }
}
