#include "common/netpbm.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/output_file.h"
#include "common/report.h"

enum { MAXVAL = 255, LONGEST_HEADER = 32 };

/* What is left of a file that is being parsed. */
typedef struct cursor {
    const uint8_t *next, *end;
} cursor;

static void skip_comment(cursor *at) {
    while (at->next < at->end && *at->next != '\n') {
        at->next++;
    }
}

static void skip_space_and_comments(cursor *at) {
    while (at->next < at->end && (isspace(*at->next) || *at->next == '#')) {
        if (*at->next == '#') {
            skip_comment(at);
        } else {
            at->next++;
        }
    }
}

/* A number from 1 to most, after white space or comments. */
static bool take_number(cursor *at, uint32_t *number, uint32_t most) {
    skip_space_and_comments(at);
    uint32_t value = 0;
    while (at->next < at->end && isdigit(*at->next) && value <= most) {
        value = 10 * value + (uint32_t)(*at->next++ - '0');
    }
    *number = value;
    return value >= 1 && value <= most;
}

static bool take_magic(cursor *at, uint32_t *channels) {
    if (at->end - at->next < 2 || at->next[0] != 'P' || (at->next[1] != '5' && at->next[1] != '6')) {
        return false;
    }
    *channels = at->next[1] == '5' ? 1 : 3;
    at->next += 2;
    return true;
}

/* Exactly one white space byte stands between the header and the pixels. */
static bool take_separator(cursor *at) {
    return at->next < at->end && isspace(*at->next++);
}

bool netpbm_refuse_format(const char *path) {
    return report_error(
        "%s: is neither a PNG, a JPEG, a binary PGM (P5) or PPM (P6) image nor a NumPy array (.npy); convert it to one",
        path);
}

bool netpbm_parse(netpbm_image *image, const char *path, const bytes *file) {
    *image = (netpbm_image){0};
    cursor at = {.next = file->data, .end = file->data + file->length};
    uint32_t width, height, maxval, channels;
    if (!take_magic(&at, &channels)) {
        return netpbm_refuse_format(path);
    }
    if (!take_number(&at, &width, NETPBM_LARGEST_SIDE) || !take_number(&at, &height, NETPBM_LARGEST_SIDE)) {
        return report_error("%s: width or height is not from 1 to %d; resize the image", path, NETPBM_LARGEST_SIDE);
    }
    if (!take_number(&at, &maxval, MAXVAL) || maxval != MAXVAL || !take_separator(&at)) {
        return report_error("%s: has another maximum than 255; convert it to 8 bits a channel", path);
    }
    size_t expected = (size_t)width * height * channels;
    size_t present = (size_t)(at.end - at.next);
    if (present != expected) {
        return report_error("%s: has %zu bytes of pixels where its header announces %zu; write the file again", path,
                            present, expected);
    }
    if (!netpbm_allocate(image, height, width, channels)) {
        return false;
    }
    memcpy(image->pixels.data, at.next, expected);
    return true;
}

bool netpbm_allocate(netpbm_image *image, uint32_t height, uint32_t width, uint32_t channels) {
    *image = (netpbm_image){.height = height, .width = width, .channels = channels};
    return bytes_allocate(&image->pixels, (size_t)height * width * channels);
}

bool netpbm_write(const char *path, const netpbm_image *image) {
    char header[LONGEST_HEADER];
    int header_length = snprintf(header, sizeof header, "P%c\n%u %u\n%d\n", image->channels == 1 ? '5' : '6',
                                 image->width, image->height, MAXVAL);
    bytes file = {0};
    if (!bytes_allocate(&file, (size_t)header_length + image->pixels.length)) {
        return false;
    }
    memcpy(file.data, header, (size_t)header_length);
    memcpy(file.data + header_length, image->pixels.data, image->pixels.length);
    bool written = output_file_write(path, &file);
    bytes_free(&file);
    return written;
}

void netpbm_free(netpbm_image *image) {
    bytes_free(&image->pixels);
}
