/* Most mutants of zip archives get checksums that fit, as far as their members are stored and not packed. */
#include <string.h>

#include "fuzz.h"

enum { UNSEALED_EVERY = 16, LOCAL_BYTES = 30, CENTRAL_BYTES = 46 };

static size_t load_le(const uint8_t *bytes, int width) {
    size_t value = 0;
    while (width-- > 0) {
        value = value << 8 | bytes[width];
    }
    return value;
}

static void store_le32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

/* The member that a central entry tells of: u16 method at 10, u32 CRC at 16, packed size at 20, place at 42. Its own
 * header has the CRC at 14, u16 lengths of name and extra field at 26. */
static void renew_member(uint8_t *data, size_t size, uint8_t *central) {
    const size_t packed = load_le(central + 20, 4);
    const size_t place = load_le(central + 42, 4);
    if (load_le(central + 10, 2) != 0 || place > size || size - place < LOCAL_BYTES) {
        return;
    }
    const size_t start = place + LOCAL_BYTES + load_le(data + place + 26, 2) + load_le(data + place + 28, 2);
    if (start <= size && packed <= size - start) {
        const uint32_t crc = fuzz_crc32(data + start, packed);
        store_le32(data + place + 14, crc);
        store_le32(central + 16, crc);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    size = fuzz_recall(data, size, max_size, seed);
    if (seed % 2) {
        fuzz_change_in_place(data, size, seed);
    } else {
        size = LLVMFuzzerMutate(data, size, max_size);
    }
    for (size_t at = 0; seed % UNSEALED_EVERY != 0 && at + CENTRAL_BYTES <= size; at++) {
        if (memcmp(data + at, "PK\1\2", 4) == 0) {
            renew_member(data, size, data + at);
        }
    }
    return size;
}
