/*
 * The native client of the tests. SEALED keys are under PASSPHRASE.
 *
 *   native keygen SPEC PASSPHRASE SEALED EVAL PLAIN      makes keys
 *   native encrypt SPEC PASSPHRASE SEALED IMAGE INPUT    of IMAGE's bytes, a pixel after another
 *   native decrypt SPEC PASSPHRASE SEALED OUTPUT LOGITS  writes doubles of the machine
 *   native time SPEC IMAGE OUTPUT SEALED PASSPHRASE      prints milliseconds of each call, the best of several
 */
#include <math.h>
#include <string.h>
#include <time.h>
#include <torusnn/torusnn.h>

#include "files.h"

static tnn_output *load_output(const char *path) {
    tnn_output *output;
    blob bytes = read_blob(path);
    must(tnn_output_load(&output, bytes.data, bytes.length), path);
    free(bytes.data);
    return output;
}

static tnn_secret_key *open_key(const char *path, const char *passphrase) {
    tnn_secret_key *secret;
    blob bytes = read_blob(path);
    must(tnn_secret_key_open(&secret, bytes.data, bytes.length, passphrase, strlen(passphrase)), path);
    free(bytes.data);
    return secret;
}

static uint32_t outputs_of(const tnn_spec *spec) {
    tnn_spec_info info;
    tnn_spec_describe(spec, &info);
    return info.outputs;
}

static int make_keys(char **args) {
    tnn_spec *spec = load_spec(args[0]);
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    must(tnn_keygen(&secret, &eval, spec, 1, NULL), "keygen");
    blob sealed = {malloc(tnn_secret_key_sealed_size(secret)), tnn_secret_key_sealed_size(secret)};
    must(tnn_secret_key_seal(secret, sealed.data, sealed.length, args[1], strlen(args[1]), NULL), "seal");
    write_blob(args[2], &sealed);
    WRITE_OBJECT(args[3], eval_key, eval);
    WRITE_OBJECT(args[4], secret_key, secret);
    free(sealed.data);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    return 0;
}

static int encrypt(char **args) {
    tnn_spec *spec = load_spec(args[0]);
    tnn_secret_key *secret = open_key(args[2], args[1]);
    blob image = read_blob(args[3]);
    tnn_input *input;
    must(tnn_encrypt(&input, spec, secret, image.data, image.length), "encrypt");
    WRITE_OBJECT(args[4], input, input);
    tnn_input_free(input);
    free(image.data);
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    return 0;
}

static int decrypt(char **args) {
    tnn_spec *spec = load_spec(args[0]);
    tnn_secret_key *secret = open_key(args[2], args[1]);
    tnn_output *output = load_output(args[3]);
    const uint32_t outputs = outputs_of(spec);
    double *logits = malloc(outputs * sizeof *logits);
    must(tnn_decrypt(spec, secret, logits, outputs, output), "decrypt");
    const blob bytes = {(uint8_t *)logits, outputs * sizeof *logits};
    write_blob(args[4], &bytes);
    free(logits);
    tnn_output_free(output);
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    return 0;
}

/* ---------------------------------------------------------------------------------------------------------- time -- */

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

#define BEST_MS(what, times, call)                                                                                     \
    do {                                                                                                               \
        double best = INFINITY;                                                                                        \
        for (int run = 0; run < (times); run++) {                                                                      \
            const double start = now_ms();                                                                             \
            call;                                                                                                      \
            best = fmin(best, now_ms() - start);                                                                       \
        }                                                                                                              \
        printf("%s %.4f\n", what, best);                                                                               \
    } while (0)

static void make_and_drop_keys(const tnn_spec *spec) {
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    must(tnn_keygen(&secret, &eval, spec, 1, NULL), "keygen");
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
}

/* To bytes, as the client for browsers does. */
static void encrypt_and_drop(const tnn_spec *spec, const tnn_secret_key *secret, const blob *image, uint8_t *out,
                             size_t capacity) {
    tnn_input *input;
    must(tnn_encrypt(&input, spec, secret, image->data, image->length), "encrypt");
    must(tnn_input_save(input, out, capacity), "save");
    tnn_input_free(input);
}

static void decrypt_and_drop(const tnn_spec *spec, const tnn_secret_key *secret, const blob *file, double *logits) {
    tnn_output *output;
    must(tnn_output_load(&output, file->data, file->length), "load");
    must(tnn_decrypt(spec, secret, logits, outputs_of(spec), output), "decrypt");
    tnn_output_free(output);
}

static int take_times(char **args) {
    tnn_spec *spec = load_spec(args[0]);
    blob image = read_blob(args[1]);
    blob output = read_blob(args[2]);
    tnn_secret_key *secret = open_key(args[3], args[4]);
    tnn_spec_info info;
    tnn_spec_describe(spec, &info);
    uint8_t *input = malloc(info.input_bytes);
    double *logits = malloc(info.outputs * sizeof *logits);
    BEST_MS("keygen", 5, make_and_drop_keys(spec));
    BEST_MS("open", 3, tnn_secret_key_free(open_key(args[3], args[4])));
    BEST_MS("encrypt", 200, encrypt_and_drop(spec, secret, &image, input, info.input_bytes));
    BEST_MS("decrypt", 200, decrypt_and_drop(spec, secret, &output, logits));
    free(logits);
    free(input);
    free(output.data);
    free(image.data);
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    return 0;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(char **args);
    } VERBS[] = {{"keygen", make_keys}, {"encrypt", encrypt}, {"decrypt", decrypt}, {"time", take_times}};
    for (size_t i = 0; argc == 7 && i < sizeof VERBS / sizeof *VERBS; i++) {
        if (strcmp(argv[1], VERBS[i].name) == 0) {
            return VERBS[i].run(argv + 2);
        }
    }
    fprintf(stderr, "usage: see the head of native.c\n");
    return 2;
}
