/*
 * Which of the compiled kernel sets this processor runs. CMake defines TNN_HAVE_X86_KERNELS where it compiled them. All
 * sets compute the same integers; doubles may differ in the last bit, as some sets fuse multiplications with additions.
 */
#include "kernels.h"

extern const tnn_kernels tnn_kernels_portable;

#if defined(TNN_HAVE_X86_KERNELS)
extern const tnn_kernels tnn_kernels_avx2;
extern const tnn_kernels tnn_kernels_avx512;

static int runs_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int runs_avx512(void) {
    return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

size_t tnn_kernels_available(const tnn_kernels **sets, size_t capacity) {
    size_t count = 0;
    if (count < capacity) {
        sets[count++] = &tnn_kernels_portable;
    }
#if defined(TNN_HAVE_X86_KERNELS)
    if (count < capacity && runs_avx2()) {
        sets[count++] = &tnn_kernels_avx2;
    }
    if (count < capacity && runs_avx512()) {
        sets[count++] = &tnn_kernels_avx512;
    }
#endif
    return count;
}

const tnn_kernels *tnn_kernels_best(void) {
    const tnn_kernels *sets[3];
    return sets[tnn_kernels_available(sets, 3) - 1];
}
