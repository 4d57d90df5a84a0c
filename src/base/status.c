#include <torusnn/status.h>

static const char *const TEXTS[TNN_STATUS_COUNT] = {
    [TNN_OK] = "success",
    [TNN_ERR_MISUSE] =
        "an argument is NULL, zero, outside its documented range or in use by another call; check the call",
    [TNN_ERR_BUFFER] = "the output buffer is too small; ask the object for its size first",
    [TNN_ERR_SHAPE] = "the image has another shape than the model reads; resize it or pick another model",
    [TNN_ERR_FORKED] = "the object was created before fork() and its threads are not in this process; create it anew",
    [TNN_ERR_MEMORY] = "out of memory; close other programs or use a smaller model",
    [TNN_ERR_THREADS] = "a thread could not be started; ask for fewer threads",
    [TNN_ERR_RANDOM] = "the system gives no cryptographic randomness; check its random device",
    [TNN_ERR_TRUNCATED] = "the data ends early; copy the file again",
    [TNN_ERR_MAGIC] = "this is not the kind of object that was expected; check which file was passed",
    [TNN_ERR_VERSION] = "the data was written by a newer torusnn; update the library",
    [TNN_ERR_CORRUPT] = "the data does not match its digest; copy the file again",
    [TNN_ERR_LIMIT] = "a size in the data is beyond the limits of the library; the file is damaged or hostile",
    [TNN_ERR_MALFORMED] =
        "a field of the data contradicts another, or the data goes on behind its end; write the file again",
    [TNN_ERR_UNSEALED] = "the secret key is not sealed with a passphrase; load it without one, or seal it",
    [TNN_ERR_PARAMS_MISMATCH] = "key and circuit have different parameters; make a key from this circuit's client spec",
    [TNN_ERR_KEY_MISMATCH] =
        "ciphertext and key come from different key generations; use the key that belongs to the ciphertext",
    [TNN_ERR_MODEL_MISMATCH] =
        "ciphertext and circuit come from different models; use the model, or its client spec, of the ciphertext",
    [TNN_ERR_PASSPHRASE] = "the passphrase is not the one that the secret key was sealed with; type it again",
    [TNN_ERR_INSECURE] = "the parameters are below the security curve; raise the noise or the dimension",
    [TNN_ERR_UNSATISFIABLE] = "no parameters reach the precision asked for; relax it or narrow the accumulators",
    [TNN_ERR_CANCELLED] = "the progress callback asked to stop; no output was produced",
};

const char *tnn_status_text(tnn_status status) {
    return (unsigned)status < TNN_STATUS_COUNT ? TEXTS[status] : "not a torusnn status; check where it came from";
}
