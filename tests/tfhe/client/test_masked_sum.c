#include "masked_sum.h"

#include <string.h>

#include "draw.h"
#include "memory.h"
#include "testing.h"

static void check_sum(tnn_masked_sum add, size_t start, size_t count, uint64_t mask) {
    uint64_t *in = new_random(start + count + 1, sizeof *in);
    uint64_t *out = new_random(count + 1, sizeof *out);
    uint64_t *before = new_array(count + 1, sizeof *before);
    memcpy(before, out, (count + 1) * sizeof *out);
    add(out, in + start, mask, count);
    for (size_t i = 0; i <= count; i++) {
        assert_int_equal(out[i], before[i] + (i < count ? in[start + i] & mask : 0));
    }
    tnn_free(in);
    tnn_free(out);
    tnn_free(before);
}

static void check_sums(tnn_masked_sum add) {
    const size_t counts[] = {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 255, 256, 1537};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        for (size_t start = 0; start < 4; start++) {
            check_sum(add, start, counts[i], 0);
            check_sum(add, start, counts[i], ~(uint64_t)0);
        }
    }
}

static void every_instruction_set_adds_any_length_and_alignment(void **state) {
    (void)state;
    for (unsigned set = TNN_PORTABLE; set <= tnn_instructions_best(); set++) {
        check_sums(tnn_masked_sum_for((tnn_instructions)set));
    }
}

static void each_instruction_set_has_a_loop_of_its_own(void **state) {
    (void)state;
    for (unsigned set = TNN_PORTABLE + 1; set <= tnn_instructions_best(); set++) {
        assert_ptr_not_equal(tnn_masked_sum_for((tnn_instructions)set),
                             tnn_masked_sum_for((tnn_instructions)(set - 1)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_set_adds_any_length_and_alignment),
        cmocka_unit_test(each_instruction_set_has_a_loop_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
