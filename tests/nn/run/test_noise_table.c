/*
 * Noise of every table input and output of a range of circuits, and how often a lookup reads the cell beside its own:
 * measured against what the circuits say. Minutes. With `--markdown FILE` the program also writes docs/NOISE.md.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compiler.h"
#include "draw.h"
#include "lower.h"
#include "memory.h"
#include "networks.h"
#include "noise.h"
#include "stepwise.h"
#include "testing.h"

#define THREADS 2u
#define MOST_LAYERS 5u
#define LOG2_LOOKUP_ERROR (-40.0)

/* Two-sided 99 %. */
#define INTERVAL_DEVIATIONS 2.576
#define INTERVAL_TAIL 0.005

/* A number of lookups this small is held against Poisson's distribution: a Gaussian would be too narrow. */
#define SMALL_NUMBER 50.0

/* One round resolves a ratio to 3 or 4 %. Where one is more than VARIANCE_TOLERANCE off, new keys and images join those
 * seen so far: after the last round a true ratio of 1 is off by chance less than once in 10^6. */
#define ROUNDS 4

/* Deviations that a true count may lie off before the test fails: 6e-7, over all rows less than 1e-4. */
#define COUNT_DEVIATIONS 5.0

/* The network, the parameters it is compiled under (neither of the two: found by the search, exact), how many images of
 * it each of some keys sees, and how many standard deviations those keys lie off the average. */
typedef struct table_circuit {
    const char *name;
    network_shape network;
    const char *shipped;
    const tnn_params_literal *literal;
    size_t keys;
    size_t images;
    double deviations;
} table_circuit;

static const tnn_params_literal TWO_LAYERS_512 = {.n = 800,
                                                  .input_N = 32,
                                                  .input_bits = 32,
                                                  .lwe_log2_sigma = -17.28,
                                                  .k = 3,
                                                  .N = 512,
                                                  .glwe_log2_sigma = -35.79,
                                                  .bs_base_log = 17,
                                                  .bs_levels = 1,
                                                  .ks_base_log = 2,
                                                  .ks_levels = 7,
                                                  .shared_prefix = true};

static const tnn_params_literal TWO_LAYERS_1024 = {.n = 800,
                                                   .input_N = 32,
                                                   .input_bits = 32,
                                                   .lwe_log2_sigma = -17.28,
                                                   .k = 2,
                                                   .N = 1024,
                                                   .glwe_log2_sigma = -46.0,
                                                   .bs_base_log = 22,
                                                   .bs_levels = 1,
                                                   .ks_base_log = 2,
                                                   .ks_levels = 7,
                                                   .shared_prefix = true};

/* A gadget so wide that the rounding of transforms outweighs its own: several tables see what they share of it. */
static const tnn_params_literal WIDE_GADGET = {.n = 672,
                                               .input_N = 32,
                                               .input_bits = 16,
                                               .lwe_log2_sigma = -14.0,
                                               .k = 1,
                                               .N = 2048,
                                               .glwe_log2_sigma = -46.0,
                                               .bs_base_log = 23,
                                               .bs_levels = 1};

static const tnn_params_literal WIDE_GADGET_QUAD = {.n = 672,
                                                    .input_N = 32,
                                                    .input_bits = 16,
                                                    .lwe_log2_sigma = -14.0,
                                                    .k = 2,
                                                    .N = 2048,
                                                    .glwe_log2_sigma = -46.0,
                                                    .bs_base_log = 23,
                                                    .bs_levels = 1};

/* Ramps over ranges that hold every accumulator. */
#define TOLERANT(layer_count, table_count)                                                                             \
    {                                                                                                                  \
        .height = 8, .width = 8, .channels = 1, .input_levels = 8, .table_layers = (layer_count), .neurons = 16,       \
        .tables_per_neuron = (table_count), .table_cells = 16, .outputs = 2, .weight_magnitude = 3,                    \
        .table_magnitude = 7, .tables = TABLES_RAMP                                                                    \
    }

/* Few accumulators, so that each can have its own entry. */
#define EXACT(layer_count)                                                                                             \
    {                                                                                                                  \
        .height = 4, .width = 4, .channels = 1, .input_levels = 2, .table_layers = (layer_count), .neurons = 8,        \
        .tables_per_neuron = 1, .table_cells = 8, .outputs = 2, .weight_magnitude = 1, .table_magnitude = 1,           \
        .tables = TABLES_RAMP                                                                                          \
    }

