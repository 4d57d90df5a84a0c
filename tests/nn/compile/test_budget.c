#include "budget.h"

#include <math.h>

#include "circuits.h"
#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "networks.h"
#include "noise.h"
#include "statistics.h"
#include "testing.h"

static bool close_to(double value, double expected) {
    return fabs(value - expected) <= 1e-9 * fabs(expected);
}

/* A budget of a random network, with what it was made from. */
typedef struct plan {
    tnn_model *model;
    tnn_shape *shape;
    tnn_params *params;
    tnn_budget budget;
} plan;

static plan plan_of(tnn_model *model, const char *shipped, bool is_exact) {
    plan p = {.model = model, .shape = shape_of(model), .params = shipped_params(shipped)};
    uint32_t failed_layer;
    p.budget.layers = new_array(model->layer_count, sizeof *p.budget.layers);
    assert_ok(tnn_budget_fill(&p.budget, &failed_layer, p.shape, p.params, is_exact, NULL));
    return p;
}

static void free_plan(plan *p) {
    tnn_free(p->budget.layers);
    tnn_params_free(p->params);
    tnn_shape_free(p->shape);
    tnn_model_free(p->model);
}

static plan random_plan(bool is_exact) {
    const char *const shallow[] = {"fast", "accurate", "fine"};
    const char *const deep[] = {"deep", "deep-fine"};
    network_shape shape = small_shape();
    shape.table_layers = 1 + draw_below(3);
    shape.tables_per_neuron = 1 + draw_below(2);
    shape.weight_magnitude = 1 + draw_below(10);
    const char *set = shape.table_layers > 1 ? deep[draw_below(2)] : shallow[draw_below(3)];
    return plan_of(random_network(&shape), set, is_exact);
}

/* --------------------------------------------------------------------------------------------- units and strengths --
 */

static void strength_is_the_largest_that_fits(void **state) {
    (void)state;
    for (int round = 0; round < 10000; round++) {
        const tnn_neuron_shape neuron = {.half_width = 1 + draw_below(5000),
                                         .largest_weight = (int32_t)(1 + draw_below(128))};
        const double unit = (1 + draw_below(1000)) * 1e-3 * 0.5 / neuron.half_width;
        const int32_t strength = tnn_strength(&neuron, unit);
        assert_true(strength >= 1);
        assert_true(strength * neuron.largest_weight <= INT16_MAX);
        assert_true(strength * unit * neuron.half_width <= 0.5 * (1 + 1e-12));
        assert_true((strength + 1) * unit * neuron.half_width > 0.5 * (1 - 1e-12) ||
                    (strength + 1) * neuron.largest_weight > INT16_MAX);
    }
}

/* Units that a spec names have 3 significant bits. */
static void check_unit(const plan *p, uint32_t index) {
    const tnn_layer_budget *layer = &p->budget.layers[index];
    const tnn_layer_shape *shape = &p->shape->layers[index];
    const double smallest = index == 0 ? exp2(-(double)p->params->literal.input_bits) : 0x1p-32;
    assert_true(layer->unit >= 1);
    assert_true(layer->unit_fraction == layer->unit * smallest);
    assert_true(layer->unit_fraction * shape->widest <= (shape->tables_per_neuron ? 0.5 : 0.45));
    assert_true(index == 0 ? layer->unit_fraction * p->shape->input_levels <= 0.5 : layer->unit % 4 == 0);
    assert_true((index > 0 && shape->tables_per_neuron) || layer->unit >> (__builtin_ctz(layer->unit) + 3) == 0);
}

static void units_keep_ranges_pixels_and_logits_on_the_torus(void **state) {
    (void)state;
    for (int round = 0; round < 60; round++) {
        plan p = random_plan(round % 2);
        for (uint32_t i = 0; i < p.shape->layer_count; i++) {
            check_unit(&p, i);
        }
        free_plan(&p);
    }
}

/* A range of 2^32 accumulators leaves no unit. */
static void layer_without_a_unit_is_named(void **state) {
    (void)state;
    for (uint32_t index = 0; index < 2; index++) {
        network_shape drawn = small_shape();
        drawn.table_layers = 2;
        plan p = plan_of(random_network(&drawn), "deep", false);
        p.shape->layers[index].widest = 0x1p32;
        uint32_t failed_layer = 99;
        assert_status(TNN_ERR_UNSATISFIABLE, tnn_budget_fill(&p.budget, &failed_layer, p.shape, p.params, false, NULL));
        assert_int_equal(failed_layer, index);
        free_plan(&p);
    }
}

