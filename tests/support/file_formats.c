#include "file_formats.h"

#include <stdlib.h>
#include <string.h>

#include "testing.h"

static tnn_status load_model_alone(tnn_model **model, const uint8_t *bytes, size_t length) {
    return tnn_model_load(model, NULL, bytes, length);
}

/* The typed calls of one kind behind untyped ones: void * in, the object's type out. */
#define LOAD_AND_RELEASE(type, load)                                                                                   \
    static tnn_status load_##type(void **object, const uint8_t *bytes, size_t length) {                                \
        tnn_##type *typed = UNSET;                                                                                     \
        tnn_status status = load(object ? &typed : NULL, bytes, length);                                               \
        if (object) {                                                                                                  \
            *object = typed;                                                                                           \
        }                                                                                                              \
        return status;                                                                                                 \
    }                                                                                                                  \
    static void release_##type(void *object) {                                                                         \
        tnn_##type##_free(object);                                                                                     \
    }

#define SIZE_AND_SAVE(type)                                                                                            \
    static size_t size_##type(const void *object) {                                                                    \
        return tnn_##type##_size(object);                                                                              \
    }                                                                                                                  \
    static tnn_status save_##type(const void *object, uint8_t *out, size_t capacity) {                                 \
        return tnn_##type##_save(object, out, capacity);                                                               \
    }

LOAD_AND_RELEASE(model, load_model_alone)
LOAD_AND_RELEASE(spec, tnn_spec_load)
LOAD_AND_RELEASE(secret_key, tnn_secret_key_load)
static size_t size_sealed_key(const void *secret) {
    return tnn_secret_key_sealed_size(secret);
}

static tnn_status save_sealed_key(const void *secret, uint8_t *out, size_t capacity) {
    const tnn_seal_options cheapest = {.memory_kib = TNN_MIN_SEAL_KIB, .passes = 1};
    return tnn_secret_key_seal(secret, out, capacity, SEAL_PASSPHRASE, strlen(SEAL_PASSPHRASE), &cheapest);
}

static tnn_status load_sealed_key(void **object, const uint8_t *bytes, size_t length) {
    tnn_secret_key *secret = UNSET;
    tnn_status status =
        tnn_secret_key_open(object ? &secret : NULL, bytes, length, SEAL_PASSPHRASE, strlen(SEAL_PASSPHRASE));
    if (object) {
        *object = secret;
    }
    return status;
}

LOAD_AND_RELEASE(eval_key, tnn_eval_key_load)
LOAD_AND_RELEASE(input, tnn_input_load)
LOAD_AND_RELEASE(output, tnn_output_load)
SIZE_AND_SAVE(spec)
SIZE_AND_SAVE(secret_key)
SIZE_AND_SAVE(eval_key)
SIZE_AND_SAVE(input)
SIZE_AND_SAVE(output)

const file_format MODEL_FORMAT = {'M', load_model, release_model, NULL, NULL};
const file_format SPEC_FORMAT = {'C', load_spec, release_spec, size_spec, save_spec};
const file_format SECRET_KEY_FORMAT = {'S', load_secret_key, release_secret_key, size_secret_key, save_secret_key};
const file_format SEALED_KEY_FORMAT = {'K', load_sealed_key, release_secret_key, size_sealed_key, save_sealed_key};
const file_format EVAL_KEY_FORMAT = {'E', load_eval_key, release_eval_key, size_eval_key, save_eval_key};
const file_format INPUT_FORMAT = {'I', load_input, release_input, size_input, save_input};
const file_format OUTPUT_FORMAT = {'O', load_output, release_output, size_output, save_output};

file_bytes saved_file(const file_format *format, const void *object) {
    const size_t length = format->size(object);
    file_bytes file = {malloc(length), length};
    assert_non_null(file.bytes);
    assert_ok(format->save(object, file.bytes, length));
    return file;
}
