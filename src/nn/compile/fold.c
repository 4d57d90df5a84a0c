/*
 * Folding neurons, with the proofs. Let a be a neuron's accumulator, f_t its tables, and W[r][t] the weights with which
 * neuron r of the next layer reads them. All that the next layer sees of the neuron is, for each r,
 *
 *     sum over t of W[r][t] f_t(a),        to which it adds its bias.
 *
 * A step rewrites W, f and biases so that these sums, and so all logits, stay the same for every a that an image can
 * give:
 *
 *     unread     W[r][t] = 0 for all r and t: the sum is 0
 *     constant   f_t(a) = c_t over the reach of a: W[r][t] c_t goes into the bias of r
 *     twins      a and b, whose accumulators tell each other: W_A f_A(a) + W_B f_B(b) becomes one product (below)
 *     factor     W[r][t] = g V[r][t] for all r: V[r][t] (g f_t(a))
 *     straight   f_t(a) = m_t a + c_t with a = bias + sum of w_i x_i: W m_t w_i joins the weights over the layer's own
 *                inputs x_i, W (m_t bias + c_t) the bias of r
 *
 * Weights and entries are int16, biases int32. Each step computes in wider integers, checks that
 * everything fits, and only then writes.
 */
#include "fold.h"

#include <stdlib.h>

#include "memory.h"

static bool fits(int64_t value, int64_t low, int64_t high) {
    return value >= low && value <= high;
}

/* ------------------------------------------------------------------------------------------- unread, constant -- */

bool tnn_fold_find_read(bool *read, const tnn_layer *layer, const tnn_layer *next, tnn_watch *watch) {
    bool on = true;
    for (size_t j = 0; j < layer->neurons; j++) {
        read[j] = false;
    }
    for (size_t r = 0; r < next->neurons && on; r++) {
        const int16_t *weights = next->weights + r * next->inputs;
        for (size_t j = 0; j < layer->neurons; j++) {
            for (size_t m = 0; m < layer->tables_per_neuron; m++) {
                read[j] |= *weights++ != 0;
            }
        }
        on = tnn_watch_work(watch, 0, 2 * (uint64_t)next->inputs);
    }
    return on;
}

/* A bias with the shifts of the tables [count] that are inputs `first` and up: below 2^31 + 2^16 2^15 2^17. */
static int64_t shifted_bias(const tnn_layer *layer, size_t neuron, size_t first, const tnn_fold_step *steps,
                            size_t count) {
    const int16_t *weights = layer->weights + neuron * layer->inputs + first;
    int64_t bias = layer->biases[neuron];
    for (size_t m = 0; m < count; m++) {
        bias += (int64_t)weights[m] * steps[m].shift;
    }
    return bias;
}

/* All or none: each sum is checked before the first is stored. */
static bool shift_biases(tnn_layer *layer, size_t first, const tnn_fold_step *steps, size_t count) {
    for (size_t r = 0; r < layer->neurons; r++) {
        if (!fits(shifted_bias(layer, r, first, steps, count), INT32_MIN, INT32_MAX)) {
            return false;
        }
    }
    for (size_t r = 0; r < layer->neurons; r++) {
        layer->biases[r] = (int32_t)shifted_bias(layer, r, first, steps, count);
    }
    return true;
}

/* The reach is what the weights prove of the accumulator; ends of the table that it never sees may differ. */
bool tnn_fold_constant(const tnn_layer *layer, tnn_layer *next, size_t neuron, tnn_interval reach,
                       tnn_fold_step *steps) {
    const size_t tables = layer->tables_per_neuron;
    for (size_t m = 0; m < tables; m++) {
        tnn_line line;
        if (!tnn_table_line(&line, layer, neuron, m, reach) || line.slope != 0) {
            return false;
        }
        steps[m].shift = (int32_t)line.offset;
    }
    return shift_biases(next, neuron * tables, steps, tables);
}

/* ------------------------------------------------------------------------------------------------------- twins -- */