/* ------------------------------------------------------------------------------------------------------- formulas --
 */

/* Variances of the core's operations, written down once more from the papers. */
typedef struct variances {
    double pixel, position, key_switch, rotation, wire;
    double common; /* part of `rotation` that its coefficients share */
} variances;

static double uniform(double step) {
    return step * step / 12;
}

static double digit_square(double base) {
    return (base * base + 2) / 12;
}

/* The reference server rounds coarsely in ranks 2 and 3. */
static uint32_t planned_coarse_bits(const tnn_params *params) {
    return params->literal.k == 2 || params->literal.k == 3 ? tnn_coarse_bits(params) : 0;
}

/* Of a coefficient, in one product. */
static double transforms_variance(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    const double rows = (p->k + 1.0) * p->bs_levels * p->N;
    return 1.1 * log2(p->N) * rows * digit_square(exp2(p->bs_base_log)) / 12 * 0x1p-106;
}

/* Ones of a key of `bits`, some deviations above half. */
static double key_ones(double bits, double deviations) {
    return (bits + deviations * sqrt(bits)) / 2;
}

/* The unit that accumulators count in. */
static double word_unit(const tnn_params *params) {
    return exp2(planned_coarse_bits(params) - 32.0);
}

/* The square of what a gadget drops of a word: rests from -h to h - u in steps of u. */
static double dropped_square(const tnn_params *params) {
    const double h = exp2(-(double)params->literal.bs_base_log * params->literal.bs_levels) / 2;
    return h * h / 3 + word_unit(params) * word_unit(params) / 6;
}

/* Of the k N coefficients whose rests reach one of the phase, those of its block meet s, the others s - 1/2. */
static double rotation_variance(const tnn_params *params, double deviations) {
    const tnn_params_literal *p = &params->literal;
    const double big = (double)p->k * p->N;
    const double ones = key_ones(big, deviations);
    const double digit = digit_square(exp2(p->bs_base_log));
    const double rows = (p->k + 1.0) * p->bs_levels * p->N;
    const double seen = 1 + (big - 16.0 * p->k) / 4 + 16.0 * p->k * ones / big;
    const double ties = (ones - big / 2) * (ones - big / 2) * uniform(word_unit(params));
    const double key = rows * digit * pow(4, p->glwe_log2_sigma) * (1 + deviations * sqrt(2 / (rows * p->n)));
    return key_ones(p->n, deviations) * (dropped_square(params) * seen + ties) +
           p->n * (key + (transforms_variance(params) + uniform(word_unit(params))) * (1 + ones));
}

/* What all coefficients of a rotation share: S has a mean, S - 1/2 only where ones and zeros are not as many. */
static double common_variance(const tnn_params *params, double deviations) {
    const tnn_params_literal *p = &params->literal;
    const double big = (double)p->k * p->N;
    const double ones = key_ones(big, deviations);
    const double more = ones - big / 2;
    const double dropped = more * more * (dropped_square(params) / big + uniform(word_unit(params)));
    const double rounded = (uniform(word_unit(params)) + transforms_variance(params)) * ones * ones / big;
    return key_ones(p->n, deviations) * dropped + p->n * rounded;
}

/* Of a neuron's weighted inputs at strength 1. */
static double inputs_variance(const plan *p, uint32_t index, uint32_t neuron, const variances *v) {
    const tnn_neuron_shape *shape = &p->shape->layers[index].neuron[neuron];
    return index == 0 ? shape->power * v->pixel : shape->power * v->rotation + shape->common_power * v->common;
}

