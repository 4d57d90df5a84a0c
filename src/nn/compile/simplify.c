/*
 * Which neurons can go, and the model without them. fold.c has each step and its proof.
 *
 * A pass goes through the table layers from first to last. Of each it drops neurons, as long as one is left: those that
 * can fold by themselves (unread, constant), else those that have a twin among the neurons before them that stay. Then
 * it folds whole layers, as long as one table layer is left. Passes repeat until one changes nothing: each takes at
 * least a neuron away, so there are no more passes than neurons. Common factors go into the tables last, since they
 * depend on what weights are left and drop nothing.
 *
 * A pass costs inputs x neurons^2 comparisons a layer at most, for twins; rows that differ do so early.
 */
#include "simplify.h"

#include <string.h>

#include "fold.h"
#include "memory.h"
#include "twins.h"

/* A simplification in progress, with scratch for the widest layer. */
typedef struct reduction {
    tnn_model *model;
    tnn_origin *origins;
    bool *gone;           /* [most neurons] of the layer at hand */
    bool *read;           /* [most neurons] of it, whether the next layer reads any of their tables */
    tnn_fold_step *steps; /* [most tables a neuron] */
    bool changed;         /* by the pass at hand */
    uint64_t twin_work;   /* weights of next layers that the search for twins has looked at */
    tnn_watch *watch;     /* may be NULL */
} reduction;

/* Members of its group that a neuron is tried with: one that looks like so many and cannot be folded into any of them
 * is not worth more time. */
#define MOST_TWINS 32u

/* What the search for twins may look at in all: for networks of up to some thousand neurons a layer, everything. */
#define MOST_TWIN_WORK ((uint64_t)1 << 26)

/* Each pass takes a neuron or a layer away, and few networks need more than as many as they have layers. */
#define MOST_PASSES 128u

/* -------------------------------------------------------------------------------------------------------- copies -- */

/* The layer's sizes without its memory. */
static tnn_layer sizes_of(const tnn_layer *layer) {
    return (tnn_layer){.inputs = layer->inputs,
                       .neurons = layer->neurons,
                       .tables_per_neuron = layer->tables_per_neuron,
                       .table_cells = layer->table_cells,
                       .has_thresholds = layer->has_thresholds};
}

/* Bytes of the thresholds of `neurons` neurons. */
static size_t threshold_bytes(const tnn_layer *layer, size_t neurons) {
    return neurons * (layer->table_cells - 1) * sizeof *layer->thresholds;
}

static tnn_status copy_layer(tnn_layer *out, const tnn_layer *layer) {
    *out = sizes_of(layer);
    tnn_status status = tnn_layer_allocate(out);
    if (status != TNN_OK) {
        return status;
    }
    memcpy(out->weights, layer->weights, (size_t)layer->neurons * layer->inputs * sizeof *layer->weights);
    memcpy(out->biases, layer->biases, layer->neurons * sizeof *layer->biases);
    if (layer->tables_per_neuron > 0) {
        memcpy(out->ranges, layer->ranges, 2 * layer->neurons * sizeof *layer->ranges);
        if (layer->has_thresholds) {
            memcpy(out->thresholds, layer->thresholds, threshold_bytes(layer, layer->neurons));
        }
        memcpy(out->tables, layer->tables, tnn_layer_outputs(layer) * layer->table_cells * sizeof *layer->tables);
    }
    return TNN_OK;
}

static tnn_status name_neurons(tnn_origin *origin, uint32_t index, uint32_t neurons) {
    origin->layer = index;
    origin->neurons = tnn_alloc(neurons, sizeof *origin->neurons);
    for (uint32_t j = 0; origin->neurons && j < neurons; j++) {
        origin->neurons[j] = j;
    }
    return origin->neurons ? TNN_OK : TNN_ERR_MEMORY;
}

