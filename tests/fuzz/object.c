/* Objects of the library. FUZZ_USE, defined where this is compiled, is the kind: object_uses.h. */
#include "fuzz.h"
#include "header.h"
#include "object_uses.h"

/* Compilations and key generations take tens of milliseconds: one input in so many gets them. */
#define FULL_EVERY 16

static tiny_world world;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    make_tiny_world(&world);
    fuzz_start();
    return 0;
}

/* By a byte of the digest, so that an input always gets the same. */
static use_depth depth_of(const uint8_t *data, size_t size) {
    return fuzz_is_replay || (size >= FILE_HEADER_BYTES && data[16] % FULL_EVERY == 0) ? USE_FULL : USE_QUICK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const file_bytes file = {(uint8_t *)data, size}; /* which nobody writes to */
    tnn_reader payload;
    fuzz_count(FUZZ_RUN);
    if (tnn_open(&payload, NULL, (tnn_kind)FUZZ_USE.format->kind, data, size) == TNN_OK) {
        fuzz_count(FUZZ_PAST_DIGEST);
    }
    if (load_and_use(&FUZZ_USE, &world, &file, depth_of(data, size)) == TNN_OK) {
        fuzz_count(FUZZ_LOADED);
        fuzz_remember(data, size);
        if (depth_of(data, size) == USE_FULL) {
            fuzz_count(FUZZ_USED_IN_FULL);
        }
    }
    return 0;
}
