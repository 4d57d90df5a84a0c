#include "memory.h"

#include <string.h>

#include "testing.h"

typedef void *(*allocator)(size_t count, size_t size);

static const allocator ALLOCATORS[] = {tnn_alloc, tnn_alloc_huge};

/* A freed block that was written to comes back zeroed. */
static void memory_is_aligned_and_zeroed(void **state) {
    (void)state;
    const size_t counts[] = {1, 63, 64, 65, 4097, 3000000};
    for (size_t a = 0; a < COUNT_OF(ALLOCATORS); a++) {
        for (size_t i = 0; i < 2 * COUNT_OF(counts); i++) {
            size_t count = counts[i / 2];
            unsigned char *memory = ALLOCATORS[a](count, 3);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % TNN_ALIGNMENT, 0);
            for (size_t j = 0; j < 3 * count; j++) {
                assert_int_equal(memory[j], 0);
            }
            memset(memory, 0xff, 3 * count);
            tnn_free(memory);
        }
    }
}

static void impossible_sizes_give_null(void **state) {
    (void)state;
    for (size_t a = 0; a < COUNT_OF(ALLOCATORS); a++) {
        assert_null(ALLOCATORS[a](0, 8));
        assert_null(ALLOCATORS[a](8, 0));
        assert_null(ALLOCATORS[a](SIZE_MAX, 1));
        assert_null(ALLOCATORS[a](SIZE_MAX - 62, 1));
        assert_null(ALLOCATORS[a](SIZE_MAX / 8 + 1, 8));
        assert_null(ALLOCATORS[a]((SIZE_MAX >> 1) + 2, 2));
    }
}

static void freeing_null_is_allowed(void **state) {
    (void)state;
    tnn_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_zeroed),
        cmocka_unit_test(impossible_sizes_give_null),
        cmocka_unit_test(freeing_null_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