static const table_circuit CIRCUITS[] = {
    {"one layer, fast", TOLERANT(1, 1), "fast", NULL, 3, 64, 0},
    {"one layer, accurate", TOLERANT(1, 1), "accurate", NULL, 3, 64, 0},
    {"one layer, fine", TOLERANT(1, 1), "fine", NULL, 3, 64, 0},
    {"one layer, deep-fine", TOLERANT(1, 1), "deep-fine", NULL, 2, 60, 0},
    {"one layer, 3 tables a neuron", TOLERANT(1, 3), "fast", NULL, 3, 64, 0},
    {"one layer, 3 tables a neuron, Bg = 2^23", TOLERANT(1, 3), NULL, &WIDE_GADGET, 3, 64, 0},
    {"one layer, 3 tables a neuron, Bg = 2^23", TOLERANT(1, 3), NULL, &WIDE_GADGET_QUAD, 3, 64, 0},
    {"two layers, N = 512", TOLERANT(2, 1), NULL, &TWO_LAYERS_512, 6, 32, 0},
    {"two layers, N = 1024", TOLERANT(2, 1), NULL, &TWO_LAYERS_1024, 6, 32, 0},
    {"two layers, 3 tables a neuron", TOLERANT(2, 3), NULL, &TWO_LAYERS_1024, 6, 32, 0},
    {"three layers, deep", TOLERANT(3, 1), "deep", NULL, 8, 24, 0},
    {"five layers, deep", TOLERANT(5, 1), "deep", NULL, 8, 24, 0},
    {"five layers, deep-fine", TOLERANT(5, 1), "deep-fine", NULL, 2, 50, 0},
    {"one layer", EXACT(1), NULL, NULL, 6, 64, 0},
    {"two layers", EXACT(2), NULL, NULL, 6, 64, 0},
    {"three layers", EXACT(3), NULL, NULL, 6, 64, 0},
    {"three layers, worst of 2^20 keys", EXACT(3), NULL, NULL, 6, 64, TNN_WORST_KEY},
};

/* A circuit and what was seen in it. */
typedef struct measured_circuit {
    const table_circuit *plan;
    tnn_model *model;
    tnn_circuit *circuit;
    layer_noise noise[MOST_LAYERS];
} measured_circuit;

static bool is_exact(const table_circuit *plan) {
    return !plan->shipped && !plan->literal;
}

static tnn_circuit *compile_exact(const tnn_model *model) {
    const tnn_requirement requirement = {
        .security = TNN_SECURITY_128_MARGIN, .exact = true, .log2_lookup_error = LOG2_LOOKUP_ERROR};
    tnn_circuit *circuit;
    tnn_shortfall shortfall;
    assert_ok(tnn_circuit_compile(&circuit, &shortfall, model, &requirement));
    return circuit;
}

static tnn_circuit *compile_tolerant(const tnn_model *model, const table_circuit *plan) {
    tnn_circuit *circuit;
    tnn_params *params = plan->shipped ? shipped_params(plan->shipped) : params_of(plan->literal);
    assert_ok(tnn_circuit_compile_with(&circuit, model, params, false));
    tnn_params_free(params);
    return circuit;
}

static void measure_round(measured_circuit *m, tnn_pool *pool) {
    for (size_t i = 0; i < m->plan->keys; i++) {
        key_set keys;
        make_keys_off(&keys, params_of(&m->circuit->spec.params.literal), m->plan->deviations, 1);
        measure_stepwise(m->noise, m->circuit, m->model, &keys, pool, m->plan->images);
        free_keys(&keys);
    }
}

static void free_measured(measured_circuit *m) {
    tnn_circuit_free(m->circuit);
    tnn_model_free(m->model);
}

/* ----------------------------------------------------------------------------------------------------- the test -- */

/* Of the variances. */
static double noise_ratio(const step_noise *noise) {
    return noise->ratios / (double)noise->count;
}

static bool count_is_plausible(const layer_noise *layer) {
    const double expected = layer->predicted_off_by_one;
    if (expected < SMALL_NUMBER) {
        return poisson_plausible(layer->off_by_one, expected);
    }
    return fabs((double)layer->off_by_one - expected) <= COUNT_DEVIATIONS * sqrt(layer->off_by_one_variance);
}

/* Of the noise that several tables of a neuron hand on, circuits state an upper bound; exact ones state that of the
 * worst of 2^20 keys. */
