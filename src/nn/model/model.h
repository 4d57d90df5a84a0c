/* A quantized fully connected network: integers only. docs/FORMATS.md has its file form. */
#ifndef TNN_NN_MODEL_H
#define TNN_NN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torusnn/status.h>

#include "readout.h"

#define TNN_FINGERPRINT_BYTES 16u

/*
 * accumulator = bias + weights . inputs; each table of the neuron is then read at the accumulator's cell. Cells are
 * equally wide over the range of the neuron, or begin where its thresholds say.
 */
typedef struct tnn_layer {
    uint32_t inputs;
    uint32_t neurons;
    uint32_t tables_per_neuron; /* 0 in the last layer only: its accumulators are the logits */
    uint32_t table_cells;
    bool has_thresholds;
    int16_t *weights;    /* [neurons][inputs], none below -INT16_MAX */
    int32_t *biases;     /* [neurons] */
    int32_t *ranges;     /* [neurons][2]: lowest and highest accumulator of the tables; beyond, the end cells hold */
    int32_t *thresholds; /* [neurons][table_cells - 1], never falling: cell c + 1 begins at the c-th; or NULL */
    int16_t *tables;     /* [neurons][tables_per_neuron][table_cells] */
} tnn_layer;

/* The precision for which a network was made. */
typedef struct tnn_contract {
    bool stated; /* false: the file says nothing, the library's defaults hold */
    bool exact;
    bool whole_torus;
    double position_noise;    /* most deviation of a table position, fraction of its range */
    double logit_noise;       /* most deviation of a logit's own noise, fraction of the logit's spread */
    double log2_lookup_error; /* exact: most log2 of a lookup's failure */
} tnn_contract;

struct tnn_model {
    uint32_t height, width, channels;
    uint32_t input_levels;  /* inputs are 0 to input_levels - 1 */
    uint8_t input_map[256]; /* the level of each value of a pixel */
    tnn_readout readout;
    tnn_contract contract;
    uint32_t layer_count;
    tnn_layer *layers;                          /* [layer_count] */
    char *provenance;                           /* JSON text */
    uint8_t fingerprint[TNN_FINGERPRINT_BYTES]; /* of the file, salt included */
};
typedef struct tnn_model tnn_model;

/* An empty model with memory for its list of layers. */
TNN_MUST_USE tnn_status tnn_model_new(tnn_model **model, uint32_t layer_count);
TNN_API void tnn_model_free(tnn_model *model);

/* Memory for a layer whose four sizes and has_thresholds are set. */
TNN_MUST_USE tnn_status tnn_layer_allocate(tnn_layer *layer);

/* Gives back what the layer points to. */
void tnn_layer_release(tnn_layer *layer);

/* Values that a layer hands on: neurons, or their tables. */
size_t tnn_layer_outputs(const tnn_layer *layer);

size_t tnn_model_pixels(const tnn_model *model);
size_t tnn_model_outputs(const tnn_model *model);

/* The widest list of values between two layers, the image and the logits included. */
size_t tnn_model_widest(const tnn_model *model);

/* The most tables that a neuron has; 0 where there are none. */
uint32_t tnn_model_most_tables(const tnn_model *model);

/* What contradicts what. */
typedef struct tnn_contradiction {
    uint32_t layer; /* TNN_WHOLE_MODEL: no one layer's */
    const char *field;
    const char *what;
} tnn_contradiction;

#define TNN_WHOLE_MODEL UINT32_MAX

/* TNN_ERR_MALFORMED, and *found, where a field contradicts another: shapes that do not chain, a table range that is
 * empty or has fewer accumulators than cells, thresholds that fall, tables in the last layer or none in one before
 * it. */
TNN_MUST_USE tnn_status tnn_model_check(const tnn_model *model, tnn_contradiction *found);

/* Highest minus lowest plus one: accumulators that a neuron's tables tell apart. */
int64_t tnn_layer_range_width(const tnn_layer *layer, size_t neuron);

/* The cell that an accumulator falls in; beyond the range, the one at that end. */
size_t tnn_layer_cell(const tnn_layer *layer, size_t neuron, int64_t accumulator);

/* The entries [table_cells] of a table. */
int16_t *tnn_layer_table(const tnn_layer *layer, size_t neuron, size_t table);

/* What table `table` of a neuron says of an accumulator. */
int32_t tnn_layer_lookup(const tnn_layer *layer, size_t neuron, size_t table, int64_t accumulator);

#endif
