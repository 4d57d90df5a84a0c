/*
 * torusnn/status.h: how every torusnn call reports what happened.
 *
 * Errors are values. No call aborts, exits or prints; a call that fails leaves its outputs NULL (objects) or
 * untouched (buffers) and releases whatever it had acquired.
 */
#ifndef TORUSNN_STATUS_H
#define TORUSNN_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/* TNN_API marks what the library gives out, TNN_MUST_USE results that must not be dropped. */
#if defined(__GNUC__)
#define TNN_API __attribute__((visibility("default")))
#define TNN_MUST_USE __attribute__((warn_unused_result))
#else
#define TNN_API
#define TNN_MUST_USE
#endif

/** Most threads that a call takes. */
#define TNN_MAX_THREADS 256u

/** What a call reports. `tnn_status_text` has a sentence for each. */
typedef enum tnn_status {
    TNN_OK = 0,

    /* The caller's program is wrong. */
    TNN_ERR_MISUSE, /* a NULL, a zero size, an option outside its documented range or an object in use */
    TNN_ERR_BUFFER, /* the output buffer is smaller than the documented size */
    TNN_ERR_SHAPE,  /* the image has another shape than the model's input */
    TNN_ERR_FORKED, /* an evaluator of the parent process */

    /* The machine cannot. */
    TNN_ERR_MEMORY,  /* out of memory */
    TNN_ERR_THREADS, /* a thread could not be started */
    TNN_ERR_RANDOM,  /* no source of cryptographic randomness */

    /* The bytes are not what they should be. */
    TNN_ERR_TRUNCATED, /* fewer bytes than the header announces */
    TNN_ERR_MAGIC,     /* another kind of object, or none of ours */
    TNN_ERR_VERSION,   /* written by a newer library */
    TNN_ERR_CORRUPT,   /* the digest does not match the bytes */
    TNN_ERR_LIMIT,     /* a size beyond the documented limits */
    TNN_ERR_MALFORMED, /* a field contradicts another */
    TNN_ERR_UNSEALED,  /* a secret key that is plain, where a sealed one is expected */

    /* The objects do not belong together. */
    TNN_ERR_PARAMS_MISMATCH, /* key and circuit have different parameters */
    TNN_ERR_KEY_MISMATCH,    /* ciphertext and key come from different key generations */
    TNN_ERR_MODEL_MISMATCH,  /* ciphertext and circuit come from different models */
    TNN_ERR_PASSPHRASE,      /* the secret key was sealed with another passphrase */

    /* The request cannot be met. */
    TNN_ERR_INSECURE,      /* parameters below the security curve */
    TNN_ERR_UNSATISFIABLE, /* no parameters give the precision asked for */
    TNN_ERR_CANCELLED,     /* the progress callback asked to stop */

    TNN_STATUS_COUNT
} tnn_status;

/**
 * A sentence that says what a status means and what to do about it.
 *
 * Args:    status  any value; one that is not a tnn_status gets a sentence too.
 * Returns: a static, NUL-terminated English text; never NULL, never to be freed.
 * Thread safety: safe from any thread.
 */
TNN_API const char *tnn_status_text(tnn_status status);

#ifdef __cplusplus
}
#endif
#endif