/* Of the average key, or in an exact contract of one that is 4.77 deviations off. */
static variances own_variances(const tnn_params *params, bool is_exact) {
    const tnn_params_literal *p = &params->literal;
    const double z = is_exact ? 4.77 : 0;
    const double big = (double)p->k * p->N;
    const double switched = p->ks_levels ? big - p->n : 0;
    const double errors = fmax(switched * p->ks_levels, 1);
    const double switching = pow(4, p->lwe_log2_sigma) * (1 + z * sqrt(2 / errors));
    return (variances){
        .pixel = pow(4, p->lwe_log2_sigma) + uniform(exp2(-(double)p->input_bits)),
        .position = (1 + p->n / 4.0) * uniform(0.5 / p->N),
        .key_switch = key_ones(switched, z) * uniform(exp2(-(double)p->ks_base_log * p->ks_levels)) +
                      switched * p->ks_levels * digit_square(exp2(p->ks_base_log)) * switching,
        .rotation = rotation_variance(params, z),
        .common = common_variance(params, z),
        .wire = (1 + key_ones(big, z)) * uniform(is_exact ? 0x1p-32 : 0x1p-16),
    };
}

static double neuron_strength(const plan *p, uint32_t index, uint32_t neuron) {
    const tnn_neuron_shape *shape = &p->shape->layers[index].neuron[neuron];
    double strength = 1;
    while ((strength + 1) * p->budget.layers[index].unit_fraction * shape->half_width <= 0.5 &&
           (strength + 1) * shape->largest_weight <= INT16_MAX) {
        strength++;
    }
    return strength;
}

/* Positions of a row of pixels: its words are multiples of a unit, ties are frequent, and where the unit is a position
 * no mask is rounded at all. */
static double row_position(const plan *p, uint32_t neuron, double strength) {
    const tnn_params_literal *literal = &p->params->literal;
    const double position = 0.5 / literal->N;
    double unit = exp2(-(double)literal->input_bits) * exp2(p->shape->layers[0].neuron[neuron].twos);
    for (; fmod(strength, 2) == 0; strength /= 2) {
        unit *= 2;
    }
    const double masks = literal->n / 4.0 * (uniform(position) + 2 * uniform(unit));
    return unit < position ? masks + uniform(position) + 2 * uniform(unit / 2) : 3 * uniform(position);
}

/* Standard deviation of a neuron's position, as a fraction of the torus. */
static double own_deviation(const plan *p, uint32_t index, uint32_t neuron) {
    const variances v = own_variances(p->params, p->budget.output_bits == 32);
    const double strength = neuron_strength(p, index, neuron);
    const double fixed = index == 0 ? row_position(p, neuron, strength) : v.position + v.key_switch;
    return sqrt(strength * strength * inputs_variance(p, index, neuron, &v) + fixed);
}

/* A cell of one accumulator is read from its middle, a wider one from anywhere. */
static double own_off_by_one(double accumulators_a_cell, double accumulator, double deviation) {
    return accumulators_a_cell < 1.5 ? erfc(accumulator / 2 / deviation / sqrt(2))
                                     : tnn_off_by_one_rate(accumulators_a_cell * accumulator, deviation);
}

static void check_table_layer(const plan *p, uint32_t index) {
    const tnn_layer_budget *layer = &p->budget.layers[index];
    const tnn_layer_shape *shape = &p->shape->layers[index];
    const double two_N = 2.0 * tnn_params_positions(p->params);
    double noise = 0;
    double lookup = -INFINITY;
    double errors = 0;
    double off_by_one = 0;
    for (uint32_t j = 0; j < shape->neurons; j++) {
        const double accumulator = neuron_strength(p, index, j) * layer->unit_fraction;
        const double deviation = own_deviation(p, index, j);
        const double half_cell = fmax(accumulator / 2 - 0.5 / two_N, 0);
        const double this_lookup = tnn_log2_gaussian_tail(half_cell, deviation);
        noise = fmax(noise, deviation / (accumulator * shape->neuron[j].width));
        lookup = fmax(lookup, this_lookup);
        errors += exp2(this_lookup);
        off_by_one += own_off_by_one(shape->neuron[j].width / shape->table_cells, accumulator, deviation);
    }
    assert_true(close_to(layer->worst_position_noise, noise));
    assert_true(close_to(layer->worst_lookup_log2, lookup));
    assert_true(close_to(layer->error_sum, errors));
    assert_true(close_to(layer->off_by_one_rate, off_by_one / shape->neurons));
    assert_true(layer->worst_neuron < shape->neurons);
    assert_true(close_to(layer->worst_deviation, two_N * own_deviation(p, index, layer->worst_neuron)));
}

