#include "header.h"

#include "random.h"
#include "testing.h"

#define PAYLOAD_BYTES 5u
#define FILE_BYTES (32u + PAYLOAD_BYTES)

static const uint8_t PAYLOAD[PAYLOAD_BYTES] = {1, 2, 3, 4, 250};

static int start_random(void **state) {
    (void)state;
    return tnn_random_start() == TNN_OK ? 0 : -1;
}

static void write_example(uint8_t file[FILE_BYTES]) {
    tnn_writer writer;
    assert_ok(tnn_begin(&writer, file, FILE_BYTES, FILE_BYTES));
    tnn_write_copy(&writer, PAYLOAD, PAYLOAD_BYTES);
    tnn_finish(file, TNN_KIND_INPUT, 1, FILE_BYTES);
}

static void bytes_are_the_documented_ones(void **state) {
    (void)state;
    uint8_t file[FILE_BYTES];
    uint8_t digest[16];
    const tnn_bytes_view payload = {PAYLOAD, PAYLOAD_BYTES};
    const uint8_t start[16] = {'T', 'N', 'N', 'I', 1, 0, 0, 0, PAYLOAD_BYTES};
    tnn_digest(digest, &payload, 1);
    write_example(file);
    assert_memory_equal(file, start, 16);
    assert_memory_equal(file + 16, digest, 16);
    assert_memory_equal(file + 32, PAYLOAD, PAYLOAD_BYTES);
}

static void reader_covers_the_payload(void **state) {
    (void)state;
    uint8_t file[FILE_BYTES];
    tnn_reader reader;
    write_example(file);
    assert_ok(tnn_open(&reader, NULL, TNN_KIND_INPUT, file, FILE_BYTES));
    assert_int_equal(tnn_reader_left(&reader), PAYLOAD_BYTES);
    assert_memory_equal(tnn_read_bytes(&reader, PAYLOAD_BYTES), PAYLOAD, PAYLOAD_BYTES);
    assert_ok(tnn_close(&reader));
}

static void close_wants_all_bytes_read_and_no_more(void **state) {
    (void)state;
    tnn_reader reader = {PAYLOAD, PAYLOAD_BYTES, 0, false};
    assert_status(TNN_ERR_MALFORMED, tnn_close(&reader));
    (void)tnn_read_u32(&reader);
    assert_status(TNN_ERR_MALFORMED, tnn_close(&reader));
    (void)tnn_read_u32(&reader);
    assert_status(TNN_ERR_TRUNCATED, tnn_close(&reader));
}

/* Changes one byte of the example and expects a status. */
static void check_byte(size_t offset, uint8_t value, tnn_status expected) {
    uint8_t file[FILE_BYTES];
    tnn_reader reader;
    write_example(file);
    file[offset] = value;
    assert_status(expected, tnn_open(&reader, NULL, TNN_KIND_INPUT, file, FILE_BYTES));
}

static void each_field_is_checked(void **state) {
    (void)state;
    check_byte(0, 't', TNN_ERR_MAGIC);
    check_byte(1, 't', TNN_ERR_MAGIC);
    check_byte(2, 't', TNN_ERR_MAGIC);
    check_byte(3, 'O', TNN_ERR_MAGIC);
    check_byte(4, 0, TNN_ERR_MALFORMED);
    check_byte(4, 2, TNN_ERR_VERSION);
    check_byte(5, 1, TNN_ERR_VERSION);
    check_byte(6, 1, TNN_ERR_MALFORMED);
    check_byte(7, 1, TNN_ERR_MALFORMED);
    check_byte(8, PAYLOAD_BYTES + 1, TNN_ERR_TRUNCATED);
    check_byte(8, PAYLOAD_BYTES - 1, TNN_ERR_MALFORMED);
    check_byte(15, 0x80, TNN_ERR_TRUNCATED);
    check_byte(FILE_BYTES - 1, 251, TNN_ERR_CORRUPT);
}

static void short_files_are_truncated(void **state) {
    (void)state;
    uint8_t file[FILE_BYTES];
    tnn_reader reader;
    write_example(file);
    for (size_t length = 0; length < FILE_BYTES; length++) {
        assert_status(TNN_ERR_TRUNCATED, tnn_open(&reader, NULL, TNN_KIND_INPUT, file, length));
    }
    assert_status(TNN_ERR_MISUSE, tnn_open(&reader, NULL, TNN_KIND_INPUT, NULL, FILE_BYTES));
}

static void empty_payload_is_a_file(void **state) {
    (void)state;
    uint8_t file[32];
    tnn_writer writer;
    tnn_reader reader;
    assert_ok(tnn_begin(&writer, file, sizeof file, sizeof file));
    tnn_finish(file, TNN_KIND_MODEL, 1, sizeof file);
    assert_ok(tnn_open(&reader, NULL, TNN_KIND_MODEL, file, sizeof file));
    assert_ok(tnn_close(&reader));
}

static void begin_wants_a_large_enough_buffer(void **state) {
    (void)state;
    uint8_t file[FILE_BYTES];
    tnn_writer writer = {NULL};
    assert_status(TNN_ERR_BUFFER, tnn_begin(&writer, file, FILE_BYTES - 1, FILE_BYTES));
    assert_status(TNN_ERR_BUFFER, tnn_begin(&writer, file, 0, FILE_BYTES));
    assert_status(TNN_ERR_MISUSE, tnn_begin(&writer, NULL, FILE_BYTES, FILE_BYTES));
    assert_null(writer.next);
    assert_ok(tnn_begin(&writer, file, FILE_BYTES + 1, FILE_BYTES));
    assert_ptr_equal(writer.next, file + 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_the_documented_ones),
        cmocka_unit_test(reader_covers_the_payload),
        cmocka_unit_test(close_wants_all_bytes_read_and_no_more),
        cmocka_unit_test(each_field_is_checked),
        cmocka_unit_test(short_files_are_truncated),
        cmocka_unit_test(empty_payload_is_a_file),
        cmocka_unit_test(begin_wants_a_large_enough_buffer),
    };
    return cmocka_run_group_tests(tests, start_random, NULL);
}
