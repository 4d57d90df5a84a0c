/*
 * Finding neurons that may be folded into each other, without trying all pairs: 4096 neurons have 8 million, each a
 * comparison of whole rows. Three digests of 64 bits stand for what twins have in common:
 *
 *     row       the weights, sign turned so that the first is positive: equal for w and -w
 *     column    the weights that read a table, divided by their gcd, sign turned: equal for columns in proportion
 *     table     the steps from entry to entry, read forwards and backwards: equal for f, -f + c and f mirrored
 *
 * Rows are sorted by digest into groups; within a group two neurons are tried only where, table by table, columns or
 * tables have equal digests. Time is linear in the weights, but for the sort. Fold.c decides: a digest is never a
 * proof.
 */
#include "twins.h"

#include <stdlib.h>

#include "fold.h"
#include "memory.h"

typedef struct row {
    uint64_t digest;
    uint32_t neuron;
} row;

/* Of the weights of the next layer that read one table. */
typedef struct column {
    uint64_t digest; /* of the column without its common factor and with its first sign turned to plus */
    int32_t factor;  /* 0 for a column of zeros, a multiple of any */
    int32_t sign;
} column;

struct tnn_twins {
    uint32_t per_neuron; /* tables */
    uint32_t *group;     /* [neurons] where a neuron's group starts among the members */
    uint32_t *counts;    /* [neurons] members of the group that starts here */
    uint32_t *members;   /* [neurons] */
    column *columns;     /* [neurons][per_neuron] */
    uint64_t *tables;    /* [neurons][per_neuron] digests of entries, the same for a table and its mirror image */
};

/* Multiplied and folded, as in Knuth's multiplicative hashing. */
static uint64_t mix(uint64_t digest, int64_t value) {
    digest = (digest ^ (uint64_t)value) * 0x9e3779b97f4a7c15u;
    return digest ^ digest >> 32;
}

/* ------------------------------------------------------------------------------------------------------- digests -- */

/* Of the weights, all negated where the first that is not 0 is negative. */
static uint64_t digest_of_row(const int16_t *weights, size_t count) {
    size_t i = 0;
    while (i < count && weights[i] == 0) {
        i++;
    }
    const int32_t sign = i < count && weights[i] < 0 ? -1 : 1;
    uint64_t digest = i;
    for (; i < count; i++) {
        digest = mix(digest, sign * weights[i]);
    }
    return digest;
}

/* Of the steps from entry to entry, all negated where the first that is not 0 is negative. The last entry comes first
 * where step is -1. */
static uint64_t digest_of_steps(const int16_t *entries, size_t cells, int step) {
    const int16_t *entry = step > 0 ? entries : entries + cells - 1;
    int32_t sign = 0;
    uint64_t digest = 0;
    for (size_t c = 1; c < cells; c++, entry += step) {
        const int32_t rise = entry[step] - entry[0];
        sign = sign != 0 ? sign : (rise > 0) - (rise < 0);
        digest = mix(digest, sign * rise);
    }
    return digest;
}

static void digest_table(tnn_twins *twins, const tnn_layer *layer, size_t output) {
    const int16_t *entries = layer->tables + output * layer->table_cells;
    twins->tables[output] =
        digest_of_steps(entries, layer->table_cells, 1) + digest_of_steps(entries, layer->table_cells, -1);
}

/* Row by row: a column's weights lie far apart. */
static bool digest_columns(column *columns, const tnn_layer *next, size_t first, size_t count, tnn_watch *watch) {
    bool on = true;
    for (size_t i = 0; i < count; i++) {
        columns[i] = (column){0};
    }
    for (size_t r = 0; r < next->neurons && on; r++) {
        const int16_t *weights = next->weights + r * next->inputs + first;
        for (size_t i = 0; i < count; i++) {
            column *c = &columns[i];
            c->sign = c->sign != 0 ? c->sign : (weights[i] > 0) - (weights[i] < 0);
            c->factor = c->factor == 1 ? 1 : tnn_gcd(c->factor, abs(weights[i]));
        }
        on = tnn_watch_work(watch, 0, 4 * (uint64_t)count);
    }
    for (size_t r = 0; r < next->neurons && on; r++) {
        const int16_t *weights = next->weights + r * next->inputs + first;
        for (size_t i = 0; i < count; i++) {
            column *c = &columns[i];
            c->digest = mix(c->digest, c->factor > 1 ? c->sign * weights[i] / c->factor : c->sign * weights[i]);
        }
        on = tnn_watch_work(watch, 0, 4 * (uint64_t)count);
    }
    return on;
}

