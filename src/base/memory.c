#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define HUGE_PAGE ((size_t)2 << 20)

/* Bytes rounded up to the alignment, or 0 on overflow. */
static size_t padded_bytes(size_t count, size_t size, size_t alignment) {
    if (size == 0 || count == 0 || count > (SIZE_MAX - alignment) / size) {
        return 0;
    }
    return (count * size + alignment - 1) / alignment * alignment;
}

static void *alloc_aligned(size_t bytes, size_t alignment) {
    return bytes ? aligned_alloc(alignment, bytes) : NULL;
}

void *tnn_alloc(size_t count, size_t size) {
    size_t bytes = padded_bytes(count, size, TNN_ALIGNMENT);
    void *memory = alloc_aligned(bytes, TNN_ALIGNMENT);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *tnn_alloc_huge(size_t count, size_t size) {
    size_t bytes = padded_bytes(count, size, HUGE_PAGE);
    void *memory = alloc_aligned(bytes, HUGE_PAGE);
#if defined(MADV_HUGEPAGE)
    if (memory) {
        (void)madvise(memory, bytes, MADV_HUGEPAGE); /* advice: without it the table is only slower */
    }
#endif
    return memory ? memset(memory, 0, bytes) : NULL;
}

void tnn_free(void *memory) {
    free(memory);
}
