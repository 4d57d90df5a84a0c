#include "common/npy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/report.h"

static const char MAGIC[] = "\x93NUMPY";

enum {
    MAGIC_BYTES = 6,
    PREFIX_BYTES_V1 = MAGIC_BYTES + 2 + 2, /* magic, major, minor, u16 header length */
    PREFIX_BYTES_V2 = MAGIC_BYTES + 2 + 4, /* the same with u32, versions 2 and 3 */
    LONGEST_HEADER = 4096,                 /* one for integers takes about 120 */
};

static uint64_t little_endian(const uint8_t *data, size_t count) {
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;) {
        value = value << 8 | data[i];
    }
    return value;
}

/* Where the header stands in the file. */
static bool locate_header(const bytes *file, size_t *start, size_t *length) {
    if (file->length < PREFIX_BYTES_V2 || memcmp(file->data, MAGIC, MAGIC_BYTES) != 0) {
        return false;
    }
    uint8_t major = file->data[MAGIC_BYTES];
    if (major < 1 || major > 3) {
        return false;
    }
    *start = major == 1 ? PREFIX_BYTES_V1 : PREFIX_BYTES_V2;
    *length = (size_t)little_endian(file->data + MAGIC_BYTES + 2, major == 1 ? 2 : 4);
    return *length <= LONGEST_HEADER && *length <= file->length - *start;
}

/* The text after 'key': in the header's Python dictionary, or NULL. */
static const char *find_value(const char *header, const char *key) {
    const char *at = strstr(header, key);
    if (at == NULL) {
        return NULL;
    }
    at += strlen(key);
    at += strspn(at, " ");
    return *at == ':' ? at + 1 + strspn(at + 1, " ") : NULL;
}

/* A type such as '|u1' or '<i8'. */
static bool parse_type(npy_array *array, const char *header) {
    char order, kind, width, quote;
    const char *value = find_value(header, "'descr'");
    if (value == NULL || sscanf(value, "'%c%c%c%c", &order, &kind, &width, &quote) != 4 || quote != '\'') {
        return false;
    }
    if ((kind != 'u' && kind != 'i') || strchr("1248", width) == NULL) {
        return false;
    }
    array->is_signed = kind == 'i';
    array->item_bytes = (size_t)(width - '0');
    return order == '<' || (order == '|' && width == '1');
}

static bool parse_order(const char *header) {
    const char *value = find_value(header, "'fortran_order'");
    return value != NULL && strncmp(value, "False", strlen("False")) == 0;
}

/* A tuple such as (624, 28, 28) or (624,). */
static bool parse_shape(npy_array *array, const char *header) {
    const char *at = find_value(header, "'shape'");
    if (at == NULL || *at++ != '(') {
        return false;
    }
    array->dimensions = 0;
    array->elements = 1;
    while (*at != ')') {
        char *end;
        if (!isdigit((unsigned char)*at) || array->dimensions == NPY_MOST_DIMENSIONS) {
            return false;
        }
        size_t side = strtoull(at, &end, 10);
        if (__builtin_mul_overflow(array->elements, side, &array->elements)) {
            return false;
        }
        array->shape[array->dimensions++] = side;
        at = end + strspn(end, ", ");
    }
    return true;
}

static bool parse_header(npy_array *array, const char *header) {
    return parse_type(array, header) && parse_order(header) && parse_shape(array, header);
}

bool npy_parse(npy_array *array, const bytes *file, const char *name) {
    *array = (npy_array){0};
    size_t start, length;
    if (!locate_header(file, &start, &length)) {
        return report_error("%s: is not a .npy array of version 1 to 3; download the data again", name);
    }
    char header[LONGEST_HEADER + 1];
    memcpy(header, file->data + start, length);
    header[length] = '\0';
    if (!parse_header(array, header)) {
        return report_error("%s: is not a C-ordered array of integers; save it as one", name);
    }
    size_t expected;
    size_t present = file->length - start - length;
    if (__builtin_mul_overflow(array->elements, array->item_bytes, &expected) || present != expected) {
        return report_error("%s: has %zu bytes of data, not what its shape needs; download the data again", name,
                            present);
    }
    array->data = file->data + start + length;
    return true;
}

int64_t npy_integer(const npy_array *array, size_t index) {
    uint64_t value = little_endian(array->data + index * array->item_bytes, array->item_bytes);
    uint64_t sign = UINT64_C(1) << ((8 * array->item_bytes - 1) & 63);
    return (int64_t)(array->is_signed ? (value ^ sign) - sign : value);
}
