#include "explain/provenance.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "testing.h"

static void assert_printed(const char *expected, const char *text) {
    char printed[256];
    FILE *file = tmpfile();
    fflush(stdout);
    const int before = dup(STDOUT_FILENO);
    assert_true(file != NULL && before >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
    provenance_print(text);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    rewind(file);
    printed[fread(printed, 1, sizeof printed - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(printed, expected);
}

static void what_is_said_of_the_origin_is_printed(void **state) {
    (void)state;
    assert_printed("trained on pneumoniamnist, images: 4708; CC BY 4.0\n",
                   "{\"set\": \"pneumoniamnist\", \"images\": {\"train\": 4708}, \"licence\": \"CC BY 4.0\"}");
    assert_printed("says nothing of its training data\n", "{}");
    assert_printed("says nothing of its training data\n", "no JSON");
}

static void a_model_cannot_write_on_the_terminal(void **state) {
    (void)state;
    assert_printed("trained on a\\x1b[2J\\x0ab; \\x9b31m\n", "{\"set\": \"a\\u001b[2J\\nb\", \"licence\": \"\x9b"
                                                             "31m\"}");
    assert_printed("trained on a\\xe2\\x80\\xaeb\n", "{\"set\": \"a\\u202eb\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_of_the_origin_is_printed),
        cmocka_unit_test(a_model_cannot_write_on_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
