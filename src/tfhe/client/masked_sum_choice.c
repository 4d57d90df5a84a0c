/*
 * Which of the compiled loops this processor runs: the client library has no other kernel. Sets and their order are
 * those of server/kernels_choice.c; the results are the same words on all of them.
 */
#include "masked_sum.h"

void tnn_masked_sum_portable(uint64_t *out, const uint64_t *in, uint64_t mask, size_t count);
void tnn_masked_sum_avx2(uint64_t *out, const uint64_t *in, uint64_t mask, size_t count);
void tnn_masked_sum_avx512(uint64_t *out, const uint64_t *in, uint64_t mask, size_t count);

static const tnn_masked_sum COMPILED[] = {
    [TNN_PORTABLE] = tnn_masked_sum_portable,
#if defined(TNN_HAVE_X86_KERNELS)
    [TNN_AVX2] = tnn_masked_sum_avx2,
    [TNN_AVX512] = tnn_masked_sum_avx512,
#endif
};

tnn_masked_sum tnn_masked_sum_for(tnn_instructions set) {
    return COMPILED[set];
}
