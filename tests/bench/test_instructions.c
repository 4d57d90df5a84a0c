#include "bench/instructions.h"

#include <string.h>

#include "instruction_sets.h"
#include "kernels.h"
#include "testing.h"

#include "examples/capture.h"

/* The library takes the set that is chosen, and sets that the processor lacks are refused. */
static void a_set_of_the_processor_is_taken(void **state) {
    (void)state;
    const char *const names[] = {"portable", "avx2", "avx512"};
    const tnn_instructions most = instructions_of_processor();
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (i > (size_t)most) {
            assert_refusal("this processor has no", instructions_choose(names[i]));
            continue;
        }
        assert_true(instructions_choose(names[i]));
        assert_string_equal(strrchr(tnn_kernels_best()->name, '_') + 1, names[i]);
    }
}

static void other_names_are_refused(void **state) {
    (void)state;
    assert_refusal("'sse9' is no instruction set", instructions_choose("sse9"));
    assert_refusal("'' is no instruction set", instructions_choose(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_of_the_processor_is_taken),
        cmocka_unit_test(other_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
