/*
 * A circuit: a model made ready for encrypted evaluation under one parameter set. N is here, and in all of the room,
 * the number of a table's positions: of split tables 2^v times that of the ring.
 *
 * VALUES ON THE TORUS. A layer's input x is encrypted as unit (x - centre): unit is a fraction of the torus, centre a
 * half-integer that is 0 for pixels. A neuron's phase is strength unit (accumulator - middle) + (N - 1) / (4N), where
 * middle is the middle of its table range and strength an integer that spreads the range over the half torus [0, 1/2)
 * that one test polynomial covers. Phases are rounded to positions 0 to N - 1, whose middle is (N - 1) / 2 of 2N, not
 * quite 1/4 of the torus. Position p of the N a test polynomial has then stands for accumulator
 * middle + (p - (N - 1) / 2) / slope, with slope = 2N strength unit positions an accumulator.
 *
 * THE OTHER HALF. A blind rotation gives the negated entry N below on [1/2, 1). Tables are centred, g = f - centre with
 * centre = (f(low) + f(high)) / 2, so that g(low) = -g(high): just past either end the table goes on as it ended.
 */
#ifndef TNN_NN_CIRCUIT_H
#define TNN_NN_CIRCUIT_H

#include "budget.h"
#include "spec.h"

/* What a layer needs besides the model's integers. Units are multiples of 2^-32. */
typedef struct tnn_layer_circuit {
    uint32_t inputs;
    uint32_t neurons;
    uint32_t tables_per_neuron; /* 0: logits */
    uint32_t table_cells;
    int16_t *weights;         /* [neurons][inputs], times strength */
    uint32_t *offsets;        /* [neurons] added to the body */
    uint32_t output_unit;     /* torus weight of one unit of a table value, a multiple of 4 */
    uint32_t *tests;          /* [neurons][N]: test polynomials, where there is one table a neuron */
    tnn_step_table *steps;    /* [neurons][tables_per_neuron], where there are more */
    uint32_t *step_positions; /* [neurons][tables_per_neuron][tnn_most_steps], what `steps` point into */
    int32_t *step_sizes;      /* likewise */
} tnn_layer_circuit;

/* How a neuron of the model lies on the torus; all 0 where the circuit does without its bootstrap. */
typedef struct tnn_fill {
    double width_share;    /* of its table on the torus, over that of the layer's widest */
    double norm_share;     /* deviation of its weighted inputs, each of deviation 1, over its range's width */
    double position_noise; /* standard deviation of its table position, fraction of its range */
    double room;           /* accumulators that half the torus has a place for */
} tnn_fill;

/* A layer of the model, and the layer of the circuit that evaluates it. */
typedef struct tnn_layer_report {
    uint32_t inputs, neurons, tables_per_neuron, table_cells;
    tnn_fill *fills;           /* [neurons], for a layer with tables */
    uint64_t unproven_neurons; /* that can leave the range of their tables */
    uint32_t worst_neuron;     /* of the budget */
    uint32_t circuit_layer;    /* TNN_NO_LAYER where the layer behind it took it over */
} tnn_layer_report;

#define TNN_NO_LAYER UINT32_MAX

/* One point of an agreement-cost curve. */
typedef struct tnn_agreement {
    double milliseconds, position_noise, logit_noise; /* of the circuit that was simulated */
    double share;                                     /* of images and runs that kept their class */
    double low;                                       /* of it, with confidence */
} tnn_agreement;

struct tnn_circuit {
    tnn_spec spec;
    uint32_t layer_count;
    tnn_layer_circuit *layers; /* [layer_count] */
    uint32_t report_count;
    tnn_layer_report *reports; /* [report_count] layers of the model that was asked for */
    tnn_budget budget;         /* its noise, layer by layer */
    uint64_t bootstraps;       /* an image */
    double milliseconds;       /* predicted, an image on one thread */
    tnn_agreement *curve;      /* [curve_count] where it was compiled by agreement, else NULL */
    size_t curve_count;
    bool whole_torus; /* tables take all of it, see tnn_fill_whole_test */
};
typedef struct tnn_circuit tnn_circuit;

TNN_API void tnn_circuit_free(tnn_circuit *circuit);

/* Frees reports [count] and what they point to; NULL is allowed. */
void tnn_reports_free(tnn_layer_report *reports, uint32_t count);

/* Bytes that a circuit takes in memory. */
size_t tnn_circuit_bytes(const tnn_circuit *circuit);

#endif
