#include "common/npy.h"

#include <stdio.h>
#include <string.h>

#include "common/report.h"

static const char MAGIC[] = "\x93NUMPY";

enum {
    MAGIC_BYTES = 6,
    PREFIX_BYTES_V1 = MAGIC_BYTES + 2 + 2, /* magic, major, minor, u16 header length */
    PREFIX_BYTES_V2 = MAGIC_BYTES + 2 + 4, /* the same with u32, versions 2 and 3 */
    LONGEST_HEADER = 65535,                /* one for integers takes about 120 */
    MOST_DIGITS = 15,                      /* of a side: fits 64 bits */
};

/* -------------------------------------------------------------------------------- the header's dictionary -- */

typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_blanks(cursor *text) {
    while (text->at < text->end && memchr(" \t\r\n", *text->at, 4) != NULL) {
        text->at++;
    }
}

/* Whether the token came next. */
static bool take(cursor *text, const char *token) {
    size_t length = strlen(token);
    skip_blanks(text);
    if ((size_t)(text->end - text->at) < length || memcmp(text->at, token, length) != 0) {
        return false;
    }
    text->at += length;
    return true;
}

/* Printable characters between quotes of either kind, without quotes or backslashes among them. */
static bool take_quoted(cursor *text, char word[NPY_LONGEST_TYPE + 1]) {
    if (!take(text, "'") && !take(text, "\"")) {
        return false;
    }
    const char quote = text->at[-1];
    size_t length = 0;
    for (; text->at < text->end && *text->at != quote; text->at++) {
        if (length == NPY_LONGEST_TYPE || *text->at < ' ' || *text->at > '~' || strchr("'\"\\", *text->at) != NULL) {
            return false;
        }
        word[length++] = *text->at;
    }
    word[length] = '\0';
    return text->at < text->end && *text->at++ == quote;
}

/* A side of the shape; Python 2 wrote some with an L. */
static bool take_side(cursor *text, size_t *side) {
    size_t digits = 0;
    skip_blanks(text);
    for (*side = 0; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++, digits++) {
        if (digits == MOST_DIGITS) {
            return false;
        }
        *side = 10 * *side + (size_t)(*text->at - '0');
    }
    if (text->at < text->end && *text->at == 'L') {
        text->at++;
    }
    return digits > 0;
}

/* SIZE_MAX where it overflows, which no file holds. */
static size_t product(size_t left, size_t right) {
    size_t value;
    return __builtin_mul_overflow(left, right, &value) ? SIZE_MAX : value;
}

/* A tuple such as (624, 28, 28), (624,) or (). */
static bool take_shape(cursor *text, npy_array *array) {
    bool separated = true;
    array->dimensions = 0;
    array->elements = 1;
    if (!take(text, "(")) {
        return false;
    }
    while (!take(text, ")")) {
        size_t side;
        if (!separated || array->dimensions == NPY_MOST_DIMENSIONS || !take_side(text, &side)) {
            return false;
        }
        array->shape[array->dimensions++] = side;
        array->elements = product(array->elements, side);
        separated = take(text, ",");
    }
    return array->dimensions != 1 || separated; /* (624) is a number, not a tuple */
}

static bool take_order(cursor *text, npy_array *array) {
    array->is_fortran_ordered = take(text, "True");
    return array->is_fortran_ordered || take(text, "False");
}

enum key { TYPE, ORDER, SHAPE, KEYS };

static bool take_key(cursor *text, enum key *key) {
    static const char *const NAMES[KEYS] = {"descr", "fortran_order", "shape"};
    char word[NPY_LONGEST_TYPE + 1];
    if (!take_quoted(text, word) || !take(text, ":")) {
        return false;
    }
    for (*key = 0; *key < KEYS && strcmp(word, NAMES[*key]) != 0; ++*key) {
    }
    return *key < KEYS;
}

static bool take_value(cursor *text, npy_array *array, enum key key) {
    switch (key) {
    case TYPE: return take_quoted(text, array->type);
    case ORDER: return take_order(text, array);
    case SHAPE: return take_shape(text, array);
    default: return false;
    }
}

/* A dictionary of the three keys, each once, with or without a comma at its end. */
static bool parse_header(npy_array *array, cursor text) {
    unsigned seen = 0;
    bool separated = take(&text, "{");
    for (int i = 0; i < KEYS; i++) {
        enum key key;
        if (!separated || !take_key(&text, &key) || (seen & 1u << key) != 0 || !take_value(&text, array, key)) {
            return false;
        }
        seen |= 1u << key;
        separated = take(&text, ",");
    }
    bool closed = take(&text, "}");
    skip_blanks(&text);
    return closed && text.at == text.end;
}

/* ------------------------------------------------------------------------------------------------ the file -- */

static uint64_t little_endian(const uint8_t *data, size_t count) {
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;) {
        value = value << 8 | data[i];
    }
    return value;
}

static uint64_t big_endian(const uint8_t *data, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value << 8 | data[i];
    }
    return value;
}

