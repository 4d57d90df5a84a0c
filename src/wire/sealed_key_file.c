/*
 * A secret key sealed with a passphrase. Payload: memory of Argon2id in KiB (4), its passes (4), salt (16), check (16),
 * nonce (24), then the file of the plain key (secret_key_file.c) in a box, 16 bytes longer.
 *
 * Argon2id makes 64 bytes of the passphrase: the key of the box, and the key of the check, which is a BLAKE2b-128 of
 * the second key and of what stands in front of the check. So a wrong passphrase, which fails the check, is told from
 * damage, which fails the digest of the file or the box.
 */
#include <torusnn/torusnn.h>

#include "header.h"
#include "key_file.h"
#include "random.h"
#include "secret.h"
#include "sizes.h"

enum {
    CHECKED_BYTES = 4 + 4 + TNN_SALT_BYTES, /* in front of the check */
    CHECK_BYTES = TNN_DIGEST_BYTES,
    FRONT_BYTES = CHECKED_BYTES + CHECK_BYTES + TNN_BOX_NONCE_BYTES,
    OWN_BYTES = FRONT_BYTES + TNN_BOX_EXTRA_BYTES, /* of the payload, beside the plain key's */
    CHECK_KEY_BYTES = 32,
};

/* Secret memory. */
typedef struct opened_key {
    uint8_t
        stretched[TNN_BOX_KEY_BYTES + CHECK_KEY_BYTES]; /* what the passphrase gives: key of the box, of the check */
    uint8_t plain[];                                    /* [plain_bytes], the plain key's file */
} opened_key;

static const size_t MOST_PLAIN_BYTES =
    TNN_KEY_PREAMBLE_BYTES + (TNN_MAX_RANK * TNN_MAX_RING_DEGREE + TNN_MAX_LWE_DIMENSION) / 8;

void tnn_seal_options_default(tnn_seal_options *options) {
    if (!options) {
        return;
    }
    *options = (tnn_seal_options){.memory_kib = 256u << 10, .passes = 3};
}

size_t tnn_secret_key_sealed_size(const tnn_secret_key *secret) {
    return secret ? TNN_HEADER_BYTES + OWN_BYTES + tnn_secret_key_size(secret) : 0;
}

bool tnn_secret_key_is_sealed(const uint8_t *bytes, size_t length) {
    return bytes && length >= 4 && memcmp(bytes, "TNN", 3) == 0 && bytes[3] == TNN_KIND_SEALED_KEY;
}

static bool is_plain(const uint8_t *bytes, size_t length) {
    return bytes && length >= 4 && memcmp(bytes, "TNN", 3) == 0 && bytes[3] == TNN_KIND_SECRET_KEY;
}

static bool is_cost_allowed(uint32_t memory_kib, uint32_t passes) {
    return memory_kib >= TNN_MIN_SEAL_KIB && memory_kib <= TNN_MAX_SEAL_KIB && passes >= 1 &&
           passes <= TNN_MAX_SEAL_PASSES && (uint64_t)memory_kib * passes <= TNN_MAX_SEAL_WORK_KIB;
}

static bool is_passphrase(const char *passphrase, size_t length) {
    return passphrase && length >= 1 && length <= TNN_MAX_PASSPHRASE_BYTES;
}

/* Out: check [CHECK_BYTES]. front [CHECKED_BYTES] as it stands in the file. */
static void make_check(uint8_t *check, const opened_key *opened, const uint8_t *front) {
    const tnn_bytes_view parts[] = {{opened->stretched + TNN_BOX_KEY_BYTES, CHECK_KEY_BYTES}, {front, CHECKED_BYTES}};
    tnn_digest(check, parts, 2);
}

static tnn_status stretch(opened_key *opened, const char *passphrase, size_t length, const tnn_stretch *cost) {
    return tnn_stretch_passphrase(opened->stretched, sizeof opened->stretched, passphrase, length, cost);
}

/* ------------------------------------------------------------------------------------------------------------- seal --
 */

static void write_sealed(uint8_t *out, const opened_key *opened, size_t plain_bytes, const tnn_stretch *cost) {
    uint8_t *front = out + TNN_HEADER_BYTES;
    tnn_writer writer = {front};
    tnn_write_u32(&writer, cost->memory_kib);
    tnn_write_u32(&writer, cost->passes);
    tnn_write_copy(&writer, cost->salt, sizeof cost->salt);
    make_check(writer.next, opened, front);
    writer.next += CHECK_BYTES;
    const uint8_t *nonce = writer.next;
    tnn_random_bytes(writer.next, TNN_BOX_NONCE_BYTES);
    writer.next += TNN_BOX_NONCE_BYTES;
    tnn_box_close(writer.next, opened->plain, plain_bytes, nonce, opened->stretched);
    tnn_finish(out, TNN_KIND_SEALED_KEY, 1, TNN_HEADER_BYTES + OWN_BYTES + plain_bytes);
}

