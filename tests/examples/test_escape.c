#include "common/escape.h"

#include <stdlib.h>
#include <string.h>

#include "testing.h"

static void assert_printed(const char *expected, const char *text) {
    char *printed = NULL;
    size_t length;
    FILE *stream = open_memstream(&printed, &length);
    assert_non_null(stream);
    escape_print(stream, text);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(printed, expected);
    free(printed);
}

static void plain_text_stays(void **state) {
    (void)state;
    const char *texts[] = {"", "pneumonia", "a\\b \"c\" ~", "Röntgen", "肺炎", "\xf0\x9f\xab\x81"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_printed(texts[i], texts[i]);
    }
}

static void every_control_byte_is_escaped(void **state) {
    (void)state;
    for (unsigned byte = 1; byte < 256; byte++) {
        const char text[] = {'a', (char)byte, 'b', '\0'};
        char escaped[8];
        snprintf(escaped, sizeof escaped, "a\\x%02xb", byte);
        assert_printed(byte < 0x20 || byte >= 0x7f ? escaped : text, text);
    }
}

static void controls_beyond_ascii_are_escaped(void **state) {
    (void)state;
    assert_printed("\\xc2\\x9b31m", "\xc2\x9b"
                                    "31m"); /* C1: another ESC [ */
    assert_printed("a\\xe2\\x80\\xaeb", "a\xe2\x80\xae"
                                        "b");                            /* U+202E turns the text around */
    assert_printed("\\xe2\\x81\\xa6\\xd8\\x9c", "\xe2\x81\xa6\xd8\x9c"); /* U+2066, U+061C */
    assert_printed("\xc2\xa0", "\xc2\xa0");                              /* U+00A0, the first behind C1 */
}

static void what_is_not_utf8_is_escaped(void **state) {
    (void)state;
    assert_printed("\\xc3", "\xc3");                            /* cut */
    assert_printed("\\xe2\\x82!", "\xe2\x82!");                 /* cut */
    assert_printed("\\xc1\\x9b", "\xc1\x9b");                   /* [ in two bytes */
    assert_printed("\\xed\\xa0\\x80", "\xed\xa0\x80");          /* a surrogate */
    assert_printed("\\xf4\\x90\\x80\\x80", "\xf4\x90\x80\x80"); /* above U+10FFFF */
    assert_printed("\\xf8\\x88\\x80\\x80", "\xf8\x88\x80\x80");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(every_control_byte_is_escaped),
        cmocka_unit_test(controls_beyond_ascii_are_escaped),
        cmocka_unit_test(what_is_not_utf8_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
