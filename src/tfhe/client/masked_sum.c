/*
 * out += in & mask, where the mask, all ones or all zeros, is a bit of the key: a product with the bit that takes the
 * same instructions and touches the same addresses whatever the bit is. A plain loop that the compiler vectorizes.
 * CMake compiles this file once for each instruction set, with TNN_MASKED_SUM naming the resulting function.
 */
#include <stddef.h>
#include <stdint.h>

void TNN_MASKED_SUM(uint64_t *out, const uint64_t *in, uint64_t mask, size_t count);

void TNN_MASKED_SUM(uint64_t *restrict out, const uint64_t *restrict in, uint64_t mask, size_t count) {
    for (size_t i = 0; i < count; i++) {
        out[i] += in[i] & mask;
    }
}
