#include <torusnn/status.h>

#include <string.h>

#include "testing.h"

static void every_status_has_its_own_text(void **state) {
    (void)state;
    for (int a = 0; a < TNN_STATUS_COUNT; a++) {
        assert_non_null(tnn_status_text((tnn_status)a));
        assert_true(strlen(tnn_status_text((tnn_status)a)) > 0);
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(tnn_status_text((tnn_status)a), tnn_status_text((tnn_status)b));
        }
    }
}

static void every_error_says_what_to_do(void **state) {
    (void)state;
    for (int error = TNN_OK + 1; error < TNN_STATUS_COUNT; error++) {
        assert_non_null(strchr(tnn_status_text((tnn_status)error), ';'));
    }
}

static void unknown_values_have_a_text_of_their_own(void **state) {
    (void)state;
    const int unknown[] = {TNN_STATUS_COUNT, TNN_STATUS_COUNT + 1, 1000000, -1};
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        const char *text = tnn_status_text((tnn_status)unknown[i]);
        assert_non_null(text);
        for (int known = 0; known < TNN_STATUS_COUNT; known++) {
            assert_string_not_equal(text, tnn_status_text((tnn_status)known));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_text),
        cmocka_unit_test(every_error_says_what_to_do),
        cmocka_unit_test(unknown_values_have_a_text_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