static bool inputs_are_bounded(const measured_circuit *m, uint32_t index) {
    const bool of_worst_key = is_exact(m->plan) && m->plan->deviations < TNN_WORST_KEY;
    return index > 0 && (m->plan->network.tables_per_neuron > 1 || of_worst_key);
}

static bool inputs_agree(const measured_circuit *m, uint32_t index) {
    const layer_noise *layer = &m->noise[index];
    const double excess = noise_ratio(&layer->positions) - 1;
    if (inputs_are_bounded(m, index)) {
        const double most = layer->predicted_off_by_one + COUNT_DEVIATIONS * sqrt(layer->off_by_one_variance);
        return excess <= VARIANCE_TOLERANCE && (double)layer->off_by_one <= most;
    }
    return fabs(excess) <= VARIANCE_TOLERANCE && count_is_plausible(layer);
}

static void print_layer(const measured_circuit *m, uint32_t index) {
    const layer_noise *layer = &m->noise[index];
    print_message("%s, layer %u: inputs %.3f +- %.3f, outputs %.3f +- %.3f, other cell %zu of %zu, predicted %.1f\n",
                  m->plan->name, index + 1, noise_ratio(&layer->positions),
                  tally_standard_error(&layer->positions.images), noise_ratio(&layer->values),
                  tally_standard_error(&layer->values.images), layer->off_by_one, layer->positions.count,
                  layer->predicted_off_by_one);
}

static bool layer_agrees(const measured_circuit *m, uint32_t index) {
    const layer_noise *layer = &m->noise[index];
    const bool exact_holds =
        !is_exact(m->plan) || (layer->off_by_one == 0 && layer->largest_cell_failure <= exp2(LOG2_LOOKUP_ERROR));
    return inputs_agree(m, index) && fabs(noise_ratio(&layer->values) - 1) <= VARIANCE_TOLERANCE && exact_holds;
}

static bool circuit_agrees(const measured_circuit *m) {
    bool agrees = true;
    for (uint32_t i = 0; i < m->plan->network.table_layers; i++) {
        print_layer(m, i);
        agrees = layer_agrees(m, i) && agrees;
    }
    return agrees;
}

static bool measure_circuit(measured_circuit *m, tnn_pool *pool) {
    m->model = random_network(&m->plan->network);
    m->circuit = is_exact(m->plan) ? compile_exact(m->model) : compile_tolerant(m->model, m->plan);
    bool agrees = false;
    for (int round = 0; round < ROUNDS && !agrees; round++) {
        measure_round(m, pool);
        agrees = circuit_agrees(m);
    }
    return agrees;
}

/* ---------------------------------------------------------------------------------------------------- the table -- */

/* The smallest count that a Poisson variable stays at or below with this probability. */
static size_t poisson_quantile(double expected, double probability) {
    double term = exp(-expected);
    double sum = term;
    size_t count = 0;
    while (sum < probability) {
        count++;
        term *= expected / (double)count;
        sum += term;
    }
    return count;
}

typedef struct count_interval {
    double low;
    double high;
} count_interval;

/* Where 99 % of counts lie. */
static count_interval predicted_counts(const layer_noise *layer) {
    const double expected = layer->predicted_off_by_one;
    const double reach = INTERVAL_DEVIATIONS * sqrt(layer->off_by_one_variance);
    if (expected >= SMALL_NUMBER) {
        return (count_interval){expected - reach, expected + reach};
    }
    return (count_interval){(double)poisson_quantile(expected, INTERVAL_TAIL),
                            (double)poisson_quantile(expected, 1 - INTERVAL_TAIL)};
}

static bool is_inside(const layer_noise *layer) {
    const count_interval counts = predicted_counts(layer);
    return counts.low <= (double)layer->off_by_one && (double)layer->off_by_one <= counts.high;
}

/* log2 of the root of a mean square. */
static double log2_root(double sum, size_t count) {
    return log2(sum / (double)count) / 2;
}

static void write_positions(FILE *file, const step_noise *noise) {
    const double count = (double)noise->count;
    fprintf(file, " %.2f | %.2f | %.3f ± %.3f |", sqrt(noise->predicted / count), sqrt(noise->squares / count),
            noise_ratio(noise), tally_standard_error(&noise->images));
}

static void write_values(FILE *file, const step_noise *noise) {
    fprintf(file, " %.2f | %.2f | %.3f ± %.3f |", log2_root(noise->predicted, noise->count),
            log2_root(noise->squares, noise->count), noise_ratio(noise), tally_standard_error(&noise->images));
}

