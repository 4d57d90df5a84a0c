#include "common/object_file.h"

#include <string.h>

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

bool object_file_read(bytes *contents, const char *path, const char *kinds) {
    return input_file_read_checked(contents, path, check_header, kinds);
}
