/*
 * Fewer rotations: an equal model with fewer neurons. A neuron costs one blind rotation, whatever its weights and
 * however many tables it has.
 */
#ifndef TNN_NN_SIMPLIFY_H
#define TNN_NN_SIMPLIFY_H

#include "model.h"
#include "watch.h"

/* Where a layer and its neurons stand in the model they come from. */
typedef struct tnn_origin {
    uint32_t layer;
    uint32_t *neurons; /* [neurons] */
} tnn_origin;

/* A model without name: no provenance, no fingerprint. */
typedef struct tnn_simplified {
    tnn_model *model;
    tnn_origin *origins; /* [model->layer_count] */
    bool changed;        /* false: the model is the original over again */
} tnn_simplified;

/*
 * The integer logits are the original's for every image: tnn_reference_accumulators says so of both. Gone are neurons
 * that nothing reads, neurons whose tables are constant over all that the weights let their accumulator reach, all but
 * one of neurons with equal or negated rows (where their tables or weights can be added to those of one of 32 of
 * them; in networks with many thousand twins some stay), and layers whose tables are all straight lines. A model
 * keeps one table layer, a layer one neuron. Returns TNN_ERR_MEMORY, or TNN_ERR_CANCELLED where watch, which may be
 * NULL, stops it.
 */
TNN_MUST_USE tnn_status tnn_simplify(tnn_simplified **simplified, const tnn_model *model, tnn_watch *watch);
void tnn_simplified_free(tnn_simplified *simplified);

#endif
