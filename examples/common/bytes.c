#include "common/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "common/report.h"

bool bytes_allocate(bytes *block, size_t length) {
    uint8_t *data = malloc(length > 0 ? length : 1);
    *block = (bytes){.data = data, .length = data != NULL ? length : 0};
    return data != NULL || report_out_of_memory();
}

void bytes_free(bytes *block) {
    if (block->data != NULL) {
        explicit_bzero(block->data, block->length);
    }
    free(block->data);
    *block = (bytes){0};
}
