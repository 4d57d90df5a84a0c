/* The inner loop of every encryption under S, compiled once for each instruction set. */
#ifndef TNN_TFHE_MASKED_SUM_H
#define TNN_TFHE_MASKED_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "processor.h"

/* out [count] += in & mask: the same instructions whatever the mask. */
typedef void (*tnn_masked_sum)(uint64_t *out, const uint64_t *in, uint64_t mask, size_t count);

/* The loop for an instruction set that this processor runs. */
tnn_masked_sum tnn_masked_sum_for(tnn_instructions set);

#endif