static void check_logits(const plan *p, bool is_exact) {
    const uint32_t last = p->shape->layer_count - 1;
    const tnn_layer_budget *layer = &p->budget.layers[last];
    const variances v = own_variances(p->params, is_exact);
    double inputs = 0;
    for (uint32_t j = 0; j < p->shape->layers[last].neurons; j++) {
        inputs = fmax(inputs, inputs_variance(p, last, j, &v));
    }
    const double deviation = sqrt(inputs + v.wire);
    assert_int_equal(p->budget.output_bits, is_exact ? 32 : 16);
    assert_true(close_to(p->budget.logit_variance, deviation * deviation));
    assert_true(close_to(p->budget.logit_noise, deviation / layer->unit_fraction));
    assert_true(close_to(p->budget.logit_room_used, 13 * deviation / 0.8));
    const double share = fmax(0.2, fmin(0.9, 1 - 13 * deviation));
    const double used = 2 * p->shape->layers[last].widest * layer->unit_fraction;
    assert_true(used <= share && (used > 0.79 * share || layer->unit_fraction < 0x1p-26));
    if (is_exact) {
        const double half = fmin(0.5 * layer->unit_fraction, (1 - share) / 2);
        assert_true(close_to(layer->worst_lookup_log2, tnn_log2_gaussian_tail(half, deviation)));
    } else {
        assert_true(layer->worst_lookup_log2 == -INFINITY);
        assert_true(layer->error_sum == 0);
    }
}

static void budget_equals_formulas_written_down_again(void **state) {
    (void)state;
    for (int round = 0; round < 60; round++) {
        const bool is_exact = round % 2;
        plan p = random_plan(is_exact);
        for (uint32_t i = 0; i + 1 < p.shape->layer_count; i++) {
            check_table_layer(&p, i);
        }
        check_logits(&p, is_exact);
        free_plan(&p);
    }
}

/* Two pixels with weights 3 and -2, accumulators -14 to 21, one logit of weight 5: all by hand. */
static void tiny_network_has_the_noise_computed_by_hand(void **state) {
    (void)state;
    network_shape drawn = small_shape();
    drawn.height = 1;
    drawn.width = 2;
    drawn.neurons = drawn.outputs = 1;
    tnn_model *model = random_network(&drawn);
    model->layers[0].weights[0] = 3;
    model->layers[0].weights[1] = -2;
    model->layers[0].biases[0] = 0;
    model->layers[0].ranges[0] = -14;
    model->layers[0].ranges[1] = 21;
    model->layers[1].weights[0] = 5;
    plan p = plan_of(model, "fast", false);
    const tnn_layer_budget *layer = &p.budget.layers[0];
    /* fast: n = 672, 16-bit inputs of noise 2^-14, N = 512 */
    const double strength = floor(0.5 / (36 * layer->unit_fraction));
    const double pixel = 0x1p-28 + 0x1p-32 / 12;
    double unit = 0x1p-16;
    for (double odd = strength; fmod(odd, 2) == 0; odd /= 2) {
        unit *= 2;
    }
    const double positions = 168 * (0x1p-20 + 2 * unit * unit) / 12 + (0x1p-20 + unit * unit / 2) / 12;
    const double expected = sqrt(strength * strength * 13 * pixel + positions);
    assert_true(close_to(layer->worst_position_noise, expected / (strength * layer->unit_fraction * 36)));
    assert_true(close_to(p.budget.logit_variance, 25 * rotation_variance(p.params, 0) + 769 * 0x1p-32 / 12));
    free_plan(&p);
}

/* ------------------------------------------------------------------------------------------------------ contracts --
 */

/* The worst of a layer at a unit of another budget, counted as this plan's contract counts. */
static void worst_at(double *noise, double *lookup, const plan *p, uint32_t index, double unit_fraction) {
    const tnn_layer_shape *shape = &p->shape->layers[index];
    const double two_N = 2.0 * tnn_params_positions(p->params);
    const double own_fraction = p->budget.layers[index].unit_fraction;
    p->budget.layers[index].unit_fraction = unit_fraction;
    *noise = 0;
    *lookup = -INFINITY;
    for (uint32_t j = 0; j < shape->neurons; j++) {
        const double accumulator = neuron_strength(p, index, j) * unit_fraction;
        const double deviation = own_deviation(p, index, j);
        *noise = fmax(*noise, deviation / (accumulator * shape->neuron[j].width));
        *lookup = fmax(*lookup, tnn_log2_gaussian_tail(fmax(accumulator / 2 - 0.5 / two_N, 0), deviation));
    }
    p->budget.layers[index].unit_fraction = own_fraction;
}

