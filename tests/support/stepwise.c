#include "stepwise.h"

#include <math.h>

#include "circuits.h"
#include "draw.h"
#include "encoding.h"
#include "memory.h"
#include "networks.h"
#include "noise.h"
#include "tables.h"
#include "testing.h"

/* Of a table layer: their blind rotations advance together. */
#define MOST_NEURONS 16u

/* A value between two layers, free of noise. */
typedef struct step_value {
    uint32_t message; /* on the torus */
    int32_t integer;
} step_value;

/* What one thread writes. Inputs and outputs of a layer lie in halves that change places. */
typedef struct step_scratch {
    tnn_workspace *workspace;
    tnn_packed_masks *pixels;
    uint32_t *small;         /* [widest][n + 1] */
    uint32_t *positions;     /* [n + 1] */
    uint32_t *sum;           /* [k N + 1] */
    uint32_t *ciphertext[2]; /* [widest][k N + 1] */
    step_value *value[2];    /* [widest] */
} step_scratch;

typedef struct step_image {
    uint8_t *pixels;
    tnn_packed *packed;
    layer_noise *noise; /* [table layers] */
    tnn_status status;
} step_image;

typedef struct stepwise {
    const tnn_circuit *circuit;
    const tnn_model *model;
    const key_set *keys;
    tnn_shape *shape;
    step_scratch *scratch; /* [threads] */
    step_image *images;
} stepwise;

/* One layer of one image. */
typedef struct step {
    const stepwise *all;
    const tnn_layer *model_layer;
    const tnn_layer_circuit *layer;
    const tnn_layer_budget *budget;
    const tnn_layer_shape *shape;
    step_scratch *scratch;
    bool first_layer;
    uint32_t N;
    const uint32_t *inputs; /* ciphertexts, of pixels none */
    uint32_t *outputs;
    const step_value *input_values;
    step_value *output_values;
    layer_noise *noise;
} step;

static size_t big_words(const stepwise *s) {
    return tnn_params_big_dimension(s->keys->params) + 1;
}

static size_t small_words(const stepwise *s) {
    return (size_t)s->keys->params->literal.n + 1;
}

static double square(double x) {
    return x * x;
}

static void add_error(step_noise *noise, double error, double variance) {
    noise->count++;
    noise->squares += square(error);
    noise->predicted += variance;
    noise->ratios += square(error) / variance;
}

/* ------------------------------------------------------------------------------------------- what is expected -- */

/* A position of 0 to 2N as one of the turn that begins a quarter before the table: its ends stand alone there. */
static double unfold(const step *s, double position) {
    return position >= 1.5 * s->N ? position - 2.0 * s->N : position;
}

static double expected_position(const step *s, size_t neuron) {
    const int16_t *weights = s->layer->weights + neuron * s->layer->inputs;
    uint32_t phase = s->layer->offsets[neuron];
    for (size_t i = 0; i < s->layer->inputs; i++) {
        phase += (uint32_t)(int32_t)weights[i] * s->input_values[i].message;
    }
    return unfold(s, phase * 0x1p-32 * 2 * s->N);
}

static int64_t accumulator(const step *s, size_t neuron) {
    const int16_t *weights = s->model_layer->weights + neuron * s->layer->inputs;
    int64_t sum = s->model_layer->biases[neuron];
    for (size_t i = 0; i < s->layer->inputs; i++) {
        sum += weights[i] * s->input_values[i].integer;
    }
    return sum;
}

static double strength_of(const step *s, size_t neuron) {
    return tnn_strength(&s->shape->neuron[neuron], s->budget->unit_fraction);
}

static double position_variance(const step *s, size_t neuron) {
    const tnn_neuron_shape *shape = &s->shape->neuron[neuron];
    const int32_t strength = tnn_strength(shape, s->budget->unit_fraction);
    return square(2.0 * s->N) * tnn_position_variance(s->budget, shape, strength);
}

static double value_variance(const step *s, size_t output) {
    const tnn_params *params = s->all->keys->params;
    const double deviations = s->all->keys->deviations;
    return s->layer->tables_per_neuron == 1 ? tnn_variance_blind_rotation_of_key(params, deviations)
                                            : tnn_variance_steps(params, &s->layer->steps[output]);
}

/* ------------------------------------------------------------------------------------------------------- cells -- */

