/* CMake defines TNN_HAVE_X86_KERNELS where it compiled loops for more than the portable set. */
#include "processor.h"

#if defined(TNN_HAVE_X86_KERNELS)
static int runs_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int runs_avx512(void) {
    return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

tnn_instructions tnn_instructions_best(void) {
    return runs_avx512() ? TNN_AVX512 : runs_avx2() ? TNN_AVX2 : TNN_PORTABLE;
}
#else
tnn_instructions tnn_instructions_best(void) {
    return TNN_PORTABLE;
}
#endif