static void write_off_by_one(FILE *file, const measured_circuit *m, uint32_t index) {
    const layer_noise *layer = &m->noise[index];
    const double lookups = (double)layer->positions.count;
    const count_interval counts = predicted_counts(layer);
    const char *verdict = inputs_are_bounded(m, index) ? "a bound" : is_inside(layer) ? "yes" : "no";
    fprintf(file, " %.3g | %.3g to %.3g | %.3g | %s |\n", layer->predicted_off_by_one / lookups, counts.low / lookups,
            counts.high / lookups, (double)layer->off_by_one / lookups, verdict);
}

static void write_layer(FILE *file, const measured_circuit *m, uint32_t index) {
    const tnn_params_literal *p = &m->circuit->spec.params.literal;
    const layer_noise *layer = &m->noise[index];
    fprintf(file, "| %s | %s | %u, %u, %u | %u | %zu |", m->plan->name, is_exact(m->plan) ? "exact" : "tolerant", p->n,
            p->k, p->N, index + 1, layer->positions.count);
    write_positions(file, &layer->positions);
    write_values(file, &layer->values);
    write_off_by_one(file, m, index);
}

static const char INTRODUCTION[] =
    "# Noise: predicted and measured\n"
    "\n"
    "`build/release/tests/test_noise_table --markdown docs/NOISE.md` makes this page: it draws networks and keys, "
    "evaluates\nrandom images one operation at a time and decrypts every table input and output "
    "(tests/support/stepwise.h).\n"
    "\n"
    "- **Position noise** is the standard deviation of the position at which a table is read, in positions (a table "
    "has N),\n  around the position that the entries read in the layer before lead to.\n"
    "- **Value noise** is the standard deviation of what comes out, log2 of a fraction of the torus, around the entry "
    "that\n  was read.\n"
    "- **Ratios** are of variances, measured over predicted, averaged over neurons and images, with their "
    "standard error.\n"
    "- **Other cell** is the share of lookups that read another cell of the table than the accumulator of their own "
    "inputs\n  belongs to. 99 % of measured shares lie in the interval if the prediction is right; of many rows about "
    "one in a\n  hundred lies outside.\n"
    "\n"
    "Where neurons have several tables, their noises are correlated in ways that depend on the parameters, and what "
    "circuits\nstate of the next layer's positions is an upper bound.\n"
    "\n"
    "Exact circuits are compiled for at most 2^-40 a lookup, and state what all but one key in 2^20 keep: a bound for "
    "the\nfirst keys below, the value itself for keys of that Hamming weight. Networks are random, so each run has "
    "other numbers. A "
    "circuit\nwith a ratio more than 10 % off gets more keys and images, up to four times as many: all of them "
    "count.\n"
    "\n"
    "| circuit | contract | n, k, N | layer | lookups | position noise predicted | measured | ratio "
    "| value noise predicted | measured | ratio | other cell predicted | 99 % interval | measured | inside |\n"
    "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n";

static void write_page(const char *name, const measured_circuit *measured) {
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(INTRODUCTION, file);
    for (size_t i = 0; i < COUNT_OF(CIRCUITS); i++) {
        for (uint32_t layer = 0; layer < CIRCUITS[i].network.table_layers; layer++) {
            write_layer(file, &measured[i], layer);
        }
    }
    assert_int_equal(fclose(file), 0);
}

/* ----------------------------------------------------------------------------------------------------- program -- */

/* *state: the name of the page to write, or NULL. */
static void circuits_have_the_noise_they_state(void **state) {
    static measured_circuit measured[COUNT_OF(CIRCUITS)];
    tnn_pool *pool;
    bool agree = true;
    assert_ok(tnn_pool_create(&pool, THREADS));
    for (size_t i = 0; i < COUNT_OF(CIRCUITS); i++) {
        measured[i].plan = &CIRCUITS[i];
        agree = measure_circuit(&measured[i], pool) && agree;
    }
    if (*state) {
        write_page(*state, measured);
    }
    for (size_t i = 0; i < COUNT_OF(CIRCUITS); i++) {
        free_measured(&measured[i]);
    }
    tnn_pool_free(pool);
    assert_true(agree);
}

int main(int argc, char **argv) {
    char *page = argc == 3 && strcmp(argv[1], "--markdown") == 0 ? argv[2] : NULL;
    if (argc != 1 && !page) {
        fprintf(stderr, "usage: %s [--markdown FILE]\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(circuits_have_the_noise_they_state, page)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
