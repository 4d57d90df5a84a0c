/*
 * The 32 bytes that open every file of this library, little-endian:
 *
 *    0   3  "TNN"
 *    3   1  kind: 'M' model, 'C' client spec, 'S' secret key, 'K' sealed secret key, 'E' evaluation key, 'I' input,
 *           'O' output
 *    4   2  version: 1 or 2 of models and client specs, 1 of the others
 *    6   2  reserved, 0
 *    8   8  bytes of payload that follow the header
 *   16  16  BLAKE2b-128 of the payload: tells accidents apart, authenticates nobody
 */
#ifndef TNN_WIRE_HEADER_H
#define TNN_WIRE_HEADER_H

#include <torusnn/status.h>

#include "bytes.h"

#define TNN_HEADER_BYTES ((size_t)32)

typedef enum tnn_kind {
    TNN_KIND_MODEL = 'M',
    TNN_KIND_SPEC = 'C',
    TNN_KIND_SECRET_KEY = 'S',
    TNN_KIND_SEALED_KEY = 'K',
    TNN_KIND_EVAL_KEY = 'E',
    TNN_KIND_INPUT = 'I',
    TNN_KIND_OUTPUT = 'O',
} tnn_kind;

/* A reader over the payload of bytes [length], and its version, unless NULL. TNN_ERR_MISUSE for NULL,
 * TNN_ERR_TRUNCATED, TNN_ERR_MAGIC, TNN_ERR_VERSION, TNN_ERR_CORRUPT; TNN_ERR_MALFORMED for bytes behind the payload.
 */
TNN_MUST_USE tnn_status tnn_open(tnn_reader *payload, uint32_t *version, tnn_kind kind, const uint8_t *bytes,
                                 size_t length);

/* The header alone, and how many bytes of payload it announces. TNN_ERR_MAGIC, TNN_ERR_VERSION, TNN_ERR_MALFORMED. */
TNN_MUST_USE tnn_status tnn_open_header(uint64_t *payload_bytes, const uint8_t header[TNN_HEADER_BYTES], tnn_kind kind);

/* Whether a payload's digest is the one that its header states. */
bool tnn_is_digest_of(const uint8_t header[TNN_HEADER_BYTES], const uint8_t digest[16]);

/* A payload read to its end without running past it? TNN_OK, TNN_ERR_TRUNCATED or TNN_ERR_MALFORMED. */
TNN_MUST_USE tnn_status tnn_close(const tnn_reader *payload);

/* A writer for the payload of an object of `size` bytes in all; TNN_ERR_MISUSE for NULL, TNN_ERR_BUFFER. */
TNN_MUST_USE tnn_status tnn_begin(tnn_writer *payload, uint8_t *out, size_t capacity, size_t size);

/* Writes the header in front of a payload that is complete. */
void tnn_finish(uint8_t *out, tnn_kind kind, uint32_t version, size_t size);

#endif
