#include "bench/instructions.h"

#include <stddef.h>
#include <string.h>

#include "common/report.h"
#include "tests/support/instruction_sets.h"

static const char *const NAMES[TNN_INSTRUCTION_SETS] = {
    [TNN_PORTABLE] = "portable", [TNN_AVX2] = "avx2", [TNN_AVX512] = "avx512"};

bool instructions_choose(const char *name) {
    size_t set = 0;
    while (set < TNN_INSTRUCTION_SETS && strcmp(NAMES[set], name) != 0) {
        set++;
    }
    if (set == TNN_INSTRUCTION_SETS) {
        return report_error("'%s' is no instruction set: portable, avx2 or avx512", name);
    }
    if (set > (size_t)instructions_of_processor()) {
        return report_error("this processor has no %s", name);
    }
    choose_instructions((tnn_instructions)set);
    return true;
}
