/* Memory for secrets: between guard pages, locked where the system allows, wiped when freed. */
#ifndef TNN_RANDOM_SECRET_H
#define TNN_RANDOM_SECRET_H

#include <stddef.h>

/* Zeroed; NULL where memory ends or the product overflows. tnn_random_start must have succeeded. */
void *tnn_secret_alloc(size_t count, size_t size);
void tnn_secret_free(void *memory);

/* Overwrites in a way the compiler keeps. */
void tnn_wipe(void *memory, size_t length);

#endif
