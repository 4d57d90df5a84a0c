/* Small random quantized networks, images for them, and an evaluator that shares no line with src/nn. */
#ifndef SUPPORT_NETWORKS_H
#define SUPPORT_NETWORKS_H

#include "range.h"

typedef enum table_kind {
    TABLES_RANDOM, /* any entries */
    TABLES_RAMP, /* rising or falling in small steps, flat at the ends: a small position error is a small value error */
} table_kind;

/* Every table layer has the same sizes. Weights, biases and tables are drawn. */
typedef struct network_shape {
    uint32_t height, width, channels, input_levels;
    uint32_t table_layers; /* 0: logits alone */
    uint32_t neurons;      /* of each table layer */
    uint32_t tables_per_neuron;
    uint32_t table_cells;
    uint32_t outputs;
    uint32_t weight_magnitude;
    uint32_t table_magnitude;
    table_kind tables;
} network_shape;

/* A 4 x 3 image of one channel, 8 levels; 4 neurons with one table of 16 cells; weights and tables below 4 and 20. */
network_shape small_shape(void);

/* Inputs of a few levels and weights of size 1: accumulators of a few dozen values. */
network_shape three_level_shape(void);

/* The ranges of the tables hold every accumulator that an image can reach. Free with tnn_model_free. */
tnn_model *random_network(const network_shape *shape);

/* Random pixels [tnn_model_pixels]; free with tnn_free. */
uint8_t *random_image(const tnn_model *model);

/* Integer logits [tnn_model_outputs] in the clear, by recursion from the logits back to the pixels. */
void naive_logits(const tnn_model *model, int64_t *logits, const uint8_t *image);

/* What tnn_layer_reach says of one neuron. */
tnn_interval reach_of(const tnn_model *model, uint32_t index, size_t neuron);

/* The integer reference of src/nn with its scratch memory. */
void reference_logits(const tnn_model *model, int64_t *logits, const uint8_t *image);

#endif
