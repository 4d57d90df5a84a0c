#include "draw.h"

#include "memory.h"
#include "random.h"
#include "testing.h"

void *new_array(size_t count, size_t size) {
    void *array = tnn_alloc(count, size);
    assert_non_null(array);
    return array;
}

static void random_bytes(void *out, size_t length) {
    assert_ok(tnn_random_start());
    tnn_random_bytes(out, length);
}

void *new_random(size_t count, size_t size) {
    void *array = new_array(count, size);
    random_bytes(array, count * size);
    return array;
}

uint32_t draw_below(uint32_t bound) {
    uint64_t value;
    random_bytes(&value, sizeof value);
    return (uint32_t)(value % bound);
}

int32_t draw_signed(uint32_t magnitude) {
    return (int32_t)draw_below(2 * magnitude + 1) - (int32_t)magnitude;
}

void draw_permutation(uint32_t *out, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = draw_below(i + 1);
        out[i] = out[j];
        out[j] = i;
    }
}
