#include "failures.h"

#include "testing.h"

/* Whether the `number`-th call was reached, and failed as it has to. */
static bool check_failure(const fallible *function, void *context, size_t number) {
    const size_t before = live_allocations();
    void *object = UNSET;
    fail_call(number);
    tnn_status status = function->make(context, &object);
    const tnn_status expected = failure_status();
    const bool reached = failure_reached();
    fail_call(0);
    if (expected == TNN_OK) {
        assert_ok(status);
        function->release(object);
    } else if (status != expected || object) {
        fail_msg("%s, call %zu failed: status %d, not %d, or an object", function->name, number, (int)status,
                 (int)expected);
    }
    if (live_allocations() != before) {
        fail_msg("%s, call %zu failed: %zu allocations before, %zu after", function->name, number, before,
                 live_allocations());
    }
    return reached;
}

void check_each_failure(const fallible *function, void *context) {
    size_t failures = 0;
    while (check_failure(function, context, failures + 1)) {
        failures++;
    }
    print_message("%s: %zu failures\n", function->name, failures);
    assert_true(failures >= function->calls);
}
