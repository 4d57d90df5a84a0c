/*
 * A lower bound of a budget from few neurons. The search looks at thousands of parameter sets, and most fail by the
 * same few neurons: the widest of a layer, whose accumulators lie closest together, or the one with the largest norm of
 * weights, whose noise is largest. Of each layer up to four neurons are kept,
 *
 *     max over suspects of noise(j, unit)  <=  max over all j of noise(j, unit)        for every unit,
 *
 * so what fails for the suspects fails for all. A set that passes is looked at in whole; the neuron that was worst then
 * joins, in the place of the one that joined first.
 */
#include "suspects.h"

#include "memory.h"

#define MOST_SUSPECTS 4u /* of a layer */

struct tnn_suspects {
    const tnn_shape *whole;
    tnn_shape shape;
    uint32_t *names; /* [layers][MOST_SUSPECTS] which neurons of the whole they are */
    uint32_t *next;  /* [layers] whose place the next one takes */
};

static void add(tnn_suspects *s, uint32_t index, uint32_t neuron) {
    tnn_layer_shape *layer = &s->shape.layers[index];
    uint32_t *names = s->names + (size_t)index * MOST_SUSPECTS;
    for (uint32_t i = 0; i < layer->neurons; i++) {
        if (names[i] == neuron) {
            return;
        }
    }
    const uint32_t place = s->next[index];
    layer->neuron[place] = s->whole->layers[index].neuron[neuron];
    names[place] = neuron;
    s->next[index] = (place + 1) % MOST_SUSPECTS;
    layer->neurons = layer->neurons < MOST_SUSPECTS ? layer->neurons + 1 : MOST_SUSPECTS;
}

static void add_extremes(tnn_suspects *s, uint32_t index) {
    const tnn_layer_shape *layer = &s->whole->layers[index];
    uint32_t widest = 0;
    uint32_t noisiest = 0;
    for (uint32_t j = 0; j < layer->neurons; j++) {
        widest = layer->neuron[j].half_width > layer->neuron[widest].half_width ? j : widest;
        noisiest = layer->neuron[j].power > layer->neuron[noisiest].power ? j : noisiest;
    }
    add(s, index, widest);
    add(s, index, noisiest);
}

static tnn_status fill_layer(tnn_suspects *s, uint32_t index) {
    tnn_layer_shape *layer = &s->shape.layers[index];
    *layer = s->whole->layers[index];
    layer->gain = NULL;
    layer->neurons = 0;
    layer->neuron = tnn_alloc(MOST_SUSPECTS, sizeof *layer->neuron);
    if (!layer->neuron) {
        return TNN_ERR_MEMORY;
    }
    add_extremes(s, index);
    return TNN_OK;
}

tnn_status tnn_suspects_create(tnn_suspects **out, const tnn_shape *shape) {
    *out = NULL;
    tnn_suspects *s = tnn_alloc(1, sizeof *s);
    if (!s) {
        return TNN_ERR_MEMORY;
    }
    s->whole = shape;
    s->shape = *shape;
    s->shape.layers = tnn_alloc(shape->layer_count, sizeof *s->shape.layers);
    s->names = tnn_alloc(shape->layer_count, MOST_SUSPECTS * sizeof *s->names);
    s->next = tnn_alloc(shape->layer_count, sizeof *s->next);
    tnn_status status = s->shape.layers && s->names && s->next ? TNN_OK : TNN_ERR_MEMORY;
    for (uint32_t i = 0; status == TNN_OK && i < shape->layer_count; i++) {
        status = fill_layer(s, i);
    }
    if (status != TNN_OK) {
        tnn_suspects_free(s);
        return status;
    }
    *out = s;
    return TNN_OK;
}

void tnn_suspects_free(tnn_suspects *s) {
    if (!s) {
        return;
    }
    for (uint32_t i = 0; s->shape.layers && i < s->shape.layer_count; i++) {
        tnn_free(s->shape.layers[i].neuron);
    }
    tnn_free(s->shape.layers);
    tnn_free(s->names);
    tnn_free(s->next);
    tnn_free(s);
}

const tnn_shape *tnn_suspects_shape(const tnn_suspects *s) {
    return &s->shape;
}

void tnn_suspects_add(tnn_suspects *s, const tnn_budget *budget) {
    for (uint32_t i = 0; i < s->shape.layer_count; i++) {
        add(s, i, budget->layers[i].worst_neuron);
    }
}
