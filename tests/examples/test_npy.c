#include "common/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testing.h"

enum { PREFIX_BYTES = 10 };

/* Refusals are sentences on stderr; here only that there is one counts. */
static int silence(void **state) {
    (void)state;
    return freopen("/dev/null", "w", stderr) == NULL ? -1 : 0;
}

/* A file of version 1. Free with bytes_free. */
static bytes file_of(const char *header, const void *data, size_t length) {
    bytes file;
    const size_t header_length = strlen(header);
    assert_true(bytes_allocate(&file, PREFIX_BYTES + header_length + length));
    memcpy(file.data, "\x93NUMPY\x01\x00", 8);
    file.data[8] = (uint8_t)header_length;
    file.data[9] = (uint8_t)(header_length >> 8);
    memcpy(file.data + PREFIX_BYTES, header, header_length);
    memcpy(file.data + PREFIX_BYTES + header_length, data, length);
    return file;
}

/* Whether six bytes behind this header are an array. */
static bool is_array(const char *header) {
    bytes file = file_of(header, "abcdef", 6);
    npy_array array;
    const bool parsed = npy_parse(&array, &file, "file");
    bytes_free(&file);
    return parsed;
}

static void test_headers(void **state) {
    (void)state;
    assert_true(is_array("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }  \n"));

    assert_true(is_array("\t{\"shape\":(3L,),\n\"descr\":\"<i2\",'fortran_order':True}"));
    assert_true(is_array("{'descr': '|u1', 'fortran_order': False, 'shape': (6, 1, 1, 1, 1, 1, 1, 1)}"));

    assert_false(is_array("{'descr': '|u1', 'fortran_order': False, 'shape': (6, 1, 1, 1, 1, 1, 1, 1, 1)}"));
    assert_false(is_array("{'descr': '|u1', 'fortran_order': False, 'shape': (6)}"));
    assert_false(is_array("{'descr': '|u1', 'fortran_order': False, 'shape': (6,)"));
    assert_false(is_array("{'descr': '|u1', 'fortran_order': False, 'shape': (6,)} x"));
    assert_false(is_array("{'descr': '|u1', 'fortran_order': False 'shape': (6,)}"));
    assert_false(is_array("{'descr': '|u1', 'descr': '|u1', 'shape': (6,)}"));
    assert_false(is_array("{'descr': '|u1', 'fortran_order': False}"));
    assert_false(is_array("{'descr': '|b1', 'fortran_order': False, 'shape': (6,)}"));
    assert_false(is_array("{'descr': '<i2', 'fortran_order': False, 'shape': (6,)}")); /* 12 bytes */
    assert_false(is_array("{'descr': '=i2', 'fortran_order': False, 'shape': (3,)}"));
    assert_false(is_array("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999, 99999999999999)}"));
    assert_false(is_array(""));
}

/* Every prefix of a file is refused, and nothing behind it is read. */
static void test_cut_files(void **state) {
    (void)state;
    bytes whole = file_of("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", "abcdef", 6);
    npy_array array;
    for (size_t length = 0; length < whole.length; length++) {
        uint8_t *cut = malloc(length > 0 ? length : 1);
        assert_non_null(cut);
        memcpy(cut, whole.data, length);
        assert_false(npy_parse(&array, &(bytes){.data = cut, .length = length}, "file"));
        free(cut);
    }
    assert_true(npy_parse(&array, &whole, "file"));
    bytes_free(&whole);
}

static int64_t only_integer(const char *type, const void *data, size_t length) {
    char header[128];
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (1,)}", type);
    bytes file = file_of(header, data, length);
    npy_array array;
    assert_true(npy_parse(&array, &file, "file"));
    const int64_t value = npy_integer(&array, 0);
    bytes_free(&file);
    return value;
}

static void test_integers(void **state) {
    (void)state;
    assert_int_equal(only_integer("|u1", "\xfe", 1), 254);
    assert_int_equal(only_integer("|i1", "\xfe", 1), -2);
    assert_int_equal(only_integer("<u2", "\x01\x02", 2), 0x201);
    assert_int_equal(only_integer(">u2", "\x01\x02", 2), 0x102);
    assert_int_equal(only_integer(">i4", "\xff\xff\xff\xfd", 4), -3);
    assert_int_equal(only_integer("<i8", "\xfd\xff\xff\xff\xff\xff\xff\xff", 8), -3);
    assert_int_equal(only_integer(">u8", "\x80\0\0\0\0\0\0\0", 8), INT64_MIN);
}

/* Pairs of bytes: element (i, j, k) of shape (2, 3, 2) holds 100 i + 10 j + k. */
static void test_fortran_order(void **state) {
    (void)state;
    uint8_t elements[24] = {0};
    for (size_t k = 0, place = 0; k < 2; k++) {
        for (size_t j = 0; j < 3; j++) {
            for (size_t i = 0; i < 2; i++, place += 2) {
                elements[place] = (uint8_t)(100 * i + 10 * j + k);
            }
        }
    }
    bytes file = file_of("{'descr': '<u2', 'fortran_order': True, 'shape': (2, 3, 2)}", elements, sizeof elements);
    npy_array array;
    assert_true(npy_parse(&array, &file, "file"));
    assert_true(npy_make_c_ordered(&array, &file));
    assert_false(array.is_fortran_ordered);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(npy_integer(&array, i), 100 * (i / 6) + 10 * (i / 2 % 3) + i % 2);
    }
    bytes_free(&file);
}

static void test_shape_text(void **state) {
    (void)state;
    char text[NPY_LONGEST_SHAPE];
    assert_string_equal(npy_shape_text(text, &(npy_array){0}), "()");
    assert_string_equal(npy_shape_text(text, &(npy_array){.dimensions = 1, .shape = {6}}), "(6,)");
    npy_array longest = {.dimensions = NPY_MOST_DIMENSIONS};
    for (size_t d = 0; d < NPY_MOST_DIMENSIONS; d++) {
        longest.shape[d] = 999999999999999;
    }
    assert_int_equal(strlen(npy_shape_text(text, &longest)), NPY_MOST_DIMENSIONS * 17);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),       cmocka_unit_test(test_cut_files),  cmocka_unit_test(test_integers),
        cmocka_unit_test(test_fortran_order), cmocka_unit_test(test_shape_text),
    };
    return cmocka_run_group_tests(tests, silence, NULL);
}
