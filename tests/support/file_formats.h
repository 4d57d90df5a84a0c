/* The kinds of file under one face, so that one check serves them all. */
#ifndef SUPPORT_FILE_FORMATS_H
#define SUPPORT_FILE_FORMATS_H

#include <torusnn/torusnn.h>

#include "file_bytes.h"

/* What SEALED_KEY_FORMAT seals with, at the least cost. */
#define SEAL_PASSPHRASE "correct horse battery staple"

typedef struct file_format {
    char kind;
    tnn_status (*load)(void **object, const uint8_t *bytes, size_t length);
    void (*release)(void *object);
    size_t (*size)(const void *object); /* NULL for models, which only the trainer writes; likewise save */
    tnn_status (*save)(const void *object, uint8_t *out, size_t capacity);
} file_format;

extern const file_format MODEL_FORMAT;
extern const file_format SPEC_FORMAT;
extern const file_format SECRET_KEY_FORMAT;
extern const file_format SEALED_KEY_FORMAT; /* under SEAL_PASSPHRASE; no two savings are the same */
extern const file_format EVAL_KEY_FORMAT;
extern const file_format INPUT_FORMAT;
extern const file_format OUTPUT_FORMAT;

/* The bytes that an object saves. */
file_bytes saved_file(const file_format *format, const void *object);

#endif
