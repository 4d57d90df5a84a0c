/* synthetic_network.h: random networks of any size, for what depends on the size alone. */
#ifndef BENCH_SYNTHETIC_NETWORK_H
#define BENCH_SYNTHETIC_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include <torusnn/torusnn.h>

typedef struct synthetic_shape {
    uint32_t inputs;       /* pixels of an image one row high, 16 levels */
    uint32_t neurons;      /* of each table layer, one table of 128 cells each */
    uint32_t table_layers; /* at least 1 */
    uint32_t outputs;
} synthetic_shape;

/**
 * Draws ternary weights, and ramps as tables: over three standard deviations of what each accumulator takes either
 * way, as trained networks have them. Same shape, same network. On failure reports.
 */
bool synthetic_network(tnn_model **model, const synthetic_shape *shape);

/** The same as a circuit under given parameters, whatever precision they give it. On failure reports. */
bool synthetic_circuit(tnn_circuit **circuit, const synthetic_shape *shape, const tnn_params_literal *parameters);

#endif
