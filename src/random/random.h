/* Randomness, from libsodium alone: secret bytes, public masks from a seed, Gaussian noise. */
#ifndef TNN_RANDOM_RANDOM_H
#define TNN_RANDOM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torusnn/status.h>

#define TNN_SEED_BYTES 32u
#define TNN_DIGEST_BYTES 16u

/* A public seed. Whoever has it can expand the masks; it hides nothing. */
typedef struct tnn_seed {
    uint8_t bytes[TNN_SEED_BYTES];
} tnn_seed;

/* Must have returned TNN_OK once before any other call of this folder; TNN_ERR_RANDOM otherwise. Thread-safe. */
TNN_MUST_USE tnn_status tnn_random_start(void);

/* Unpredictable bytes from the operating system's generator. */
void tnn_random_bytes(void *out, size_t length);

/* Bytes of the ChaCha20 key stream (Bernstein's original, 64-bit nonce): the seed is the key, `stream` the nonce. The
 * same on every machine. */
void tnn_expand(uint8_t *out, size_t length, const tnn_seed *seed, uint64_t stream);

/* Independent standard normal deviates, in time that does not depend on their values. */
void tnn_gaussian(double *out, size_t count);

/* Standard normal deviates that a number decides: for simulations, never for encryption. */
#define TNN_GAUSSIAN_BLOCK 128u
typedef struct tnn_gaussian_stream {
    tnn_seed seed;
    uint64_t block; /* number of the next block */
    size_t used;    /* of the current one */
    double deviates[TNN_GAUSSIAN_BLOCK];
} tnn_gaussian_stream;
void tnn_gaussian_stream_start(tnn_gaussian_stream *stream, uint64_t number);
double tnn_gaussian_next(tnn_gaussian_stream *stream);

/* BLAKE2b-128 of a message given in parts. */
typedef struct tnn_bytes_view {
    const void *bytes;
    size_t length;
} tnn_bytes_view;
void tnn_digest(uint8_t out[TNN_DIGEST_BYTES], const tnn_bytes_view *parts, size_t count);

/* The same of bytes that come piece by piece: memory of libsodium's state, which is no one else's business. */
typedef struct tnn_digest_state {
    _Alignas(64) uint8_t opaque[384];
} tnn_digest_state;
void tnn_digest_start(tnn_digest_state *state);
void tnn_digest_add(tnn_digest_state *state, const uint8_t *bytes, size_t length);
void tnn_digest_end(tnn_digest_state *state, uint8_t out[TNN_DIGEST_BYTES]);

/* Whether two digests are equal, in time that does not depend on them: the message may be a secret key. */
bool tnn_digest_equal(const uint8_t a[TNN_DIGEST_BYTES], const uint8_t b[TNN_DIGEST_BYTES]);

#endif
