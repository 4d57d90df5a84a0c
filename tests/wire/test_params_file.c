#include "params_file.h"

#include "bad_params.h"
#include "key_fixture.h"
#include "testing.h"

static void write_tiny(uint8_t bytes[TNN_PARAMS_BYTES]) {
    const tnn_params_literal literal = tiny_literal();
    tnn_params params;
    tnn_writer writer = {bytes};
    assert_ok(tnn_params_check(&params, &literal, TNN_SECURITY_128_MARGIN));
    tnn_write_params(&writer, &params);
    assert_ptr_equal(writer.next, bytes + TNN_PARAMS_BYTES);
}

static tnn_status read_back(tnn_params *params, const uint8_t *bytes, size_t length) {
    tnn_reader reader = {bytes, length, 0, false};
    return tnn_read_params(&reader, params, false);
}

static tnn_status read_split(tnn_params *params, const uint8_t *bytes) {
    tnn_reader reader = {bytes, TNN_PARAMS_BYTES, 0, false};
    return tnn_read_params(&reader, params, true);
}

static void bytes_are_the_documented_ones(void **state) {
    (void)state;
    const uint32_t words[12] = {608, 32, 16, 3, 256, 8, 1, 4, 3, 1, 0, 0};
    uint8_t bytes[TNN_PARAMS_BYTES];
    write_tiny(bytes);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(tnn_load_le(bytes + 4 * i, 4), words[i]);
    }
    assert_int_equal(tnn_load_le(bytes + 48, 8), f64_bits(-12.4));
    assert_int_equal(tnn_load_le(bytes + 56, 8), f64_bits(-16.4));
}

static void shipped_sets_survive_the_round_trip(void **state) {
    (void)state;
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < 2 * count; i++) {
        uint8_t bytes[TNN_PARAMS_BYTES];
        tnn_params before;
        tnn_params after;
        tnn_writer writer = {bytes};
        assert_ok(tnn_params_check(&before, &sets[i / 2].literal, i % 2 ? TNN_SECURITY_128 : TNN_SECURITY_128_MARGIN));
        tnn_write_params(&writer, &before);
        assert_ok(read_back(&after, bytes, sizeof bytes));
        assert_true(tnn_params_equal(&before, &after));
        assert_int_equal(before.log2_N, after.log2_N);
        assert_int_equal(before.bsk_bytes, after.bsk_bytes);
    }
}

/* The last word is v: above 0 where tables may be split, and 0 elsewhere. */
static void splits_are_read_where_there_may_be_some(void **state) {
    (void)state;
    for (uint32_t v = 0; v <= TNN_MAX_LOG2_SPLIT + 1; v++) {
        uint8_t bytes[TNN_PARAMS_BYTES];
        tnn_params params;
        write_tiny(bytes);
        tnn_store_le(bytes + 44, v, 4);
        assert_status(v == 0 ? TNN_OK : TNN_ERR_MALFORMED, read_back(&params, bytes, sizeof bytes));
        const bool allowed = v > 0 && v <= TNN_MAX_LOG2_SPLIT;
        assert_status(allowed ? TNN_OK : TNN_ERR_MALFORMED, read_split(&params, bytes));
        if (allowed) {
            uint8_t again[TNN_PARAMS_BYTES];
            tnn_writer writer = {again};
            tnn_write_params(&writer, &params);
            assert_int_equal(params.literal.log2_split, v);
            assert_memory_equal(again, bytes, sizeof bytes);
        }
    }
}

static void short_bytes_are_truncated(void **state) {
    (void)state;
    uint8_t bytes[TNN_PARAMS_BYTES];
    tnn_params params;
    write_tiny(bytes);
    for (size_t length = 0; length < sizeof bytes; length++) {
        assert_status(TNN_ERR_TRUNCATED, read_back(&params, bytes, length));
    }
}

static void each_bad_field_is_refused(void **state) {
    (void)state;
    size_t count;
    const bad_field *fields = bad_params_fields(&count);
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[TNN_PARAMS_BYTES];
        tnn_params params;
        write_tiny(bytes);
        tnn_store_le(bytes + fields[i].offset, fields[i].value, fields[i].width);
        assert_status(fields[i].expected, read_back(&params, bytes, sizeof bytes));
    }
}

/* The row of the curve is part of the file: noise between both rows is refused on the row with margin. */
static void noise_is_held_against_the_row_that_the_file_names(void **state) {
    (void)state;
    uint8_t bytes[TNN_PARAMS_BYTES];
    tnn_params params;
    const double between = 0.5 * (tnn_security_min_log2_sigma(608, TNN_SECURITY_128_MARGIN) +
                                  tnn_security_min_log2_sigma(608, TNN_SECURITY_128));
    write_tiny(bytes);
    tnn_store_le(bytes + 48, f64_bits(between), 8);
    assert_status(TNN_ERR_INSECURE, read_back(&params, bytes, sizeof bytes));
    tnn_store_le(bytes + 40, TNN_SECURITY_128, 4);
    assert_ok(read_back(&params, bytes, sizeof bytes));
    assert_int_equal(params.security, TNN_SECURITY_128);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_the_documented_ones),
        cmocka_unit_test(shipped_sets_survive_the_round_trip),
        cmocka_unit_test(splits_are_read_where_there_may_be_some),
        cmocka_unit_test(short_bytes_are_truncated),
        cmocka_unit_test(each_bad_field_is_refused),
        cmocka_unit_test(noise_is_held_against_the_row_that_the_file_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