static int64_t cell_of_accumulator(const step *s, size_t neuron, int64_t sum) {
    const int64_t low = s->model_layer->ranges[2 * neuron];
    const int64_t width = tnn_layer_range_width(s->model_layer, neuron);
    const int64_t inside = sum < low ? 0 : sum >= low + width ? width - 1 : sum - low;
    return inside * s->layer->table_cells / width;
}

/* Position p stands for accumulator middle + (p - (N - 1) / 2) / slope (circuit.h). */
static int64_t cell_of_position(const step *s, size_t neuron, int64_t position) {
    const double slope = 2.0 * s->N * strength_of(s, neuron) * s->budget->unit_fraction;
    const int32_t *range = s->model_layer->ranges + 2 * neuron;
    const double middle = 0.5 * ((double)range[0] + range[1]);
    return cell_of_accumulator(s, neuron, llround(middle + ((double)position - (s->N - 1) / 2.0) / slope));
}

/* The lowest position whose cell is `cell` or above. */
static int64_t start_of_cell(const step *s, size_t neuron, int64_t cell) {
    int64_t below = -(int64_t)s->N / 2 - 1;
    int64_t above = 3 * (int64_t)s->N / 2;
    while (above - below > 1) {
        int64_t middle = below + (above - below) / 2;
        if (cell_of_position(s, neuron, middle) >= cell) {
            above = middle;
        } else {
            below = middle;
        }
    }
    return above;
}

/* P(a standard Gaussian exceeds x). */
static double gaussian_above(double x) {
    return erfc(x / sqrt(2)) / 2;
}

/* The probability that a lookup around a real position reads another cell. The position's variance counts the rounding
 * of the body, 1/12: it is what makes the Gaussian part an integer. */
static double cell_failure(const step *s, size_t neuron, int64_t cell, double position) {
    const double deviation = sqrt(position_variance(s, neuron) - 1.0 / 12);
    const double low = (double)start_of_cell(s, neuron, cell) - 0.5;
    const double high = (double)start_of_cell(s, neuron, cell + 1) - 0.5;
    return gaussian_above((position - low) / deviation) + gaussian_above((high - position) / deviation);
}

static void add_lookup(const step *s, size_t neuron, double position, int64_t read) {
    const int64_t cell = cell_of_accumulator(s, neuron, accumulator(s, neuron));
    const double failure = cell_failure(s, neuron, cell, position);
    s->noise->off_by_one += cell_of_position(s, neuron, read) != cell;
    s->noise->predicted_off_by_one += failure;
    s->noise->off_by_one_variance += failure * (1 - failure);
    s->noise->largest_cell_failure = fmax(s->noise->largest_cell_failure, failure);
}

/* ----------------------------------------------------------------------------------------------- entries read -- */

/* g at a position below N, from its steps: they begin at -g[N - 1], so that all of them sum up to 2 g[N - 1]. */
static int32_t entry_of_steps(const tnn_step_table *table, uint32_t position) {
    int32_t all = 0;
    int32_t up_to_here = 0;
    for (size_t i = 0; i < table->count; i++) {
        all += table->steps[i];
        up_to_here += table->positions[i] <= position ? table->steps[i] : 0;
    }
    return up_to_here - all / 2;
}

static uint32_t entry_below_N(const step *s, size_t output, uint32_t position) {
    if (s->layer->tables_per_neuron == 1) {
        return s->layer->tests[output * s->N + position];
    }
    return (s->layer->output_unit / 2) * (uint32_t)entry_of_steps(&s->layer->steps[output], position);
}

static step_value entry_read(const step *s, size_t neuron, size_t table, uint32_t position) {
    const size_t output = neuron * s->layer->tables_per_neuron + table;
    const uint32_t entry = entry_below_N(s, output, position % s->N);
    const uint32_t message = position < s->N ? entry : 0 - entry;
    const int32_t doubled = (int32_t)message / (int32_t)(s->layer->output_unit / 2);
    return (step_value){message, (doubled + tnn_table_doubled_centre(s->model_layer, neuron, table)) / 2};
}

/* ------------------------------------------------------------------------------------------------- one layer -- */

/* The phase of a neuron: small LWE [n + 1]. */
static tnn_status weigh(const step *s, uint32_t *small, size_t neuron) {
    const int16_t *weights = s->layer->weights + neuron * s->layer->inputs;
    tnn_status status = TNN_OK;
    if (s->first_layer) {
        tnn_packed_dot(s->scratch->pixels, small, weights);
    } else {
        tnn_lwe_dot(s->all->keys->params, s->scratch->sum, s->inputs, weights, s->layer->inputs);
        status = tnn_key_switch(s->all->keys->server, small, s->scratch->sum);
    }
    small[small_words(s->all) - 1] += s->layer->offsets[neuron];
    return status;
}

