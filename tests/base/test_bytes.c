#include "bytes.h"

#include <string.h>

#include "testing.h"

static void loads_and_stores_little_endian(void **state) {
    (void)state;
    const uint8_t expected[8] = {0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01};
    uint8_t bytes[8];
    tnn_store_le(bytes, 0x0102030405060708u, 8);
    assert_memory_equal(bytes, expected, 8);
    for (unsigned width = 1; width <= 8; width++) {
        uint64_t low = width == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * width)) - 1;
        assert_int_equal(tnn_load_le(expected, width), 0x0102030405060708u & low);
    }
}

static void store_keeps_to_its_width(void **state) {
    (void)state;
    uint8_t bytes[4] = {9, 9, 9, 9};
    tnn_store_le(bytes + 1, 0xffffffffu, 2);
    const uint8_t expected[4] = {9, 0xff, 0xff, 9};
    assert_memory_equal(bytes, expected, 4);
}

static void reads_what_was_written(void **state) {
    (void)state;
    uint8_t buffer[8 + 4 + 8 + 3];
    tnn_writer writer = {buffer};
    tnn_write_le(&writer, 0xfedcba9876543210u, 8);
    tnn_write_u32(&writer, 0xdeadbeefu);
    tnn_write_f64(&writer, -0.1);
    tnn_write_copy(&writer, "abc", 3);
    assert_ptr_equal(writer.next, buffer + sizeof buffer);

    tnn_reader reader = {.bytes = buffer, .length = sizeof buffer};
    char text[3];
    assert_int_equal(tnn_read_le(&reader, 8), 0xfedcba9876543210u);
    assert_int_equal(tnn_read_u32(&reader), 0xdeadbeefu);
    assert_true(tnn_read_f64(&reader) == -0.1);
    tnn_read_copy(&reader, text, sizeof text);
    assert_memory_equal(text, "abc", 3);
    assert_int_equal(tnn_reader_left(&reader), 0);
    assert_false(reader.failed);
}

static void reading_past_the_end_fails_for_good(void **state) {
    (void)state;
    const uint8_t bytes[5] = {1, 2, 3, 4, 5};
    tnn_reader reader = {.bytes = bytes, .length = sizeof bytes};
    assert_int_equal(tnn_read_u32(&reader), 0x04030201u);
    assert_int_equal(tnn_read_u32(&reader), 0);
    assert_true(reader.failed);
    assert_int_equal(tnn_read_le(&reader, 1), 0);
    assert_null(tnn_read_bytes(&reader, 0));
}

static void huge_count_does_not_wrap(void **state) {
    (void)state;
    const uint8_t bytes[4] = {0};
    tnn_reader reader = {.bytes = bytes, .length = sizeof bytes, .position = 2};
    assert_null(tnn_read_bytes(&reader, SIZE_MAX));
    assert_true(reader.failed);
}

static void failed_copy_gives_zeros(void **state) {
    (void)state;
    const uint8_t bytes[2] = {7, 7};
    uint8_t out[3] = {1, 2, 3};
    const uint8_t zeros[3] = {0};
    tnn_reader reader = {.bytes = bytes, .length = sizeof bytes};
    tnn_read_copy(&reader, out, sizeof out);
    assert_true(reader.failed);
    assert_memory_equal(out, zeros, sizeof out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_and_stores_little_endian), cmocka_unit_test(store_keeps_to_its_width),
        cmocka_unit_test(reads_what_was_written),         cmocka_unit_test(reading_past_the_end_fails_for_good),
        cmocka_unit_test(huge_count_does_not_wrap),       cmocka_unit_test(failed_copy_gives_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