static tnn_status copy_model(tnn_simplified *out, const tnn_model *model, tnn_watch *watch) {
    tnn_status status = tnn_model_new(&out->model, model->layer_count);
    out->origins = tnn_alloc(model->layer_count, sizeof *out->origins);
    status = out->origins ? status : TNN_ERR_MEMORY;
    if (status != TNN_OK) {
        return status;
    }
    out->model->height = model->height;
    out->model->width = model->width;
    out->model->channels = model->channels;
    out->model->input_levels = model->input_levels;
    memcpy(out->model->input_map, model->input_map, sizeof model->input_map);
    status = tnn_readout_copy(&out->model->readout, &model->readout);
    for (uint32_t i = 0; status == TNN_OK && i < model->layer_count; i++) {
        status = copy_layer(&out->model->layers[i], &model->layers[i]);
        (void)tnn_watch_work(watch, 0, (uint64_t)model->layers[i].neurons * model->layers[i].inputs);
        status = status == TNN_OK ? name_neurons(&out->origins[i], i, model->layers[i].neurons) : status;
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------ neurons that go --
 */

static bool fold_twin(reduction *r, uint32_t index, tnn_twins *twins, uint32_t a, uint32_t b) {
    tnn_layer *layer = &r->model->layers[index];
    tnn_layer *next = &r->model->layers[index + 1];
    const uint64_t weights = (uint64_t)layer->tables_per_neuron * next->neurons;
    const bool folded = tnn_fold_twin(layer, next, a, b, r->steps);
    if (folded) {
        tnn_twins_renew(twins, layer, next, a);
    }
    r->twin_work += 6 * weights;
    (void)tnn_watch_work(r->watch, 0, 60 * weights + layer->inputs + 6 * (uint64_t)layer->table_cells);
    return folded;
}

static bool fold_into_a_twin(reduction *r, uint32_t index, tnn_twins *twins, uint32_t neuron) {
    size_t count;
    size_t tried = 0;
    const uint32_t *members = tnn_twins_of(twins, neuron, &count);
    for (size_t i = 0; i < count && tried < MOST_TWINS && r->twin_work < MOST_TWIN_WORK; i++) {
        if (tnn_twins_alike(twins, members[i], neuron)) {
            tried++;
            if (fold_twin(r, index, twins, members[i], neuron)) {
                return true;
            }
        }
    }
    (void)tnn_watch_work(r->watch, 0, count);
    return false;
}

/* reach [neurons] of the layer. */
static bool can_go(reduction *r, uint32_t index, const tnn_interval *reach, tnn_twins *twins, uint32_t neuron) {
    return !r->read[neuron] ||
           tnn_fold_constant(&r->model->layers[index], &r->model->layers[index + 1], neuron, reach[neuron], r->steps) ||
           fold_into_a_twin(r, index, twins, neuron);
}

static void move_neuron(tnn_layer *layer, tnn_origin *origin, size_t to, size_t from) {
    const size_t entries = (size_t)layer->tables_per_neuron * layer->table_cells;
    memmove(layer->weights + to * layer->inputs, layer->weights + from * layer->inputs,
            layer->inputs * sizeof *layer->weights);
    memmove(layer->tables + to * entries, layer->tables + from * entries, entries * sizeof *layer->tables);
    if (layer->has_thresholds) {
        const size_t count = layer->table_cells - 1;
        memmove(layer->thresholds + to * count, layer->thresholds + from * count, threshold_bytes(layer, 1));
    }
    layer->biases[to] = layer->biases[from];
    layer->ranges[2 * to] = layer->ranges[2 * from];
    layer->ranges[2 * to + 1] = layer->ranges[2 * from + 1];
    origin->neurons[to] = origin->neurons[from];
}

/* Takes the weights that read neurons which are gone out of the next layer. The watch is told and not asked: a layer
 * is left whole. */
static void drop_inputs(const reduction *r, tnn_layer *next, size_t per_neuron) {
    const int16_t *from = next->weights;
    int16_t *to = next->weights;
    for (size_t i = 0; i < next->neurons; i++) {
        for (size_t j = 0; j < next->inputs / per_neuron; j++, from += per_neuron) {
            if (!r->gone[j]) {
                memmove(to, from, per_neuron * sizeof *to);
                to += per_neuron;
            }
        }
        (void)tnn_watch_work(r->watch, 0, 4 * (uint64_t)next->inputs);
    }
}

static void drop_neurons(const reduction *r, uint32_t index, uint32_t left) {
    tnn_layer *layer = &r->model->layers[index];
    tnn_layer *next = &r->model->layers[index + 1];
    size_t kept = 0;
    for (size_t j = 0; j < layer->neurons; j++) {
        if (!r->gone[j]) {
            move_neuron(layer, &r->origins[index], kept++, j);
        }
    }
    drop_inputs(r, next, layer->tables_per_neuron);
    layer->neurons = left;
    next->inputs = left * layer->tables_per_neuron;
}

/* All but one neuron may go: a layer without any is no layer. Where the watch stops it, what is done is done right. */
static tnn_status reduce_neurons(reduction *r, uint32_t index, const tnn_interval *reach, tnn_twins *twins) {
    const tnn_layer *layer = &r->model->layers[index];
    const uint32_t neurons = layer->neurons;
    uint32_t left = neurons;
    bool on = tnn_fold_find_read(r->read, layer, &r->model->layers[index + 1], r->watch);
    for (uint32_t j = 0; j < neurons; j++) {
        r->gone[j] = on && left > 1 && can_go(r, index, reach, twins, j);
        left -= r->gone[j];
        if (!r->gone[j]) {
            tnn_twins_add(twins, j);
        }
        on = tnn_watch_work(r->watch, 1, layer->table_cells) && on;
    }
    if (left < neurons) {
        drop_neurons(r, index, left);
        r->changed = true;
    }
    return on ? TNN_OK : TNN_ERR_CANCELLED;
}

static tnn_status reduce_layer(reduction *r, uint32_t index) {
    tnn_interval *reach;
    tnn_twins *twins = NULL;
    tnn_status status = tnn_layer_reach(&reach, r->model, index, r->watch);
    status = status == TNN_OK
                 ? tnn_twins_create(&twins, &r->model->layers[index], &r->model->layers[index + 1], r->watch)
                 : status;
    status = status == TNN_OK ? reduce_neurons(r, index, reach, twins) : status;
    tnn_twins_free(twins);
    tnn_free(reach);
    return status;
}

/* ------------------------------------------------------------------------------------------------- smaller weights --
 */

static tnn_status reduce_weights(tnn_model *model, bool *changed, tnn_watch *watch) {
    bool on = true;
    for (uint32_t i = 0; i + 1 < model->layer_count; i++) {
        tnn_layer *layer = &model->layers[i];
        for (size_t t = 0; t < tnn_layer_outputs(layer) && on; t++) {
            *changed = tnn_fold_factor(layer, &model->layers[i + 1], t) || *changed;
            on = tnn_watch_work(watch, 0, 4 * (uint64_t)model->layers[i + 1].neurons);
        }
    }
    return on ? TNN_OK : TNN_ERR_CANCELLED;
}

/* ------------------------------------------------------------------------------------------------- layers that go --
 */

/* The layer behind has taken over its weights (tnn_fold_layer) and moves up. */
static void drop_layer(const reduction *r, uint32_t index) {
    tnn_layer_release(&r->model->layers[index]);
    tnn_free(r->origins[index].neurons);
    r->model->layer_count--;
    for (uint32_t i = index; i < r->model->layer_count; i++) {
        r->model->layers[i] = r->model->layers[i + 1];
        r->origins[i] = r->origins[i + 1];
    }
}

static tnn_status reduce_layers(reduction *r) {
    uint32_t index = 0;
    /* The layer that takes the place of a folded one is tried at the same index. */
    while (index + 1 < r->model->layer_count && r->model->layer_count > 2) {
        bool folded;
        tnn_status status = tnn_fold_layer(&folded, r->model, index, r->watch);
        if (status != TNN_OK) {
            return status;
        }
        if (folded) {
            drop_layer(r, index);
            r->changed = true;
        } else {
            index++;
        }
    }
    return TNN_OK;
}

/* ----------------------------------------------------------------------------------------------------------- all -- */

static uint64_t neurons_with_tables(const tnn_model *model) {
    uint64_t count = 0;
    for (uint32_t i = 0; i + 1 < model->layer_count; i++) {
        count += model->layers[i].neurons;
    }
    return count;
}

/* A pass may open the way for another: what a neuron that is gone read may have no other reader. */
static tnn_status reduce(reduction *r, bool *changed) {
    uint32_t passes = 0;
    do {
        tnn_status status = TNN_OK;
        r->changed = false;
        tnn_watch_stage(r->watch, neurons_with_tables(r->model));
        for (uint32_t i = 0; status == TNN_OK && i + 1 < r->model->layer_count; i++) {
            status = reduce_layer(r, i);
        }
        status = status == TNN_OK ? reduce_layers(r) : status;
        if (status != TNN_OK) {
            return status;
        }
        *changed = *changed || r->changed;
        passes++;
    } while (r->changed && passes < MOST_PASSES);
    return TNN_OK;
}

static tnn_status reduce_copy(tnn_simplified *simplified, tnn_watch *watch) {
    reduction r = {.model = simplified->model, .origins = simplified->origins, .watch = watch};
    const size_t widest = tnn_model_widest(r.model);
    r.gone = tnn_alloc(widest, sizeof *r.gone);
    r.read = tnn_alloc(widest, sizeof *r.read);
    r.steps = tnn_alloc(widest, sizeof *r.steps);
    tnn_status status = r.gone && r.read && r.steps ? reduce(&r, &simplified->changed) : TNN_ERR_MEMORY;
    tnn_free(r.gone);
    tnn_free(r.read);
    tnn_free(r.steps);
    return status == TNN_OK ? reduce_weights(simplified->model, &simplified->changed, watch) : status;
}

tnn_status tnn_simplify(tnn_simplified **out, const tnn_model *model, tnn_watch *watch) {
    *out = NULL;
    tnn_simplified *simplified = tnn_alloc(1, sizeof *simplified);
    if (!simplified) {
        return TNN_ERR_MEMORY;
    }
    tnn_status status = copy_model(simplified, model, watch);
    status = status == TNN_OK ? reduce_copy(simplified, watch) : status;
    if (status != TNN_OK) {
        tnn_simplified_free(simplified);
        return status;
    }
    *out = simplified;
    return TNN_OK;
}

void tnn_simplified_free(tnn_simplified *simplified) {
    if (!simplified) {
        return;
    }
    for (uint32_t i = 0; simplified->origins && simplified->model && i < simplified->model->layer_count; i++) {
        tnn_free(simplified->origins[i].neurons);
    }
    tnn_free(simplified->origins);
    tnn_model_free(simplified->model);
    tnn_free(simplified);
}