static tnn_status check_seal(const tnn_secret_key *secret, const uint8_t *out, size_t capacity,
                             const tnn_seal_options *options) {
    if (!secret || !out || !is_cost_allowed(options->memory_kib, options->passes)) {
        return TNN_ERR_MISUSE;
    }
    return capacity < tnn_secret_key_sealed_size(secret) ? TNN_ERR_BUFFER : tnn_random_start();
}

tnn_status tnn_secret_key_seal(const tnn_secret_key *secret, uint8_t *out, size_t capacity, const char *passphrase,
                               size_t passphrase_length, const tnn_seal_options *options) {
    tnn_seal_options chosen;
    tnn_seal_options_default(&chosen);
    chosen = options ? *options : chosen;
    tnn_status status =
        is_passphrase(passphrase, passphrase_length) ? check_seal(secret, out, capacity, &chosen) : TNN_ERR_MISUSE;
    if (status != TNN_OK) {
        return status;
    }
    const size_t plain_bytes = tnn_secret_key_size(secret);
    opened_key *opened = tnn_secret_alloc(1, sizeof *opened + plain_bytes);
    if (!opened) {
        return TNN_ERR_MEMORY;
    }
    tnn_stretch cost = {.memory_kib = chosen.memory_kib, .passes = chosen.passes};
    tnn_random_bytes(cost.salt, sizeof cost.salt);
    status = tnn_secret_key_save(secret, opened->plain, plain_bytes);
    status = status == TNN_OK ? stretch(opened, passphrase, passphrase_length, &cost) : status;
    if (status == TNN_OK) {
        write_sealed(out, opened, plain_bytes, &cost);
    }
    tnn_secret_free(opened);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- open --
 */

/* What a payload says, pointing into it. */
typedef struct sealed_key {
    const uint8_t *front;
    tnn_stretch cost;
    const uint8_t *check;
    const uint8_t *nonce;
    const uint8_t *box;
    size_t plain_bytes;
} sealed_key;

/* All limits are checked here, before memory is asked for or time is spent. */
static tnn_status read_sealed(sealed_key *sealed, tnn_reader *payload) {
    const size_t present = tnn_reader_left(payload);
    if (present < OWN_BYTES + TNN_KEY_PREAMBLE_BYTES) {
        return TNN_ERR_TRUNCATED;
    }
    sealed->plain_bytes = present - OWN_BYTES;
    sealed->front = payload->bytes + payload->position;
    sealed->cost.memory_kib = tnn_read_u32(payload);
    sealed->cost.passes = tnn_read_u32(payload);
    tnn_read_copy(payload, sealed->cost.salt, sizeof sealed->cost.salt);
    sealed->check = tnn_read_bytes(payload, CHECK_BYTES);
    sealed->nonce = tnn_read_bytes(payload, TNN_BOX_NONCE_BYTES);
    sealed->box = tnn_read_bytes(payload, TNN_BOX_EXTRA_BYTES + sealed->plain_bytes);
    if (sealed->plain_bytes > MOST_PLAIN_BYTES || !is_cost_allowed(sealed->cost.memory_kib, sealed->cost.passes)) {
        return TNN_ERR_LIMIT;
    }
    return tnn_close(payload);
}

/* Not in constant time: the check stands in the file, and says nothing to who lacks the passphrase. */
static bool is_check_right(const opened_key *opened, const sealed_key *sealed) {
    uint8_t check[CHECK_BYTES];
    make_check(check, opened, sealed->front);
    return memcmp(check, sealed->check, sizeof check) == 0;
}

static tnn_status open_box(opened_key *opened, const sealed_key *sealed, const char *passphrase, size_t length) {
    tnn_status status = stretch(opened, passphrase, length, &sealed->cost);
    if (status != TNN_OK) {
        return status;
    }
    if (!is_check_right(opened, sealed)) {
        return TNN_ERR_PASSPHRASE;
    }
    return tnn_box_open(opened->plain, sealed->box, sealed->plain_bytes, sealed->nonce, opened->stretched)
               ? TNN_OK
               : TNN_ERR_CORRUPT;
}

tnn_status tnn_secret_key_open(tnn_secret_key **secret, const uint8_t *bytes, size_t length, const char *passphrase,
                               size_t passphrase_length) {
    if (!secret) {
        return TNN_ERR_MISUSE;
    }
    *secret = NULL;
    if (!is_passphrase(passphrase, passphrase_length)) {
        return TNN_ERR_MISUSE;
    }
    if (is_plain(bytes, length)) {
        return TNN_ERR_UNSEALED;
    }
    tnn_reader payload;
    sealed_key sealed;
    tnn_status status = tnn_open(&payload, NULL, TNN_KIND_SEALED_KEY, bytes, length);
    status = status == TNN_OK ? read_sealed(&sealed, &payload) : status;
    if (status != TNN_OK) {
        return status;
    }
    opened_key *opened = tnn_secret_alloc(1, sizeof *opened + sealed.plain_bytes);
    if (!opened) {
        return TNN_ERR_MEMORY;
    }
    status = open_box(opened, &sealed, passphrase, passphrase_length);
    status = status == TNN_OK ? tnn_secret_key_load(secret, opened->plain, sealed.plain_bytes) : status;
    tnn_secret_free(opened);
    return status;
}
