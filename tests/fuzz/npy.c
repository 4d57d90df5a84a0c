/* Arrays of .npy files, each element read. */
#include "common/npy.h"

#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    fuzz_start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const bytes file = {(uint8_t *)data, size};
    npy_array array;
    uint64_t sum = 0;
    fuzz_count(FUZZ_RUN);
    if (!npy_parse(&array, &file, "fuzz")) {
        return 0;
    }
    fuzz_count(FUZZ_LOADED);
    for (size_t i = 0; i < array.elements; i++) {
        sum += (uint64_t)npy_integer(&array, i);
    }
    if (array.dimensions > NPY_MOST_DIMENSIONS || (array.elements == 0 && sum != 0)) {
        abort();
    }
    return 0;
}
