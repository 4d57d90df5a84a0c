/*
 * Which of the compiled kernel sets this processor runs. The same sources are compiled once for each instruction set,
 * from portable C up; sets are ordered, each needs all that the one before it needs, and the best that the processor
 * has is taken at every call: a table look-up, no lock, nothing to start. All sets give the same words, but for the
 * order of floating-point sums.
 */
#include "kernels.h"

#include "processor.h"

extern const tnn_kernels tnn_kernels_portable;
extern const tnn_kernels tnn_kernels_avx2;
extern const tnn_kernels tnn_kernels_avx512;

static const tnn_kernels *const COMPILED[] = {
    [TNN_PORTABLE] = &tnn_kernels_portable,
#if defined(TNN_HAVE_X86_KERNELS)
    [TNN_AVX2] = &tnn_kernels_avx2,
    [TNN_AVX512] = &tnn_kernels_avx512,
#endif
};

size_t tnn_kernels_available(const tnn_kernels **sets, size_t capacity) {
    size_t count = 0;
    const size_t compiled = sizeof COMPILED / sizeof *COMPILED;
    while (count < capacity && count < compiled && count <= tnn_instructions_best()) {
        sets[count] = COMPILED[count];
        count++;
    }
    return count;
}

const tnn_kernels *tnn_kernels_best(void) {
    return COMPILED[tnn_instructions_best()];
}