/* Where the header stands in the file. */
static bool locate_header(const bytes *file, cursor *header) {
    if (file->length < PREFIX_BYTES_V2 || memcmp(file->data, MAGIC, MAGIC_BYTES) != 0) {
        return false;
    }
    uint8_t major = file->data[MAGIC_BYTES], minor = file->data[MAGIC_BYTES + 1];
    if (major < 1 || major > 3 || minor != 0) {
        return false;
    }
    size_t start = major == 1 ? PREFIX_BYTES_V1 : PREFIX_BYTES_V2;
    size_t length = (size_t)little_endian(file->data + MAGIC_BYTES + 2, major == 1 ? 2 : 4);
    header->at = (const char *)file->data + start;
    header->end = header->at + length;
    return length <= LONGEST_HEADER && length <= file->length - start;
}

/* A type such as |u1, <i8 or >i4. */
static bool parse_type(npy_array *array) {
    const char *type = array->type;
    if (strlen(type) != 3 || strchr("<>|", type[0]) == NULL || strchr("ui", type[1]) == NULL ||
        strchr("1248", type[2]) == NULL) {
        return false;
    }
    array->is_big_endian = type[0] == '>';
    array->is_signed = type[1] == 'i';
    array->item_bytes = (size_t)(type[2] - '0');
    return type[0] != '|' || array->item_bytes == 1;
}

static bool check_type(npy_array *array, const char *name) {
    if (parse_type(array)) {
        return true;
    }
    if (strcmp(array->type, "|O") == 0 || strcmp(array->type, "O") == 0) {
        return report_error("%s: holds Python objects, as NumPy saves images of unequal sizes; save one array of "
                            "integers",
                            name);
    }
    return report_error("%s: holds values of type '%s', not integers; save pixels as uint8 from 0 to 255, labels as "
                        "class numbers from 0",
                        name, array->type);
}

static bool check_length(const npy_array *array, size_t present, const char *name) {
    char shape[NPY_LONGEST_SHAPE];
    if (present == product(array->elements, array->item_bytes)) {
        return true;
    }
    return report_error("%s: has %zu bytes of data, not what its shape %s needs; download the data again", name,
                        present, npy_shape_text(shape, array));
}

bool npy_parse(npy_array *array, const bytes *file, const char *name) {
    *array = (npy_array){0};
    cursor header;
    if (!locate_header(file, &header)) {
        return report_error("%s: is not a .npy array of version 1 to 3; download the data again", name);
    }
    if (!parse_header(array, header)) {
        return report_error("%s: has a header that is not one array's; save it anew with NumPy", name);
    }
    array->data = (const uint8_t *)header.end;
    return check_type(array, name) && check_length(array, (size_t)(file->data + file->length - array->data), name);
}

/* ------------------------------------------------------------------------------------------------- elements -- */

/* The next index in C order. */
static void step(const npy_array *array, size_t index[NPY_MOST_DIMENSIONS]) {
    for (size_t d = array->dimensions; d-- > 0;) {
        if (++index[d] < array->shape[d]) {
            return;
        }
        index[d] = 0;
    }
}

/* Where an element stands in Fortran order, whose first index runs fastest. */
static size_t fortran_place(const npy_array *array, const size_t index[NPY_MOST_DIMENSIONS]) {
    size_t place = 0;
    for (size_t d = array->dimensions; d-- > 0;) {
        place = place * array->shape[d] + index[d];
    }
    return place;
}

bool npy_make_c_ordered(npy_array *array, bytes *file) {
    bytes ordered;
    if (!array->is_fortran_ordered) {
        return true;
    }
    if (!bytes_allocate(&ordered, array->elements * array->item_bytes)) {
        return false;
    }
    size_t index[NPY_MOST_DIMENSIONS] = {0};
    for (size_t i = 0; i < array->elements; i++, step(array, index)) {
        memcpy(ordered.data + i * array->item_bytes, array->data + fortran_place(array, index) * array->item_bytes,
               array->item_bytes);
    }
    bytes_free(file);
    *file = ordered;
    array->data = file->data;
    array->is_fortran_ordered = false;
    return true;
}

int64_t npy_integer(const npy_array *array, size_t index) {
    const uint8_t *place = array->data + index * array->item_bytes;
    uint64_t value = (array->is_big_endian ? big_endian : little_endian)(place, array->item_bytes);
    uint64_t sign = UINT64_C(1) << ((8 * array->item_bytes - 1) & 63);
    return (int64_t)(array->is_signed ? (value ^ sign) - sign : value);
}

const char *npy_shape_text(char *text, const npy_array *array) {
    size_t length = (size_t)snprintf(text, NPY_LONGEST_SHAPE, "(");
    for (size_t d = 0; d < array->dimensions; d++) {
        length +=
            (size_t)snprintf(text + length, NPY_LONGEST_SHAPE - length, "%s%zu", d > 0 ? ", " : "", array->shape[d]);
    }
    snprintf(text + length, NPY_LONGEST_SHAPE - length, array->dimensions == 1 ? ",)" : ")");
    return text;
}
