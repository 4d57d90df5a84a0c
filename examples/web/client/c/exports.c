/*
 * What JavaScript calls: one instance of the module holds one spec and at most one secret key, so its exports take
 * bytes and numbers alone. All bytes pass through memory of web_take, which web_give_back wipes. Each status is a
 * tnn_status; torusnn.h says which a call returns. instance.js is the only caller and hands over no NULL.
 */
#include <string.h>
#include <torusnn/torusnn.h>

#include "keys.h"
#include "random.h"
#include "secret.h"
#include "spec.h"

#define EXPORT(name) __attribute__((export_name(#name), used))

/* Told the GGSW ciphertexts of a key that are made. */
__attribute__((import_module("torusnn"), import_name("progress"))) void web_progress(double done, double total);

static tnn_spec *spec;
static tnn_secret_key *secret;
static tnn_eval_key *eval;

/* NULL where memory ends. */
EXPORT(web_take) void *web_take(size_t bytes) {
    return tnn_random_start() == TNN_OK ? tnn_secret_alloc(bytes, 1) : NULL;
}

EXPORT(web_give_back) void web_give_back(void *memory) {
    tnn_secret_free(memory);
}

EXPORT(web_status_text) const char *web_status_text(tnn_status status) {
    return tnn_status_text(status);
}

#define NAMED(status) [status] = #status

EXPORT(web_status_name) const char *web_status_name(tnn_status status) {
    static const char *const NAMES[TNN_STATUS_COUNT] = {
        NAMED(TNN_OK),
        NAMED(TNN_ERR_MISUSE),
        NAMED(TNN_ERR_BUFFER),
        NAMED(TNN_ERR_SHAPE),
        NAMED(TNN_ERR_FORKED),
        NAMED(TNN_ERR_MEMORY),
        NAMED(TNN_ERR_THREADS),
        NAMED(TNN_ERR_RANDOM),
        NAMED(TNN_ERR_TRUNCATED),
        NAMED(TNN_ERR_MAGIC),
        NAMED(TNN_ERR_VERSION),
        NAMED(TNN_ERR_CORRUPT),
        NAMED(TNN_ERR_LIMIT),
        NAMED(TNN_ERR_MALFORMED),
        NAMED(TNN_ERR_UNSEALED),
        NAMED(TNN_ERR_PARAMS_MISMATCH),
        NAMED(TNN_ERR_KEY_MISMATCH),
        NAMED(TNN_ERR_MODEL_MISMATCH),
        NAMED(TNN_ERR_PASSPHRASE),
        NAMED(TNN_ERR_INSECURE),
        NAMED(TNN_ERR_UNSATISFIABLE),
        NAMED(TNN_ERR_CANCELLED),
    };
    return (size_t)status < TNN_STATUS_COUNT ? NAMES[status] : NULL;
}

EXPORT(web_load_spec) tnn_status web_load_spec(const uint8_t *bytes, size_t length) {
    return spec ? TNN_ERR_MISUSE : tnn_spec_load(&spec, bytes, length);
}

/* numbers [8]: height, width, channels, classes, outputs; bytes of an evaluation key, an input and an output. */
EXPORT(web_describe) void web_describe(double *numbers) {
    tnn_spec_info info = {0};
    tnn_spec_describe(spec, &info);
    const double values[8] = {info.height,      info.width,       info.channels,
                              info.classes,     info.outputs,     (double)info.eval_key_bytes,
                              info.input_bytes, info.output_bytes};
    for (size_t i = 0; i < 8; i++) {
        numbers[i] = values[i];
    }
}

EXPORT(web_class_name) const char *web_class_name(size_t index) {
    return tnn_spec_class_name(spec, index);
}

/* ---------------------------------------------------------------------------------------------------------- keys -- */

static bool tell_progress(void *user, uint64_t done, uint64_t total) {
    (void)user;
    web_progress((double)done, (double)total);
    return true;
}

EXPORT(web_keygen) tnn_status web_keygen(void) {
    tnn_keygen_options options;
    tnn_keygen_options_default(&options);
    options.progress = tell_progress;
    return secret ? TNN_ERR_MISUSE : tnn_keygen(&secret, &eval, spec, 1, &options);
}

EXPORT(web_save_eval_key) tnn_status web_save_eval_key(uint8_t *out, size_t capacity) {
    return tnn_eval_key_save(eval, out, capacity);
}

/* id [16] */
EXPORT(web_key_id) void web_key_id(uint8_t *id) {
    memcpy(id, secret->id.bytes, sizeof secret->id.bytes);
}

EXPORT(web_sealed_bytes) size_t web_sealed_bytes(void) {
    return tnn_secret_key_sealed_size(secret);
}

EXPORT(web_seal) tnn_status web_seal(uint8_t *out, size_t capacity, const char *passphrase, size_t length) {
    return tnn_secret_key_seal(secret, out, capacity, passphrase, length, NULL);
}

/* A key that is of no use for the spec is not kept. */
static tnn_status check_key(void) {
    if (tnn_params_equal(&secret->params, &spec->params)) {
        return TNN_OK;
    }
    tnn_secret_key_free(secret);
    secret = NULL;
    return TNN_ERR_PARAMS_MISMATCH;
}

EXPORT(web_open)
tnn_status web_open(const uint8_t *bytes, size_t length, const char *passphrase, size_t passphrase_length) {
    if (!spec || secret) {
        return TNN_ERR_MISUSE;
    }
    tnn_status status = tnn_secret_key_open(&secret, bytes, length, passphrase, passphrase_length);
    return status == TNN_OK ? check_key() : status;
}

/* The plain key, on its way from one instance to another. */
EXPORT(web_key_bytes) size_t web_key_bytes(void) {
    return tnn_secret_key_size(secret);
}

EXPORT(web_save_key) tnn_status web_save_key(uint8_t *out, size_t capacity) {
    return tnn_secret_key_save(secret, out, capacity);
}

EXPORT(web_load_key) tnn_status web_load_key(const uint8_t *bytes, size_t length) {
    return secret ? TNN_ERR_MISUSE : tnn_secret_key_load(&secret, bytes, length);
}

/* ----------------------------------------------------------------------------------------------- images, results -- */

EXPORT(web_encrypt) tnn_status web_encrypt(uint8_t *out, size_t capacity, const uint8_t *image, size_t pixels) {
    tnn_input *input;
    tnn_status status = tnn_encrypt(&input, spec, secret, image, pixels);
    status = status == TNN_OK ? tnn_input_save(input, out, capacity) : status;
    tnn_input_free(input);
    return status;
}

EXPORT(web_decrypt) tnn_status web_decrypt(double *logits, size_t capacity, const uint8_t *bytes, size_t length) {
    tnn_output *output;
    tnn_status status = tnn_output_load(&output, bytes, length);
    status = status == TNN_OK ? tnn_decrypt(spec, secret, logits, capacity, output) : status;
    tnn_output_free(output);
    return status;
}

EXPORT(web_class_of) size_t web_class_of(const double *logits, size_t outputs) {
    return tnn_class_of(logits, outputs);
}