/* Twins have accumulators a = bias_a + w x and b = bias_b + w x, or b = bias_b - w x. If their ranges are equally wide
 * and begin equally far above the bias, a and b always fall in the same cell. With -w, let a's range begin as far above
 * bias_a as b's ends below bias_b: b then stands as far from its upper end as a from its lower one, in the mirrored
 * cell. */
typedef enum kinship { STRANGERS, EQUAL, MIRRORED } kinship;

/* w_b = sign w_a? */
static bool rows_agree(const tnn_layer *layer, size_t a, size_t b, int sign) {
    const int16_t *row_a = layer->weights + a * layer->inputs;
    const int16_t *row_b = layer->weights + b * layer->inputs;
    for (size_t i = 0; i < layer->inputs; i++) {
        if (row_b[i] != sign * row_a[i]) {
            return false;
        }
    }
    return true;
}

/* How far above its bias an end of a neuron's range lies. */
static int64_t end_above_bias(const tnn_layer *layer, size_t neuron, size_t end) {
    return (int64_t)layer->ranges[2 * neuron + end] - layer->biases[neuron];
}

/* Do the cells of two neurons begin equally far above their biases? */
static bool thresholds_agree(const tnn_layer *layer, size_t a, size_t b) {
    const size_t count = layer->has_thresholds ? layer->table_cells - 1 : 0;
    const int64_t between = (int64_t)layer->biases[b] - layer->biases[a];
    for (size_t c = 0; c < count; c++) {
        if (layer->thresholds[a * count + c] + between != layer->thresholds[b * count + c]) {
            return false;
        }
    }
    return true;
}

/* Mirrored ranges have mirrored cells where all cells are equally wide. */
static kinship kinship_of(const tnn_layer *layer, size_t a, size_t b) {
    const int64_t width = tnn_layer_range_width(layer, a);
    if (tnn_layer_range_width(layer, b) != width || !thresholds_agree(layer, a, b)) {
        return STRANGERS;
    }
    if (end_above_bias(layer, a, 0) == end_above_bias(layer, b, 0) && rows_agree(layer, a, b, 1)) {
        return EQUAL;
    }
    if (!layer->has_thresholds && width % layer->table_cells == 0 &&
        end_above_bias(layer, a, 0) == -end_above_bias(layer, b, 1) && rows_agree(layer, a, b, -1)) {
        return MIRRORED;
    }
    return STRANGERS;
}

/* Table m of twins a and b: what b's says where a's is at `cell`. */
typedef struct twin_table {
    int16_t *a;
    const int16_t *b;
    size_t cells;
    bool mirrored;
    tnn_layer *next;
    size_t column_a, column_b; /* inputs of the next layer */
} twin_table;

static twin_table twin_table_of(const tnn_layer *layer, tnn_layer *next, size_t a, size_t b, size_t m, kinship kin) {
    return (twin_table){.a = tnn_layer_table(layer, a, m),
                        .b = tnn_layer_table(layer, b, m),
                        .cells = layer->table_cells,
                        .mirrored = kin == MIRRORED,
                        .next = next,
                        .column_a = a * layer->tables_per_neuron + m,
                        .column_b = b * layer->tables_per_neuron + m};
}

/* f_B at the cell in which b is when a is in `cell`. */
static int32_t entry_b(const twin_table *t, size_t cell) {
    return t->b[t->mirrored ? t->cells - 1 - cell : cell];
}

static int16_t *weight_at(const tnn_layer *layer, size_t neuron, size_t column) {
    return layer->weights + neuron * layer->inputs + column;
}

