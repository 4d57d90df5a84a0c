/*
 * What the files of both keys have in common. Payload: parameters (64 bytes, params_file.h); key id (16); then the
 * key's own material, whose length the parameters decide. Opening checks the header, the digest, the parameters
 * against limits and the security curve, and the length against the parameters, before memory for the key is taken.
 */
#ifndef TNN_WIRE_KEY_FILE_H
#define TNN_WIRE_KEY_FILE_H

#include "header.h"
#include "keys.h"
#include "params_file.h"

/* Bytes of a key's file in front of its material. */
#define TNN_KEY_PREAMBLE_BYTES (TNN_HEADER_BYTES + TNN_PARAMS_BYTES + TNN_KEY_ID_BYTES)

/* One kind of key on the wire. */
typedef struct tnn_key_format {
    tnn_kind kind;
    size_t (*file_bytes)(const tnn_params *params);
} tnn_key_format;

/* A writer for the material, the rest of the payload written; TNN_ERR_MISUSE for NULL, TNN_ERR_BUFFER. */
TNN_MUST_USE tnn_status tnn_begin_key(tnn_writer *material, const tnn_key_format *format, const tnn_params *params,
                                      const tnn_key_id *id, uint8_t *out, size_t capacity);

/* Writes the header once the material is complete. */
void tnn_finish_key(const tnn_key_format *format, const tnn_params *params, uint8_t *out);

/* A reader over the material, of the length that the format says. Errors of tnn_open and tnn_read_params;
 * TNN_ERR_MALFORMED where the length contradicts the parameters. */
TNN_MUST_USE tnn_status tnn_open_key(tnn_reader *material, tnn_params *params, tnn_key_id *id,
                                     const tnn_key_format *format, const uint8_t *bytes, size_t length);

#endif