static void inspect_input(const step *s, const uint32_t *small, size_t neuron) {
    const key_set *keys = s->all->keys;
    tnn_modulus_switch(keys->params, s->scratch->positions, small);
    const uint32_t position = position_phase(keys->params, keys->secret, s->scratch->positions);
    const double expected = expected_position(s, neuron);
    add_error(&s->noise->positions, remainder(position - expected, 2.0 * s->N), position_variance(s, neuron));
    add_lookup(s, neuron, expected, (int64_t)unfold(s, position));
    for (size_t m = 0; m < s->layer->tables_per_neuron; m++) {
        s->output_values[neuron * s->layer->tables_per_neuron + m] = entry_read(s, neuron, m, position);
    }
}

static void look_up(const step *s) {
    const key_set *keys = s->all->keys;
    const tnn_layer_circuit *layer = s->layer;
    const uint32_t *tests[MOST_NEURONS];
    const tnn_step_table *steps[MOST_NEURONS];
    if (layer->tables_per_neuron == 1) {
        for (size_t j = 0; j < layer->neurons; j++) {
            tests[j] = layer->tests + j * s->N;
        }
        tnn_bootstrap(keys->server, s->scratch->workspace, s->outputs, s->scratch->small, tests, layer->neurons);
        return;
    }
    for (size_t j = 0; j < layer->neurons; j++) {
        steps[j] = layer->steps + j * layer->tables_per_neuron;
    }
    tnn_bootstrap_many(keys->server, s->scratch->workspace, s->outputs, s->scratch->small, steps,
                       layer->tables_per_neuron, layer->output_unit / 2, layer->neurons);
}

static void inspect_outputs(const step *s) {
    const key_set *keys = s->all->keys;
    for (size_t i = 0; i < tnn_layer_outputs(s->model_layer); i++) {
        uint32_t phase = tnn_lwe_phase(keys->secret, TNN_KEY_BIG, s->outputs + i * big_words(s->all));
        add_error(&s->noise->values, torus_difference(phase, s->output_values[i].message), value_variance(s, i));
    }
}

static tnn_status run_layer(const step *s) {
    for (size_t j = 0; j < s->layer->neurons; j++) {
        uint32_t *small = s->scratch->small + j * small_words(s->all);
        tnn_status status = weigh(s, small, j);
        if (status != TNN_OK) {
            return status;
        }
        inspect_input(s, small, j);
    }
    look_up(s);
    inspect_outputs(s);
    return TNN_OK;
}

/* ------------------------------------------------------------------------------------------------- one image -- */

static step layer_step(const stepwise *s, step_scratch *scratch, step_image *image, uint32_t index) {
    const size_t in = index % 2;
    return (step){.all = s,
                  .model_layer = &s->model->layers[index],
                  .layer = &s->circuit->layers[index],
                  .budget = &s->circuit->budget.layers[index],
                  .shape = &s->shape->layers[index],
                  .scratch = scratch,
                  .first_layer = index == 0,
                  .N = tnn_params_positions(s->keys->params),
                  .inputs = scratch->ciphertext[in],
                  .outputs = scratch->ciphertext[1 - in],
                  .input_values = scratch->value[in],
                  .output_values = scratch->value[1 - in],
                  .noise = &image->noise[index]};
}

static void set_pixels(const stepwise *s, step_value *values, const uint8_t *pixels) {
    const uint32_t unit = s->circuit->spec.input_unit << (32 - s->keys->params->literal.input_bits);
    for (size_t i = 0; i < tnn_model_pixels(s->model); i++) {
        const uint32_t level = s->model->input_map[pixels[i]];
        values[i] = (step_value){level * unit, (int32_t)level};
    }
}

static void run_image(void *context, unsigned worker, size_t task) {
    const stepwise *s = context;
    step_scratch *scratch = &s->scratch[worker];
    step_image *image = &s->images[task];
    set_pixels(s, scratch->value[0], image->pixels);
    image->status = tnn_packed_expand(scratch->pixels, image->packed);
    for (uint32_t i = 0; image->status == TNN_OK && i + 1 < s->circuit->layer_count; i++) {
        const step layer = layer_step(s, scratch, image, i);
        image->status = run_layer(&layer);
    }
}

