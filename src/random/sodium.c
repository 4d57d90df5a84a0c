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

_Static_assert(sizeof(tnn_digest_state) >= sizeof(crypto_generichash_state), "the state of BLAKE2b has its place");

static crypto_generichash_state *blake2b_of(tnn_digest_state *state) {
    return (crypto_generichash_state *)(void *)state->opaque;
}

void tnn_digest_start(tnn_digest_state *state) {
    crypto_generichash_init(blake2b_of(state), NULL, 0, TNN_DIGEST_BYTES);
}

void tnn_digest_add(tnn_digest_state *state, const uint8_t *bytes, size_t length) {
    crypto_generichash_update(blake2b_of(state), bytes, length);
}

void tnn_digest_end(tnn_digest_state *state, uint8_t out[TNN_DIGEST_BYTES]) {
    crypto_generichash_final(blake2b_of(state), out, TNN_DIGEST_BYTES);
}

void tnn_digest(uint8_t out[TNN_DIGEST_BYTES], const tnn_bytes_view *parts, size_t count) {
    tnn_digest_state state;
    tnn_digest_start(&state);
    for (size_t i = 0; i < count; i++) {
        tnn_digest_add(&state, parts[i].bytes, parts[i].length);
    }
    tnn_digest_end(&state, out);
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

/* The one error left is memory: the limits that libsodium checks besides are wider than its callers'. */
tnn_status tnn_stretch_passphrase(uint8_t *out, size_t length, const char *passphrase, size_t passphrase_length,
                                  const tnn_stretch *stretch) {
    const size_t memory = (size_t)stretch->memory_kib * 1024;
    int failed = crypto_pwhash(out, length, passphrase, passphrase_length, stretch->salt, stretch->passes, memory,
                               crypto_pwhash_ALG_ARGON2ID13);
    return failed == 0 ? TNN_OK : TNN_ERR_MEMORY;
}

void tnn_box_close(uint8_t *box, const uint8_t *message, size_t length, const uint8_t nonce[TNN_BOX_NONCE_BYTES],
                   const uint8_t key[TNN_BOX_KEY_BYTES]) {
    crypto_secretbox_easy(box, message, length, nonce, key);
}

bool tnn_box_open(uint8_t *message, const uint8_t *box, size_t length, const uint8_t nonce[TNN_BOX_NONCE_BYTES],
                  const uint8_t key[TNN_BOX_KEY_BYTES]) {
    return crypto_secretbox_open_easy(message, box, length + TNN_BOX_EXTRA_BYTES, nonce, key) == 0;
}
