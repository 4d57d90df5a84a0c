/* Most mutants of PNG files get checksums that fit. */
#include <string.h>

#include "fuzz.h"

enum { UNSEALED_EVERY = 16, SIGNATURE_BYTES = 8, CHUNK_BYTES = 12 };

static uint32_t load_be32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void store_be32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* A chunk: u32 length, type (4 bytes), data, u32 CRC of type and data. */
static void renew_checksums(uint8_t *data, size_t size) {
    size_t at = SIGNATURE_BYTES;
    while (size >= CHUNK_BYTES && at <= size - CHUNK_BYTES) {
        const size_t length = load_be32(data + at);
        if (length > size - CHUNK_BYTES - at) {
            return;
        }
        store_be32(data + at + 8 + length, fuzz_crc32(data + at + 4, 4 + length));
        at += CHUNK_BYTES + length;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    size = fuzz_recall(data, size, max_size, seed);
    if (seed % 2) {
        fuzz_change_in_place(data, size, seed);
    } else {
        size = LLVMFuzzerMutate(data, size, max_size);
    }
    if (seed % UNSEALED_EVERY != 0 && size > SIGNATURE_BYTES && memcmp(data, "\x89PNG", 4) == 0) {
        renew_checksums(data, size);
    }
    return size;
}
