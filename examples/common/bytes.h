/* bytes.h: a block of memory with its length, wiped when freed because it may hold a secret key. */
#ifndef EXAMPLES_BYTES_H
#define EXAMPLES_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bytes {
    uint8_t *data; /* [length] */
    size_t length;
} bytes;

/** Allocates length bytes, 0 allowed. On failure reports and leaves the block empty. */
bool bytes_allocate(bytes *block, size_t length);

/** Wipes, frees and empties the block. An empty block is allowed. */
void bytes_free(bytes *block);

#endif
