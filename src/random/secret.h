/* Memory for secrets: between guard pages, locked where the system allows, wiped when freed. Secrets at rest. */
#ifndef TNN_RANDOM_SECRET_H
#define TNN_RANDOM_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torusnn/status.h>

/* Zeroed; NULL where memory ends or the product overflows. tnn_random_start must have succeeded. */
void *tnn_secret_alloc(size_t count, size_t size);
void tnn_secret_free(void *memory);

/* Overwrites in a way the compiler keeps. */
void tnn_wipe(void *memory, size_t length);

/* What a passphrase is made into a key with: Argon2id, version 1.3, one lane. */
#define TNN_SALT_BYTES 16u
typedef struct tnn_stretch {
    uint32_t memory_kib; /* at least 8 */
    uint32_t passes;     /* at least 1 */
    uint8_t salt[TNN_SALT_BYTES];
} tnn_stretch;

/* Key bytes [length], 16 at least, from a passphrase. TNN_ERR_MEMORY where the system does not give what it takes. */
TNN_MUST_USE tnn_status tnn_stretch_passphrase(uint8_t *out, size_t length, const char *passphrase,
                                               size_t passphrase_length, const tnn_stretch *stretch);

/* Authenticated encryption: XSalsa20 and Poly1305. A key and nonce serve once. */
#define TNN_BOX_KEY_BYTES 32u
#define TNN_BOX_NONCE_BYTES 24u
#define TNN_BOX_EXTRA_BYTES 16u

/* box [length + TNN_BOX_EXTRA_BYTES] */
void tnn_box_close(uint8_t *box, const uint8_t *message, size_t length, const uint8_t nonce[TNN_BOX_NONCE_BYTES],
                   const uint8_t key[TNN_BOX_KEY_BYTES]);

/* message [length]; false, and nothing is written, where the box [length + TNN_BOX_EXTRA_BYTES] is not of this key. */
TNN_MUST_USE bool tnn_box_open(uint8_t *message, const uint8_t *box, size_t length,
                               const uint8_t nonce[TNN_BOX_NONCE_BYTES], const uint8_t key[TNN_BOX_KEY_BYTES]);

#endif
