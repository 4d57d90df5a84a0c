/*
 * Secret keys sealed with a passphrase. What a file asks for, in memory and time, is a stranger's choice within limits
 * that take seconds: files within the limits that ask for more than MOST_WORK_KIB are left out.
 */
#include "bytes.h"
#include "fuzz.h"
#include "header.h"
#include "object_uses.h"
#include "testing.h"

#define PASSPHRASE "fuzz" /* of the corpus */
#define MOST_WORK_KIB 256u

static tiny_world world;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    make_tiny_world(&world);
    fuzz_start();
    return 0;
}

/* u32 memory in KiB and u32 passes open the payload. */
static bool takes_long(const uint8_t *data, size_t size) {
    if (size < FILE_HEADER_BYTES + 8) {
        return false;
    }
    const uint64_t work = tnn_load_le(data + FILE_HEADER_BYTES, 4) * tnn_load_le(data + FILE_HEADER_BYTES + 4, 4);
    return work > MOST_WORK_KIB && work <= TNN_MAX_SEAL_WORK_KIB;
}

static bool is_documented(tnn_status status) {
    return status == TNN_OK || status == TNN_ERR_TRUNCATED || status == TNN_ERR_MAGIC || status == TNN_ERR_VERSION ||
           status == TNN_ERR_CORRUPT || status == TNN_ERR_LIMIT || status == TNN_ERR_MALFORMED ||
           status == TNN_ERR_INSECURE || status == TNN_ERR_PASSPHRASE || status == TNN_ERR_UNSEALED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tnn_reader payload;
    tnn_secret_key *secret;
    if (takes_long(data, size)) {
        return 0;
    }
    fuzz_count(FUZZ_RUN);
    if (tnn_open(&payload, NULL, TNN_KIND_SEALED_KEY, data, size) == TNN_OK) {
        fuzz_count(FUZZ_PAST_DIGEST);
    }
    const tnn_status status = tnn_secret_key_open(&secret, data, size, PASSPHRASE, sizeof PASSPHRASE - 1);
    assert_true(is_documented(status));
    assert_true((status == TNN_OK) == (secret != NULL));
    assert_true(status != TNN_ERR_UNSEALED || !tnn_secret_key_is_sealed(data, size));
    if (secret) {
        fuzz_count(FUZZ_LOADED);
        fuzz_remember(data, size);
        USE_SECRET_KEY.use(&world, secret, USE_QUICK);
    }
    tnn_secret_key_free(secret);
    return 0;
}
