/* How pixels become levels and integer logits real ones: what a model's clients know of it besides shapes. */
#ifndef TNN_NN_READOUT_H
#define TNN_NN_READOUT_H

#include <stddef.h>
#include <stdint.h>

#include <torusnn/status.h>

#define TNN_CLASS_NAME_BYTES 64u /* with its terminating NUL */

/* How integer logits are read: real logit = scale times integer logit + offset. */
typedef struct tnn_readout {
    uint32_t outputs;
    uint32_t named; /* classes that have names: none, or all. One output stands for two classes */
    double *scales; /* [outputs] */
    double *offsets;
    char (*names)[TNN_CLASS_NAME_BYTES]; /* [named] UTF-8 */
} tnn_readout;

/* Memory for a readout of `outputs` logits at scale 1 and `named` names. TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_readout_allocate(tnn_readout *readout, uint32_t outputs, uint32_t named);
TNN_MUST_USE tnn_status tnn_readout_copy(tnn_readout *copy, const tnn_readout *readout);

/* Gives back what the readout points to. */
void tnn_readout_release(tnn_readout *readout);

/* An integer logit, or what noise made of it, as a real one. */
static inline double tnn_real_logit(const tnn_readout *readout, size_t output, double logit) {
    return readout->scales[output] * logit + readout->offsets[output];
}

/* Classes that outputs tell apart: as many, but one output is a logit between two. */
static inline uint32_t tnn_class_count(uint32_t outputs) {
    return outputs == 1 ? 2 : outputs;
}

/* input_map [256] of `levels` levels, each pixel to the nearest. */
void tnn_fill_even_map(uint8_t *input_map, uint32_t levels);

#endif
