#include "secret_marks.h"

#include <stdint.h>
#include <stdlib.h>
#include <valgrind/memcheck.h>

void __real_tnn_random_bytes(void *out, size_t length);
void __wrap_tnn_random_bytes(void *out, size_t length);

static bool marks_random_bytes;

void mark_random_bytes(void) {
    marks_random_bytes = true;
}

void __wrap_tnn_random_bytes(void *out, size_t length) {
    __real_tnn_random_bytes(out, length);
    if (marks_random_bytes) {
        mark_secret(out, length);
    }
}

bool secrets_are_marked(void) {
    return RUNNING_ON_VALGRIND;
}

void mark_secret(void *bytes, size_t length) {
    (void)VALGRIND_MAKE_MEM_UNDEFINED(bytes, length);
}

void publish(void *bytes, size_t length) {
    uint8_t bits[1];
    unsigned undefined = 0;
    for (size_t i = 0; i < length; i++) {
        (void)VALGRIND_GET_VBITS((const uint8_t *)bytes + i, bits, 1);
        undefined += bits[0] != 0;
    }
    if (undefined == 0) {
        abort();
    }
    (void)VALGRIND_MAKE_MEM_DEFINED(bytes, length);
}
