/* fill.h: how well the neurons of a layer use the torus. */
#ifndef EXAMPLES_FILL_H
#define EXAMPLES_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torusnn/torusnn.h>

/** One figure of the neurons of a layer. */
typedef struct fill_spread {
    double min, median, max;
    size_t worst; /* the neuron, from 0, that has the end of it which costs the layer noise */
} fill_spread;

/** Of the neurons with a bootstrap. */
typedef struct layer_fill {
    uint64_t neurons;   /* that have one; 0: nothing else is set */
    fill_spread widths; /* width over the widest, worst where it is least */
    fill_spread norms;  /* l2 norm over width, worst where it is largest */
} layer_fill;

/** Sums up neurons [count]. On failure reports. */
bool layer_fill_of(layer_fill *fill, const tnn_neuron_info *neurons, size_t count);

#endif
