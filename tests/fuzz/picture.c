/* Images of any format that the client reads, where a model wants grey and where it wants colours. */
#include "common/picture.h"

#include "fuzz.h"

enum { SIDE = 16 }; /* of the corpus */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    fuzz_start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t pixels[3 * SIDE * SIDE];
    const char *path = fuzz_file(data, size);
    fuzz_count(FUZZ_RUN);
    for (uint32_t channels = 1; channels <= 3; channels += 2) {
        const picture_shape shape = {SIDE, SIDE, channels};
        if (picture_read(pixels, &shape, path)) {
            fuzz_count(FUZZ_LOADED);
            fuzz_remember(data, size);
        }
    }
    return 0;
}
