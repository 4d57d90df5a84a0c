/* PGM and PPM images, whatever their size. */
#include "common/netpbm.h"

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
    netpbm_image image = {0};
    fuzz_count(FUZZ_RUN);
    if (!netpbm_parse(&image, "fuzz", &file)) {
        return 0;
    }
    fuzz_count(FUZZ_LOADED);
    if (image.pixels.length != (size_t)image.height * image.width * image.channels) {
        abort();
    }
    netpbm_free(&image);
    return 0;
}
