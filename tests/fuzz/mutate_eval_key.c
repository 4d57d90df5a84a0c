/* Most mutants have good parameters: one in so many has other ones than it came with. eval_key.c has the layout. */
#include "fuzz.h"

enum { FREE_EVERY = 8, OTHER_PARAMETERS_EVERY = 3, PARAMETERS_END = 1 + 64 };

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    size = fuzz_recall(data, size, max_size, seed);
    if (seed % FREE_EVERY == 0 || size <= PARAMETERS_END) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    if (seed % OTHER_PARAMETERS_EVERY == 0) {
        fuzz_change_in_place(data + 1, PARAMETERS_END - 1, seed);
        return size;
    }
    return PARAMETERS_END + LLVMFuzzerMutate(data + PARAMETERS_END, size - PARAMETERS_END, max_size - PARAMETERS_END);
}