void tnn_twins_renew(tnn_twins *twins, const tnn_layer *layer, const tnn_layer *next, uint32_t neuron) {
    const size_t first = (size_t)neuron * twins->per_neuron;
    for (size_t m = 0; m < twins->per_neuron; m++) {
        digest_table(twins, layer, first + m);
    }
    (void)digest_columns(twins->columns + first, next, first, twins->per_neuron, NULL);
}

/* -------------------------------------------------------------------------------------------------------- groups -- */

static int by_digest(const void *left, const void *right) {
    const row *a = left;
    const row *b = right;
    if (a->digest != b->digest) {
        return a->digest < b->digest ? -1 : 1;
    }
    return a->neuron < b->neuron ? -1 : a->neuron > b->neuron;
}

/* rows [neurons] is scratch. */
static bool fill_groups(tnn_twins *twins, row *rows, const tnn_layer *layer, tnn_watch *watch) {
    bool on = true;
    for (uint32_t j = 0; j < layer->neurons && on; j++) {
        rows[j] = (row){digest_of_row(layer->weights + (size_t)j * layer->inputs, layer->inputs), j};
        on = tnn_watch_work(watch, 0, 3 * (uint64_t)layer->inputs);
    }
    qsort(rows, layer->neurons, sizeof *rows, by_digest);
    uint32_t start = 0;
    for (uint32_t i = 0; i < layer->neurons; i++) {
        start = rows[i].digest == rows[start].digest ? start : i;
        twins->group[rows[i].neuron] = start;
    }
    return on;
}

static tnn_status fill(tnn_twins *twins, row *rows, const tnn_layer *layer, const tnn_layer *next, tnn_watch *watch) {
    bool on = fill_groups(twins, rows, layer, watch) && digest_columns(twins->columns, next, 0, next->inputs, watch);
    for (size_t t = 0; t < next->inputs && on; t++) {
        digest_table(twins, layer, t);
        on = tnn_watch_work(watch, 0, 6 * (uint64_t)layer->table_cells);
    }
    return on ? TNN_OK : TNN_ERR_CANCELLED;
}

static bool allocate(tnn_twins *twins, const tnn_layer *layer) {
    const size_t outputs = tnn_layer_outputs(layer);
    twins->per_neuron = layer->tables_per_neuron;
    twins->group = tnn_alloc(layer->neurons, sizeof *twins->group);
    twins->counts = tnn_alloc(layer->neurons, sizeof *twins->counts);
    twins->members = tnn_alloc(layer->neurons, sizeof *twins->members);
    twins->columns = tnn_alloc(outputs, sizeof *twins->columns);
    twins->tables = tnn_alloc(outputs, sizeof *twins->tables);
    return twins->group && twins->counts && twins->members && twins->columns && twins->tables;
}

tnn_status tnn_twins_create(tnn_twins **out, const tnn_layer *layer, const tnn_layer *next, tnn_watch *watch) {
    *out = NULL;
    tnn_twins *twins = tnn_alloc(1, sizeof *twins);
    row *rows = tnn_alloc(layer->neurons, sizeof *rows);
    tnn_status status =
        twins && rows && allocate(twins, layer) ? fill(twins, rows, layer, next, watch) : TNN_ERR_MEMORY;
    tnn_free(rows);
    if (status != TNN_OK) {
        tnn_twins_free(twins);
        return status;
    }
    *out = twins;
    return TNN_OK;
}

void tnn_twins_free(tnn_twins *twins) {
    if (!twins) {
        return;
    }
    tnn_free(twins->group);
    tnn_free(twins->counts);
    tnn_free(twins->members);
    tnn_free(twins->columns);
    tnn_free(twins->tables);
    tnn_free(twins);
}

void tnn_twins_add(tnn_twins *twins, uint32_t neuron) {
    const uint32_t start = twins->group[neuron];
    twins->members[start + twins->counts[start]++] = neuron;
}

const uint32_t *tnn_twins_of(const tnn_twins *twins, uint32_t neuron, size_t *count) {
    const uint32_t start = twins->group[neuron];
    *count = twins->counts[start];
    return twins->members + start;
}

static bool columns_alike(const column *a, const column *b) {
    return a->factor == 0 || b->factor == 0 || a->digest == b->digest;
}

bool tnn_twins_alike(const tnn_twins *twins, uint32_t a, uint32_t b) {
    const size_t first_a = (size_t)a * twins->per_neuron;
    const size_t first_b = (size_t)b * twins->per_neuron;
    for (size_t m = 0; m < twins->per_neuron; m++) {
        if (!columns_alike(&twins->columns[first_a + m], &twins->columns[first_b + m]) &&
            twins->tables[first_a + m] != twins->tables[first_b + m]) {
            return false;
        }
    }
    return true;
}
