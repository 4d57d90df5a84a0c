/* Aligned, zeroed, overflow-checked memory. Secrets live elsewhere: see random/secret.h. */
#ifndef TNN_BASE_MEMORY_H
#define TNN_BASE_MEMORY_H

#include <stddef.h>

/* Widest vector load, and one cache line. */
#define TNN_ALIGNMENT ((size_t)64)

/* count * size bytes, zeroed, on a cache line; NULL where memory ends or the product overflows. */
void *tnn_alloc(size_t count, size_t size);

/* The same for large read-mostly tables: asks the system for huge pages, which save a TLB miss every 4 KiB. */
void *tnn_alloc_huge(size_t count, size_t size);

void tnn_free(void *memory);

#endif
