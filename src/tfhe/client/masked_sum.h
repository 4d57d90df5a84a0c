/*
 * The inner loop of every encryption under S, compiled once for each instruction set. The product of a mask polynomial
 * and a key polynomial S_j of bits is a sum of rotated masks, one for each bit that is 1; to tell nobody which, all N
 * are taken, each under a mask of its bit. N^2 words a product: clients make keys in parts of a second, by this loop
 * alone and without a Fourier transform.
 */
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