int32_t tnn_gcd(int32_t a, int32_t b) {
    while (b != 0) {
        int32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The gcd of |W[r][column]| over all r; 0 where nothing reads the column. */
static int32_t column_gcd(const tnn_layer *next, size_t column) {
    int32_t divisor = 0;
    for (size_t r = 0; r < next->neurons && divisor != 1; r++) {
        divisor = tnn_gcd(divisor, abs(*weight_at(next, r, column)));
    }
    return divisor;
}

/* first : second is how often a and b are read wherever they are read: column_a second = column_b first. */
static bool in_proportion(const twin_table *t, const tnn_fold_step *step) {
    for (size_t r = 0; r < t->next->neurons; r++) {
        if (*weight_at(t->next, r, t->column_a) * step->second != *weight_at(t->next, r, t->column_b) * step->first) {
            return false;
        }
    }
    return true;
}

/* Multiples are at most 2^7 and entries at most 2^15: int32 holds the sum. */
static bool sums_fit(const twin_table *t, const tnn_fold_step *step) {
    for (size_t c = 0; c < t->cells; c++) {
        if (!fits(step->first * t->a[c] + step->second * entry_b(t, c), INT16_MIN, INT16_MAX)) {
            return false;
        }
    }
    return true;
}

/* Tables in proportion: W_A[r] = first u[r] and W_B[r] = second u[r] for all r. Then
 *
 *   W_A f_A + W_B f_B = u (first f_A + second f_B),
 *
 * and the sum of tables takes the place of f_A, read with u. first and second without a common factor are the least
 * multiples, and entries the smallest. Columns in proportion have gcds in the same one, up to a sign, which is
 * tried. */
static bool tables_add_up(tnn_fold_step *step, const twin_table *t) {
    const int32_t read_a = column_gcd(t->next, t->column_a);
    const int32_t read_b = column_gcd(t->next, t->column_b);
    const int32_t common = read_a + read_b > 0 ? tnn_gcd(read_a, read_b) : 1;
    *step = (tnn_fold_step){.first = read_a / common, .second = read_b / common};
    if (!in_proportion(t, step)) {
        step->second = -step->second;
    }
    return in_proportion(t, step) && sums_fit(t, step);
}

/* Tables alike, f_B = sign f_A + shift at each cell: W_A f_A + W_B f_B = (W_A + sign W_B) f_A + W_B shift. The last
 * term goes into the biases. */
static bool weights_add_up(tnn_fold_step *step, const twin_table *t, int32_t sign) {
    *step = (tnn_fold_step){.weight_sign = sign, .shift = entry_b(t, 0) - sign * t->a[0]};
    for (size_t c = 0; c < t->cells; c++) {
        if (entry_b(t, c) != sign * t->a[c] + step->shift) {
            return false;
        }
    }
    for (size_t r = 0; r < t->next->neurons; r++) {
        int32_t sum = *weight_at(t->next, r, t->column_a) + sign * *weight_at(t->next, r, t->column_b);
        if (!fits(sum, -INT16_MAX, INT16_MAX)) {
            return false;
        }
    }
    return true;
}

static void add_tables(const twin_table *t, const tnn_fold_step *step) {
    for (size_t c = 0; c < t->cells; c++) {
        t->a[c] = (int16_t)(step->first * t->a[c] + step->second * entry_b(t, c));
    }
    for (size_t r = 0; r < t->next->neurons; r++) {
        int16_t *a = weight_at(t->next, r, t->column_a);
        const int16_t *b = weight_at(t->next, r, t->column_b);
        *a = (int16_t)(step->first != 0 ? *a / step->first : step->second != 0 ? *b / step->second : 0);
    }
}

static void add_weights(const twin_table *t, const tnn_fold_step *step) {
    for (size_t r = 0; r < t->next->neurons; r++) {
        int16_t *a = weight_at(t->next, r, t->column_a);
        *a = (int16_t)(*a + step->weight_sign * *weight_at(t->next, r, t->column_b));
    }
}

/* b into a. Adding tables comes first: smaller weights carry less of a rotation's noise. Nothing is written before
 * every table has its step and the biases are known to fit. */
bool tnn_fold_twin(tnn_layer *layer, tnn_layer *next, size_t a, size_t b, tnn_fold_step *steps) {
    const kinship kin = kinship_of(layer, a, b);
    const size_t tables = layer->tables_per_neuron;
    for (size_t m = 0; m < tables; m++) {
        const twin_table t = twin_table_of(layer, next, a, b, m, kin);
        if (kin == STRANGERS ||
            !(tables_add_up(&steps[m], &t) || weights_add_up(&steps[m], &t, 1) || weights_add_up(&steps[m], &t, -1))) {
            return false;
        }
    }
    if (!shift_biases(next, b * tables, steps, tables)) {
        return false;
    }
    for (size_t m = 0; m < tables; m++) {
        const twin_table t = twin_table_of(layer, next, a, b, m, kin);
        (steps[m].weight_sign ? add_weights : add_tables)(&t, &steps[m]);
    }
    return true;
}

/* ----------------------------------------------------------------------------------------------------- factors -- */

/* The factor of all that reads a table: V = W / g, and g f in its place. */
bool tnn_fold_factor(tnn_layer *layer, tnn_layer *next, size_t output) {
    const int32_t factor = column_gcd(next, output);
    int16_t *entries = layer->tables + output * layer->table_cells;
    if (factor <= 1) {
        return false;
    }
    for (size_t c = 0; c < layer->table_cells; c++) {
        if (!fits(factor * entries[c], INT16_MIN, INT16_MAX)) {
            return false;
        }
    }
    for (size_t c = 0; c < layer->table_cells; c++) {
        entries[c] = (int16_t)(factor * entries[c]);
    }
    for (size_t r = 0; r < next->neurons; r++) {
        *weight_at(next, r, output) = (int16_t)(*weight_at(next, r, output) / factor);
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------ straight layers --
 */

/* What a straight layer hands on, as a function of its own inputs: output t = slope[t] (w . x) + at_zero[t]. */
typedef struct straight_layer {
    const tnn_layer *layer;
    int32_t *slope;   /* [outputs] */
    int32_t *at_zero; /* [outputs] */
    tnn_watch *watch; /* may be NULL */
} straight_layer;

#define MOST_MULTIPLICATIONS ((uint64_t)1 << 33)

/* The product of two layers may have more weights than both: it is taken where it is small, or no larger. */
#define SMALL_PRODUCT ((uint64_t)1 << 20)

static bool is_worth_multiplying(const tnn_layer *layer, const tnn_layer *next) {
    const uint64_t product = (uint64_t)next->neurons * layer->inputs;
    const uint64_t factors = (uint64_t)layer->neurons * layer->inputs + (uint64_t)next->neurons * next->inputs;
    return (product <= SMALL_PRODUCT || product <= factors) && product <= MOST_MULTIPLICATIONS / next->inputs;
}

/* slope bias + offset is below 2^49; no more than int32 is taken, so that sums of it do not overflow. */
static bool find_line(const straight_layer *s, size_t neuron, size_t table, tnn_interval reach) {
    const size_t output = neuron * s->layer->tables_per_neuron + table;
    tnn_line line;
    if (!tnn_table_line(&line, s->layer, neuron, table, reach)) {
        return false;
    }
    /* m bias + c: the output where all w_i x_i are 0. */
    const int64_t at_zero = line.slope * s->layer->biases[neuron] + line.offset;
    s->slope[output] = (int32_t)line.slope;
    s->at_zero[output] = (int32_t)at_zero;
    return fits(at_zero, INT32_MIN, INT32_MAX);
}

/* reach [neurons] of the layer. */
static bool find_lines(const straight_layer *s, const tnn_interval *reach) {
    const uint64_t ns_a_neuron = 10 * (uint64_t)s->layer->tables_per_neuron * s->layer->table_cells;
    for (size_t j = 0; j < s->layer->neurons; j++) {
        for (size_t m = 0; m < s->layer->tables_per_neuron; m++) {
            if (!find_line(s, j, m, reach[j])) {
                return false;
            }
        }
        if (!tnn_watch_work(s->watch, 0, ns_a_neuron)) {
            return false;
        }
    }
    return true;
}

/* sums [inputs] = weights of one neuron of the next layer, times slopes, times this layer's weights: below 2^16 2^15
 * 2^16 2^15. */
static bool multiply_row(const straight_layer *s, int64_t *sums, const int16_t *next_weights) {
    const tnn_layer *layer = s->layer;
    for (size_t i = 0; i < layer->inputs; i++) {
        sums[i] = 0;
    }
    size_t t = 0;
    for (size_t j = 0; j < layer->neurons; j++) {
        const int16_t *row = layer->weights + j * layer->inputs;
        for (size_t m = 0; m < layer->tables_per_neuron; m++, t++) {
            const int64_t factor = (int64_t)next_weights[t] * s->slope[t];
            for (size_t i = 0; factor != 0 && i < layer->inputs; i++) {
                sums[i] += factor * row[i];
            }
        }
        if (!tnn_watch_work(s->watch, 0, (uint64_t)layer->tables_per_neuron * layer->inputs)) {
            return false;
        }
    }
    return true;
}

static bool store_row(int16_t *weights, const int64_t *sums, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!fits(sums[i], -INT16_MAX, INT16_MAX)) {
            return false;
        }
        weights[i] = (int16_t)sums[i];
    }
    return true;
}

/* Weights and biases of the next layer over this one's inputs; sums [inputs] is scratch. */
static bool multiply_layers(const straight_layer *s, const tnn_layer *next, int16_t *weights, int32_t *biases,
                            int64_t *sums) {
    for (size_t r = 0; r < next->neurons; r++) {
        const int16_t *row = next->weights + r * next->inputs;
        int64_t bias = next->biases[r];
        for (size_t t = 0; t < next->inputs; t++) {
            bias += (int64_t)row[t] * s->at_zero[t];
        }
        if (!multiply_row(s, sums, row) || !fits(bias, INT32_MIN, INT32_MAX) ||
            !store_row(weights + r * s->layer->inputs, sums, s->layer->inputs)) {
            return false;
        }
        biases[r] = (int32_t)bias;
    }
    return true;
}

static void take_product(tnn_layer *next, uint32_t inputs, int16_t **weights, int32_t **biases) {
    int16_t *old_weights = next->weights;
    int32_t *old_biases = next->biases;
    next->inputs = inputs;
    next->weights = *weights;
    next->biases = *biases;
    *weights = old_weights;
    *biases = old_biases;
}

/* The next layer takes over the product; what it had goes. */
static tnn_status fold_lines(bool *folded, const straight_layer *s, tnn_layer *next) {
    int16_t *weights = tnn_alloc(next->neurons, s->layer->inputs * sizeof *weights);
    int32_t *biases = tnn_alloc(next->neurons, sizeof *biases);
    int64_t *sums = tnn_alloc(s->layer->inputs, sizeof *sums);
    const bool memory = weights && biases && sums;
    *folded = memory && multiply_layers(s, next, weights, biases, sums);
    if (*folded) {
        take_product(next, s->layer->inputs, &weights, &biases);
    }
    tnn_free(weights);
    tnn_free(biases);
    tnn_free(sums);
    return memory ? TNN_OK : TNN_ERR_MEMORY;
}

tnn_status tnn_fold_layer(bool *folded, tnn_model *model, uint32_t index, tnn_watch *watch) {
    tnn_layer *next = &model->layers[index + 1];
    straight_layer s = {.layer = &model->layers[index], .watch = watch};
    tnn_interval *reach;
    *folded = false;
    if (!is_worth_multiplying(s.layer, next)) {
        return TNN_OK;
    }
    tnn_status status = tnn_layer_reach(&reach, model, index, watch);
    s.slope = tnn_alloc(next->inputs, sizeof *s.slope);
    s.at_zero = tnn_alloc(next->inputs, sizeof *s.at_zero);
    status = status == TNN_OK && !(s.slope && s.at_zero) ? TNN_ERR_MEMORY : status;
    if (status == TNN_OK && find_lines(&s, reach)) {
        status = fold_lines(folded, &s, next);
    }
    tnn_free(reach);
    tnn_free(s.slope);
    tnn_free(s.at_zero);
    return status == TNN_OK && !tnn_watch_work(watch, 0, 0) ? TNN_ERR_CANCELLED : status;
}
