/* Most mutants get a header that fits: executions go past the digest. Most keep their length. */
#include <string.h>

#include "file_bytes.h"
#include "fuzz.h"

enum { UNSEALED_EVERY = 64, OTHER_VERSION_EVERY = 61 };

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    if (seed % UNSEALED_EVERY == 0 || max_size <= FILE_HEADER_BYTES) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    size = fuzz_recall(data, size, max_size, seed);
    if (size < FILE_HEADER_BYTES) {
        memset(data + size, 0, FILE_HEADER_BYTES - size);
        size = FILE_HEADER_BYTES;
    }
    size_t payload = size - FILE_HEADER_BYTES;
    if (seed % 4 == 1) {
        payload = LLVMFuzzerMutate(data + FILE_HEADER_BYTES, payload, max_size - FILE_HEADER_BYTES);
    } else {
        fuzz_change_in_place(data + FILE_HEADER_BYTES, payload, seed);
    }
    const file_bytes mutant = {data, FILE_HEADER_BYTES + payload};
    data[4] = data[4] == 2 ? 2 : 1;
    if (seed % OTHER_VERSION_EVERY == 0) {
        data[4] ^= 3;
    }
    seal_file(&mutant, FUZZ_KIND);
    return mutant.length;
}