/* Each contract picks its units by its own measure, from the same choice. */
static void check_choice(const plan *p, const plan *other, uint32_t index, bool is_exact) {
    const tnn_layer_budget *own = &p->budget.layers[index];
    double noise, lookup;
    worst_at(&noise, &lookup, p, index, other->budget.layers[index].unit_fraction);
    assert_true(is_exact ? own->worst_lookup_log2 <= lookup + 1e-9 : own->worst_position_noise <= noise * (1 + 1e-9));
}

static void each_contract_is_best_by_its_own_measure(void **state) {
    (void)state;
    for (int round = 0; round < 40; round++) {
        plan tolerant = random_plan(false);
        plan exact = tolerant;
        uint32_t failed_layer;
        exact.budget = (tnn_budget){.layers = new_array(exact.shape->layer_count, sizeof *exact.budget.layers)};
        assert_ok(tnn_budget_fill(&exact.budget, &failed_layer, exact.shape, exact.params, true, NULL));
        for (uint32_t i = 0; i + 1 < tolerant.shape->layer_count; i++) {
            check_choice(&tolerant, &exact, i, false);
            check_choice(&exact, &tolerant, i, true);
        }
        tnn_free(exact.budget.layers);
        free_plan(&tolerant);
    }
}

/* -------------------------------------------------------------------------------------------------- off-by-one rate --
 */

/* Simpson's rule over the place u in a cell of width 1: P(|u + e| > 1/2). */
static double integrated_rate(double deviation) {
    const int steps = 20000;
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
        double u = (double)i / steps - 0.5;
        double leaves = (erfc((0.5 - u) / deviation / sqrt(2)) + erfc((0.5 + u) / deviation / sqrt(2))) / 2;
        sum += leaves * (i == 0 || i == steps ? 1 : i % 2 ? 4 : 2);
    }
    return sum / 3 / steps;
}

static void off_by_one_rate_equals_its_integral(void **state) {
    (void)state;
    for (double deviation = 0.01; deviation < 100; deviation *= 1.3) {
        const double rate = integrated_rate(deviation);
        assert_true(fabs(tnn_off_by_one_rate(1, deviation) - rate) <= 1e-7);
        assert_true(fabs(tnn_off_by_one_rate(7, 7 * deviation) - rate) <= 1e-7);
        assert_true(fabs(tnn_off_by_one_rate(1, 1.1 * deviation) - rate) > 1e-7);
    }
}

static void off_by_one_rate_is_what_draws_show(void **state) {
    (void)state;
    const size_t draws = 1 << 18;
    const double deviations[] = {0.05, 0.3, 1, 4};
    double *noise = new_array(draws, sizeof *noise);
    for (size_t d = 0; d < COUNT_OF(deviations); d++) {
        const double rate = tnn_off_by_one_rate(1, deviations[d]);
        tally excess = {0};
        tnn_gaussian(noise, draws);
        for (size_t i = 0; i < draws; i++) {
            double place = ((double)i + 0.5) / (double)draws - 0.5;
            tally_add(&excess, (fabs(place + deviations[d] * noise[i]) > 0.5) - rate);
        }
        assert_true(mean_is_zero(&excess, sqrt(rate * (1 - rate))));
        excess.sum += 0.2 * rate * (double)draws;
        assert_true(!mean_is_zero(&excess, sqrt(rate * (1 - rate))));
    }
    tnn_free(noise);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strength_is_the_largest_that_fits),
        cmocka_unit_test(units_keep_ranges_pixels_and_logits_on_the_torus),
        cmocka_unit_test(layer_without_a_unit_is_named),
        cmocka_unit_test(budget_equals_formulas_written_down_again),
        cmocka_unit_test(tiny_network_has_the_noise_computed_by_hand),
        cmocka_unit_test(each_contract_is_best_by_its_own_measure),
        cmocka_unit_test(off_by_one_rate_equals_its_integral),
        cmocka_unit_test(off_by_one_rate_is_what_draws_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
