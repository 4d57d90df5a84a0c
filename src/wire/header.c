#include "header.h"

#include "random.h"

static void digest_payload(uint8_t digest[TNN_DIGEST_BYTES], const uint8_t *payload, size_t length) {
    const tnn_bytes_view whole = {payload, length};
    tnn_digest(digest, &whole, 1);
}

static uint32_t newest_version(tnn_kind kind) {
    return kind == TNN_KIND_SPEC ? 3 : kind == TNN_KIND_MODEL ? 2 : 1;
}

static tnn_status check_start(const uint8_t *bytes, tnn_kind kind) {
    if (memcmp(bytes, "TNN", 3) != 0 || bytes[3] != (uint8_t)kind) {
        return TNN_ERR_MAGIC;
    }
    uint64_t version = tnn_load_le(bytes + 4, 2);
    if (version > newest_version(kind)) {
        return TNN_ERR_VERSION;
    }
    return version == 0 || tnn_load_le(bytes + 6, 2) != 0 ? TNN_ERR_MALFORMED : TNN_OK;
}

tnn_status tnn_open_header(uint64_t *payload_bytes, const uint8_t header[TNN_HEADER_BYTES], tnn_kind kind) {
    *payload_bytes = tnn_load_le(header + 8, 8);
    return check_start(header, kind);
}

bool tnn_is_digest_of(const uint8_t header[TNN_HEADER_BYTES], const uint8_t digest[16]) {
    return tnn_digest_equal(digest, header + 16);
}

static tnn_status check_payload(const uint8_t *bytes, size_t available) {
    uint64_t announced = tnn_load_le(bytes + 8, 8);
    if (announced != available) {
        return announced > available ? TNN_ERR_TRUNCATED : TNN_ERR_MALFORMED;
    }
    uint8_t digest[TNN_DIGEST_BYTES];
    digest_payload(digest, bytes + TNN_HEADER_BYTES, available);
    return tnn_digest_equal(digest, bytes + 16) ? TNN_OK : TNN_ERR_CORRUPT;
}

tnn_status tnn_open(tnn_reader *payload, uint32_t *version, tnn_kind kind, const uint8_t *bytes, size_t length) {
    if (!bytes) {
        return TNN_ERR_MISUSE;
    }
    tnn_status status = tnn_random_start();
    if (status != TNN_OK) {
        return status;
    }
    if (length < TNN_HEADER_BYTES) {
        return TNN_ERR_TRUNCATED;
    }
    status = check_start(bytes, kind);
    status = status == TNN_OK ? check_payload(bytes, length - TNN_HEADER_BYTES) : status;
    if (version) {
        *version = (uint32_t)tnn_load_le(bytes + 4, 2);
    }
    *payload = (tnn_reader){bytes + TNN_HEADER_BYTES, length - TNN_HEADER_BYTES, 0, false};
    return status;
}

tnn_status tnn_close(const tnn_reader *payload) {
    if (payload->failed) {
        return TNN_ERR_TRUNCATED;
    }
    return tnn_reader_left(payload) == 0 ? TNN_OK : TNN_ERR_MALFORMED;
}

tnn_status tnn_begin(tnn_writer *payload, uint8_t *out, size_t capacity, size_t size) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    if (capacity < size) {
        return TNN_ERR_BUFFER;
    }
    *payload = (tnn_writer){out + TNN_HEADER_BYTES};
    return TNN_OK;
}

void tnn_finish(uint8_t *out, tnn_kind kind, uint32_t version, size_t size) {
    memcpy(out, "TNN", 3);
    out[3] = (uint8_t)kind;
    tnn_store_le(out + 4, version, 2);
    tnn_store_le(out + 6, 0, 2);
    tnn_store_le(out + 8, size - TNN_HEADER_BYTES, 8);
    digest_payload(out + 16, out + TNN_HEADER_BYTES, size - TNN_HEADER_BYTES);
}