static step_image new_image(const stepwise *s) {
    const size_t pixels = tnn_model_pixels(s->model);
    uint32_t *messages = new_array(pixels, sizeof *messages);
    step_image image = {.pixels = random_image(s->model),
                        .noise = new_array(s->circuit->layer_count, sizeof *image.noise)};
    tnn_encode_image(&s->circuit->spec, messages, image.pixels);
    assert_ok(tnn_packed_encrypt(s->keys->secret, &image.packed, messages, pixels));
    tnn_free(messages);
    return image;
}

static void free_image(step_image *image) {
    tnn_packed_free(image->packed);
    tnn_free(image->pixels);
    tnn_free(image->noise);
}

/* ------------------------------------------------------------------------------------------------ all images -- */

static step_scratch new_scratch(const stepwise *s) {
    const size_t widest = tnn_model_widest(s->model);
    step_scratch scratch = {0};
    assert_ok(tnn_workspace_create(&scratch.workspace, s->keys->params, MOST_NEURONS));
    assert_ok(tnn_packed_masks_create(&scratch.pixels, s->keys->params, tnn_model_pixels(s->model)));
    scratch.small = new_array(widest, small_words(s) * sizeof *scratch.small);
    scratch.positions = new_array(small_words(s), sizeof *scratch.positions);
    scratch.sum = new_array(big_words(s), sizeof *scratch.sum);
    for (int half = 0; half < 2; half++) {
        scratch.ciphertext[half] = new_array(widest, big_words(s) * sizeof(uint32_t));
        scratch.value[half] = new_array(widest, sizeof(step_value));
    }
    return scratch;
}

static void free_scratch(step_scratch *scratch) {
    for (int half = 0; half < 2; half++) {
        tnn_free(scratch->ciphertext[half]);
        tnn_free(scratch->value[half]);
    }
    tnn_free(scratch->sum);
    tnn_free(scratch->positions);
    tnn_free(scratch->small);
    tnn_packed_masks_free(scratch->pixels);
    tnn_workspace_free(scratch->workspace);
}

static void merge_noise(step_noise *sum, const step_noise *image) {
    sum->count += image->count;
    sum->squares += image->squares;
    sum->predicted += image->predicted;
    sum->ratios += image->ratios;
    tally_add(&sum->images, image->ratios / (double)image->count);
}

static void merge_layer(layer_noise *sum, const layer_noise *image) {
    merge_noise(&sum->positions, &image->positions);
    merge_noise(&sum->values, &image->values);
    sum->off_by_one += image->off_by_one;
    sum->predicted_off_by_one += image->predicted_off_by_one;
    sum->off_by_one_variance += image->off_by_one_variance;
    sum->largest_cell_failure = fmax(sum->largest_cell_failure, image->largest_cell_failure);
}

static void merge_image(layer_noise *noise, const stepwise *s, const step_image *image) {
    assert_ok(image->status);
    for (uint32_t i = 0; i + 1 < s->circuit->layer_count; i++) {
        merge_layer(&noise[i], &image->noise[i]);
    }
}

void measure_stepwise(layer_noise *noise, const tnn_circuit *circuit, const tnn_model *model, const key_set *keys,
                      tnn_pool *pool, size_t images) {
    const unsigned threads = tnn_pool_threads(pool);
    assert_true(circuit->layers[0].neurons <= MOST_NEURONS && !circuit->whole_torus);
    stepwise s = {.circuit = circuit, .model = model, .keys = keys};
    s.shape = shape_of(model);
    s.scratch = new_array(threads, sizeof *s.scratch);
    s.images = new_array(images, sizeof *s.images);
    for (unsigned i = 0; i < threads; i++) {
        s.scratch[i] = new_scratch(&s);
    }
    for (size_t i = 0; i < images; i++) {
        s.images[i] = new_image(&s);
    }
    tnn_pool_run(pool, run_image, &s, images);
    for (size_t i = 0; i < images; i++) {
        merge_image(noise, &s, &s.images[i]);
        free_image(&s.images[i]);
    }
    for (unsigned i = 0; i < threads; i++) {
        free_scratch(&s.scratch[i]);
    }
    tnn_free(s.images);
    tnn_free(s.scratch);
    tnn_shape_free(s.shape);
}
