#include "common/object_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/input_file.h"
#include "common/report.h"

enum { HEADER_BYTES = 32, KIND = 3, PAYLOAD_LENGTH = 8 };

static uint64_t announced_payload(const uint8_t *header) {
    uint64_t length = 0;
    for (unsigned i = 0; i < 8; i++) {
        length |= (uint64_t)header[PAYLOAD_LENGTH + i] << (8 * i);
    }
    return length;
}

static tnn_status examine(const input_head *head, const char *kinds) {
    if (head->length < HEADER_BYTES) {
        return TNN_ERR_TRUNCATED;
    }
    if (memcmp(head->bytes, "TNN", KIND) != 0 || head->bytes[KIND] == 0 || strchr(kinds, head->bytes[KIND]) == NULL) {
        return TNN_ERR_MAGIC;
    }
    const uint64_t announced = announced_payload(head->bytes);
    const uint64_t present = head->file_length - HEADER_BYTES;
    if (announced != present) {
        return announced > present ? TNN_ERR_TRUNCATED : TNN_ERR_MALFORMED;
    }
    return TNN_OK;
}

static bool check_header(const input_head *head, const char *path, const void *kinds) {
    return status_ok(examine(head, kinds), path);
}

/* The start of an open file, without moving in it. */
static bool check_opened(int descriptor, const char *path, const char *kinds) {
    uint8_t start[HEADER_BYTES];
    struct stat about;
    const ssize_t count = pread(descriptor, start, sizeof start, 0);
    if (count < 0 || fstat(descriptor, &about) != 0) {
        return report_error("%s: cannot be read: %s; check the disk", path, strerror(errno));
    }
    const input_head head = {.bytes = start, .length = (size_t)count, .file_length = (size_t)about.st_size};
    return check_header(&head, path, kinds);
}

int object_file_open(const char *path, const char *kinds) {
    int descriptor = input_file_open(path);
    if (descriptor >= 0 && !check_opened(descriptor, path, kinds)) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

bool object_file_read(bytes *contents, const char *path, const char *kinds) {
    return input_file_read_checked(contents, path, check_header, kinds);
}
