#include "instruction_sets.h"

#include <stdbool.h>

static tnn_instructions chosen;
static bool is_chosen;

tnn_instructions __real_tnn_instructions_best(void);
tnn_instructions __wrap_tnn_instructions_best(void);

tnn_instructions __wrap_tnn_instructions_best(void) {
    return is_chosen ? chosen : __real_tnn_instructions_best();
}

void choose_instructions(tnn_instructions set) {
    chosen = set;
    is_chosen = true;
}

tnn_instructions instructions_of_processor(void) {
    return __real_tnn_instructions_best();
}
