/* What is refused by its header, its length or its kind before a body is read, and at once. */
#include "common/object_file.h"

#include <sys/stat.h>

#include "capture.h"
#include "common/input_file.h"
#include "scratch.h"

static const off_t LARGE = (off_t)10 << 30;

/* A header in front of a hole: its payload's announced length, and the file's. */
static void write_sparse(char kind, uint64_t announced, off_t length) {
    uint8_t header[32] = {'T', 'N', 'N', (uint8_t)kind, 1};
    for (size_t i = 0; i < 8; i++) {
        header[8 + i] = (uint8_t)(announced >> 8 * i);
    }
    scratch_write("file", header, sizeof header);
    assert_int_equal(truncate("file", length), 0);
}

static void wrong_headers_are_refused_before_the_body(void **state) {
    (void)state;
    bytes contents;
    write_sparse('E', (uint64_t)LARGE - 32, LARGE);
    assert_refusal("is not the kind of object", object_file_read(&contents, "file", "M"));
    assert_refusal("is not the kind of object", object_file_read(&contents, "file", "SK"));
    assert_refusal("is larger than 2 GiB", object_file_read(&contents, "file", "E"));
    write_sparse('\0', (uint64_t)LARGE - 32, LARGE);
    assert_refusal("is not the kind of object", object_file_read(&contents, "file", "E"));
    write_sparse('E', 1000, LARGE);
    assert_refusal("goes on behind its end", object_file_read(&contents, "file", "E"));
    write_sparse('E', UINT64_MAX, 1000);
    assert_refusal("ends early", object_file_read(&contents, "file", "E"));
    assert_null(contents.data);
}

static void short_files_end_early(void **state) {
    (void)state;
    bytes contents;
    for (off_t length = 0; length < 32; length++) {
        write_sparse('E', 0, 32);
        assert_int_equal(truncate("file", length), 0);
        assert_refusal("ends early", object_file_read(&contents, "file", "E"));
    }
}

static void good_headers_are_read_on(void **state) {
    (void)state;
    bytes contents;
    write_sparse('E', 5000, 5032);
    assert_true(object_file_read(&contents, "file", "ME"));
    assert_int_equal(contents.length, 5032);
    assert_memory_equal(contents.data, "TNNE", 4);
    assert_int_equal(contents.data[5031], 0);
    bytes_free(&contents);
    write_sparse('E', 0, 32);
    assert_true(object_file_read(&contents, "file", "E"));
    assert_int_equal(contents.length, 32);
    bytes_free(&contents);
}

/* A pipe without a writer would be waited for, /dev/zero never ends. */
static void what_is_no_regular_file_is_refused_at_once(void **state) {
    (void)state;
    bytes contents;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    alarm(20);
    const char *names[] = {"pipe", ".", "/dev/zero", "/dev/null"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_refusal("is not a regular file", input_file_read(&contents, names[i]));
        assert_refusal("is not a regular file", object_file_read(&contents, names[i], "M"));
    }
    alarm(0);
    assert_refusal("cannot be opened", input_file_read(&contents, "absent"));
}

static void control_characters_of_names_are_escaped(void **state) {
    (void)state;
    bytes contents;
    assert_refusal("abs\\x1b[2Jent: cannot be opened", input_file_read(&contents, "abs\x1b[2Jent"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wrong_headers_are_refused_before_the_body, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(short_files_end_early, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(good_headers_are_read_on, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(what_is_no_regular_file_is_refused_at_once, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(control_characters_of_names_are_escaped, scratch_make, scratch_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
