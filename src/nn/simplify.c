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

/* A simplification in progress, with scratch for the widest layer. */
typedef struct reduction {
    tnn_model *model;
    tnn_origin *origins;
    bool *gone;           /* [most neurons] of the layer at hand */
    tnn_fold_step *steps; /* [most tables a neuron] */
    bool changed;         /* by the pass at hand */
} reduction;

/* -------------------------------------------------------------------------------------------------------- copies -- */

/* The layer's sizes without its memory. */
static tnn_layer sizes_of(const tnn_layer *layer) {
    return (tnn_layer){.inputs = layer->inputs,
                       .neurons = layer->neurons,
                       .tables_per_neuron = layer->tables_per_neuron,
                       .table_cells = layer->table_cells};
}

static tnn_status copy_layer(tnn_layer *out, const tnn_layer *layer) {
    *out = sizes_of(layer);
    tnn_status status = tnn_layer_allocate(out);
    if (status != TNN_OK) {
        return status;
    }
    memcpy(out->weights, layer->weights, (size_t)layer->neurons * layer->inputs);
    memcpy(out->biases, layer->biases, layer->neurons * sizeof *layer->biases);
    if (layer->tables_per_neuron > 0) {
        memcpy(out->ranges, layer->ranges, 2 * layer->neurons * sizeof *layer->ranges);
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

/* All that decides logits; name and provenance stay with the original. */
static tnn_status copy_model(tnn_simplified *out, const tnn_model *model) {
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
    out->model->output_scale = model->output_scale;
    for (uint32_t i = 0; status == TNN_OK && i < model->layer_count; i++) {
        status = copy_layer(&out->model->layers[i], &model->layers[i]);
        status = status == TNN_OK ? name_neurons(&out->origins[i], i, model->layers[i].neurons) : status;
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------ neurons that go --
 */

static bool can_go(const reduction *r, uint32_t index, size_t neuron) {
    tnn_layer *layer = &r->model->layers[index];
    tnn_layer *next = &r->model->layers[index + 1];
    /* A fold that succeeds may have changed biases, tables or weights already: the neuron must then go. */
    if (tnn_fold_unread(layer, next, neuron) ||
        tnn_fold_constant(layer, next, neuron, tnn_accumulator_interval(r->model, index, neuron), r->steps)) {
        return true;
    }
    for (size_t j = 0; j < neuron; j++) {
        if (!r->gone[j] && tnn_fold_twin(layer, next, j, neuron, r->steps)) {
            return true;
        }
    }
    return false;
}

/* Neurons that stay move up over those that are gone: to <= from. */
static void move_neuron(tnn_layer *layer, tnn_origin *origin, size_t to, size_t from) {
    const size_t entries = (size_t)layer->tables_per_neuron * layer->table_cells;
    memmove(layer->weights + to * layer->inputs, layer->weights + from * layer->inputs, layer->inputs);
    memmove(layer->tables + to * entries, layer->tables + from * entries, entries * sizeof *layer->tables);
    layer->biases[to] = layer->biases[from];
    layer->ranges[2 * to] = layer->ranges[2 * from];
    layer->ranges[2 * to + 1] = layer->ranges[2 * from + 1];
    origin->neurons[to] = origin->neurons[from];
}

/* Takes the weights that read neurons which are gone out of the next layer. */
static void drop_inputs(const reduction *r, tnn_layer *next, size_t per_neuron) {
    int8_t *to = next->weights;
    for (size_t from = 0; from < (size_t)next->neurons * next->inputs; from += per_neuron) {
        if (!r->gone[from % next->inputs / per_neuron]) {
            memmove(to, next->weights + from, per_neuron);
            to += per_neuron;
        }
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

/* All but one neuron may go: a layer without any is no layer. */
static void reduce_layer(reduction *r, uint32_t index) {
    const uint32_t neurons = r->model->layers[index].neurons;
    uint32_t left = neurons;
    for (uint32_t j = 0; j < neurons; j++) {
        /* Order matters: can_go has effects, and is not asked where the last neuron stands. */
        r->gone[j] = left > 1 && can_go(r, index, j);
        left -= r->gone[j];
    }
    if (left < neurons) {
        drop_neurons(r, index, left);
        r->changed = true;
    }
}

/* ------------------------------------------------------------------------------------------------- smaller weights --
 */

/* Every table of every layer but the last, whose accumulators are the logits. */
static bool reduce_weights(tnn_model *model) {
    bool changed = false;
    for (uint32_t i = 0; i + 1 < model->layer_count; i++) {
        tnn_layer *layer = &model->layers[i];
        for (size_t t = 0; t < tnn_layer_outputs(layer); t++) {
            changed = tnn_fold_factor(layer, &model->layers[i + 1], t) || changed;
        }
    }
    return changed;
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
        tnn_status status = tnn_fold_layer(&folded, r->model, index);
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

/* A pass may open the way for another: what a neuron that is gone read may have no other reader. Each takes a
 * neuron or a layer away. */
static tnn_status reduce(reduction *r, bool *changed) {
    do {
        r->changed = false;
        for (uint32_t i = 0; i + 1 < r->model->layer_count; i++) {
            reduce_layer(r, i);
        }
        tnn_status status = reduce_layers(r);
        if (status != TNN_OK) {
            return status;
        }
        *changed = *changed || r->changed;
    } while (r->changed);
    return TNN_OK;
}

static tnn_status reduce_copy(tnn_simplified *simplified) {
    reduction r = {.model = simplified->model, .origins = simplified->origins};
    const size_t widest = tnn_model_widest(r.model);
    r.gone = tnn_alloc(widest, sizeof *r.gone);
    r.steps = tnn_alloc(widest, sizeof *r.steps);
    tnn_status status = r.gone && r.steps ? reduce(&r, &simplified->changed) : TNN_ERR_MEMORY;
    tnn_free(r.gone);
    tnn_free(r.steps);
    simplified->changed = reduce_weights(simplified->model) || simplified->changed;
    return status;
}

/* Everything happens on a copy: the model that was given stays as it is. */
tnn_status tnn_simplify(tnn_simplified **out, const tnn_model *model) {
    *out = NULL;
    tnn_simplified *simplified = tnn_alloc(1, sizeof *simplified);
    if (!simplified) {
        return TNN_ERR_MEMORY;
    }
    tnn_status status = copy_model(simplified, model);
    status = status == TNN_OK ? reduce_copy(simplified) : status;
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
