/* The one file that knows libsodium. */
#include <sodium.h>

#include "bytes.h"
#include "random.h"
#include "secret.h"

tnn_status tnn_random_start(void) {
    return sodium_init() >= 0 ? TNN_OK : TNN_ERR_RANDOM;
}

void tnn_random_bytes(void *out, size_t length) {
    randombytes_buf(out, length);
}

void tnn_expand(uint8_t *out, size_t length, const tnn_seed *seed, uint64_t stream) {
    uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    tnn_store_le(nonce, stream, sizeof nonce);
    crypto_stream_chacha20(out, length, nonce, seed->bytes);
}

void tnn_digest(uint8_t out[TNN_DIGEST_BYTES], const tnn_bytes_view *parts, size_t count) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, TNN_DIGEST_BYTES);
    for (size_t i = 0; i < count; i++) {
        crypto_generichash_update(&state, parts[i].bytes, parts[i].length);
    }
    crypto_generichash_final(&state, out, TNN_DIGEST_BYTES);
}

bool tnn_digest_equal(const uint8_t a[TNN_DIGEST_BYTES], const uint8_t b[TNN_DIGEST_BYTES]) {
    return sodium_memcmp(a, b, TNN_DIGEST_BYTES) == 0;
}

/* sodium_malloc puts the end of a block against a guard page: only multiples of 64 bytes start on a cache line. */
void *tnn_secret_alloc(size_t count, size_t size) {
    const size_t line = 64;
    if (count == 0 || size == 0 || count > (SIZE_MAX - line) / size) {
        return NULL;
    }
    size_t bytes = (count * size + line - 1) / line * line;
    void *memory = sodium_malloc(bytes);
    if (memory) {
        sodium_memzero(memory, bytes);
    }
    return memory;
}

void tnn_secret_free(void *memory) {
    sodium_free(memory);
}

void tnn_wipe(void *memory, size_t length) {
    sodium_memzero(memory, length);
}
