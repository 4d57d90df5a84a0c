#include "common/escape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct character {
    uint32_t code;
    size_t length; /* bytes; 0 where they are not UTF-8 */
} character;

static const uint32_t LEAST_OF_LENGTH[] = {0, 0, 0x80, 0x800, 0x10000}; /* a smaller code has a shorter form */

static size_t announced_length(uint8_t lead) {
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc0 || lead >= 0xf8) {
        return 0;
    }
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* The first character of a text, whose final NUL ends a sequence that is cut. */
static character first_character(const uint8_t *text) {
    character found = {.length = announced_length(text[0])};
    found.code = found.length <= 1 ? text[0] : text[0] & (0x7fu >> found.length);
    for (size_t i = 1; i < found.length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return (character){0};
        }
        found.code = found.code << 6 | (text[i] & 0x3fu);
    }
    const bool surrogate = found.code >= 0xd800 && found.code < 0xe000;
    if (found.length > 0 && (found.code < LEAST_OF_LENGTH[found.length] || found.code > 0x10ffff || surrogate)) {
        return (character){0};
    }
    return found;
}

static bool is_within(uint32_t code, uint32_t least, uint32_t most) {
    return code >= least && code <= most;
}

static bool is_control(uint32_t code) {
    return code < 0x20 || is_within(code, 0x7f, 0x9f) || code == 0x61c || is_within(code, 0x200e, 0x200f) ||
           is_within(code, 0x2028, 0x202e) || is_within(code, 0x2066, 0x2069);
}

void escape_print(FILE *stream, const char *text) {
    const uint8_t *next = (const uint8_t *)text;
    while (*next != 0) {
        const character first = first_character(next);
        const size_t length = first.length > 0 ? first.length : 1;
        if (first.length > 0 && !is_control(first.code)) {
            fwrite(next, 1, length, stream);
        } else {
            for (size_t i = 0; i < length; i++) {
                fprintf(stream, "\\x%02x", next[i]);
            }
        }
        next += length;
    }
}
