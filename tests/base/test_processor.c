#include "processor.h"

#include <stdbool.h>

#include "testing.h"

/* By the compiler's own word, flag by flag. */
static void the_best_set_is_what_the_processor_has(void **state) {
    (void)state;
#if defined(__x86_64__)
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    assert_int_equal(tnn_instructions_best(), avx512 ? TNN_AVX512 : avx2 ? TNN_AVX2 : TNN_PORTABLE);
#else
    assert_int_equal(tnn_instructions_best(), TNN_PORTABLE);
#endif
    assert_true(tnn_instructions_best() < TNN_INSTRUCTION_SETS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_set_is_what_the_processor_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
