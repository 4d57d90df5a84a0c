/*
 * client: owns the images. Makes the keys, encrypts, decrypts; never sees the model's weights.
 *
 * It exchanges files with the program `server`. Only secret.tnn must stay here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torusnn/torusnn.h>

#include "common/bytes.h"
#include "common/draw.h"
#include "common/escape.h"
#include "common/machine.h"
#include "common/netpbm.h"
#include "common/object_file.h"
#include "common/output_file.h"
#include "common/passphrase.h"
#include "common/picture.h"
#include "common/report.h"
#include "common/verbs.h"

/* ------------------------------------------------------------------------------------------------ objects -- */

static bool load_spec(tnn_spec **spec, const char *path) {
    bytes contents = {0};
    bool loaded =
        object_file_read(&contents, path, "C") && status_ok(tnn_spec_load(spec, contents.data, contents.length), path);
    bytes_free(&contents);
    return loaded;
}

static bool open_secret_key(tnn_secret_key **secret, const bytes *contents, const char *path,
                            const char *passphrase_path) {
    passphrase phrase = {0};
    bool known = passphrase_path != NULL
                     ? passphrase_read(&phrase, passphrase_path)
                     : passphrase_ask(&phrase, path, false,
                                      "is sealed, and there is no terminal to ask for its passphrase; give "
                                      "--passphrase-file FILE");
    bool opened =
        known &&
        status_ok(tnn_secret_key_open(secret, contents->data, contents->length, phrase.text, phrase.length), path);
    passphrase_forget(&phrase);
    return opened;
}

/* passphrase_path: NULL where none is given; one that is given must fit. */
static bool load_secret_key(tnn_secret_key **secret, const char *path, const char *passphrase_path) {
    bytes contents = {0};
    bool loaded = object_file_read(&contents, path, "SK");
    if (loaded && (passphrase_path != NULL || tnn_secret_key_is_sealed(contents.data, contents.length))) {
        loaded = open_secret_key(secret, &contents, path, passphrase_path);
    } else if (loaded) {
        loaded = status_ok(tnn_secret_key_load(secret, contents.data, contents.length), path);
    }
    bytes_free(&contents);
    return loaded;
}

static bool load_output(tnn_output **output, const char *path) {
    bytes contents = {0};
    bool loaded = object_file_read(&contents, path, "O") &&
                  status_ok(tnn_output_load(output, contents.data, contents.length), path);
    bytes_free(&contents);
    return loaded;
}

/* Sealed where there is a passphrase. */
static tnn_status save_secret_key(const tnn_secret_key *secret, const bytes *out, const passphrase *phrase) {
    return phrase->length == 0
               ? tnn_secret_key_save(secret, out->data, out->length)
               : tnn_secret_key_seal(secret, out->data, out->length, phrase->text, phrase->length, NULL);
}

static bool stage_secret_key(output_file *file, const char *path, const tnn_secret_key *secret,
                             const passphrase *phrase) {
    bytes contents = {0};
    const size_t size = phrase->length == 0 ? tnn_secret_key_size(secret) : tnn_secret_key_sealed_size(secret);
    bool staged = bytes_allocate(&contents, size) && status_ok(save_secret_key(secret, &contents, phrase), path) &&
                  output_file_stage(file, path, OUTPUT_SECRET, &contents);
    bytes_free(&contents);
    return staged;
}

static bool stage_eval_key(output_file *file, const char *path, const tnn_eval_key *eval) {
    bytes contents = {0};
    bool staged = bytes_allocate(&contents, tnn_eval_key_size(eval)) &&
                  status_ok(tnn_eval_key_save(eval, contents.data, contents.length), path) &&
                  output_file_stage(file, path, OUTPUT_SHARED, &contents);
    bytes_free(&contents);
    return staged;
}

static bool save_input(const char *path, const tnn_input *input) {
    bytes contents = {0};
    bool saved = bytes_allocate(&contents, tnn_input_size(input)) &&
                 status_ok(tnn_input_save(input, contents.data, contents.length), path) &&
                 output_file_write(path, &contents);
    bytes_free(&contents);
    return saved;
}

/* ------------------------------------------------------------------------------------------------- keygen -- */

/* A lost secret key cannot be made again, and nothing else reads what was encrypted under it. */
static bool check_key_paths(const char *secret_path, const char *eval_path) {
    if (output_file_same(secret_path, eval_path)) {
        return report_error("%s: cannot hold both keys; name two files", secret_path);
    }
    return output_file_check(secret_path, OUTPUT_SECRET) && output_file_check(eval_path, OUTPUT_SHARED);
}

/* Both keys are on disk before either takes its name: an evaluation key without its secret key is of no use. */
static bool save_keys(const char *secret_path, const tnn_secret_key *secret, const passphrase *phrase,
                      const char *eval_path, const tnn_eval_key *eval) {
    output_file files[2] = {0};
    bool saved = stage_secret_key(&files[0], secret_path, secret, phrase) &&
                 stage_eval_key(&files[1], eval_path, eval) && output_files_commit(files, 2);
    output_file_discard(&files[0]);
    output_file_discard(&files[1]);
    return saved;
}

/* None where that is what the user says. */
static bool choose_passphrase(passphrase *phrase, const char *secret_path, const char *file, bool none) {
    *phrase = (passphrase){0};
    if (file != NULL && none) {
        return report_error("--passphrase-file and --no-passphrase exclude each other; give one");
    }
    if (file != NULL) {
        return passphrase_read(phrase, file);
    }
    return none || passphrase_ask(phrase, secret_path, true,
                                  "would be sealed with a passphrase, and there is no terminal to ask for it; give "
                                  "--passphrase-file FILE or --no-passphrase");
}

static bool keygen(const char *const *values) {
    const char *spec_path = values[0], *secret_path = values[1], *eval_path = values[2];
    passphrase phrase = {0};
    tnn_spec *spec = NULL;
    tnn_secret_key *secret = NULL;
    tnn_eval_key *eval = NULL;
    bool done = load_spec(&spec, spec_path) && check_key_paths(secret_path, eval_path) &&
                choose_passphrase(&phrase, secret_path, values[3], values[4] != NULL) &&
                status_ok(tnn_keygen(&secret, &eval, spec, machine_cores(), NULL), "key generation") &&
                save_keys(secret_path, secret, &phrase, eval_path, eval);
    passphrase_forget(&phrase);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    return done;
}

/* ------------------------------------------------------------------------------------------------ encrypt -- */

static bool read_image(bytes *pixels, const tnn_spec *spec, const char *path) {
    picture_shape shape;
    tnn_spec_shape(spec, &shape.height, &shape.width, &shape.channels, NULL);
    return bytes_allocate(pixels, (size_t)shape.height * shape.width * shape.channels) &&
           picture_read(pixels->data, &shape, path);
}

static bool encrypt(const char *const *values) {
    const char *spec_path = values[0], *secret_path = values[1], *image_path = values[2], *out_path = values[3];
    tnn_spec *spec = NULL;
    tnn_secret_key *secret = NULL;
    tnn_input *input = NULL;
    bytes pixels = {0};
    bool done = load_spec(&spec, spec_path) && read_image(&pixels, spec, image_path) &&
                load_secret_key(&secret, secret_path, values[4]) &&
                status_ok(tnn_encrypt(&input, spec, secret, pixels.data, pixels.length), secret_path) &&
                save_input(out_path, input);
    bytes_free(&pixels);
    tnn_input_free(input);
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    return done;
}

/* ------------------------------------------------------------------------------------------------ decrypt -- */

static void print_result(const tnn_spec *spec, const double *logits, size_t outputs) {
    for (size_t i = 0; i < outputs; i++) {
        printf("logit %zu: %.4f\n", i, logits[i]);
    }
    const size_t class = tnn_class_of(logits, outputs);
    const char *name = tnn_spec_class_name(spec, class);
    printf("class: %zu%s", class, name != NULL ? ", " : "");
    escape_print(stdout, name != NULL ? name : "");
    putchar('\n');
}

static bool decrypt_and_print(const tnn_spec *spec, const tnn_secret_key *secret, const tnn_output *output,
                              const char *output_path) {
    uint32_t outputs = 0;
    tnn_spec_shape(spec, NULL, NULL, NULL, &outputs);
    double *logits = calloc(outputs, sizeof *logits);
    if (logits == NULL) {
        return report_out_of_memory();
    }
    bool decrypted = status_ok(tnn_decrypt(spec, secret, logits, outputs, output), output_path);
    if (decrypted) {
        print_result(spec, logits, outputs);
    }
    explicit_bzero(logits, outputs * sizeof *logits);
    free(logits);
    return decrypted;
}

static bool decrypt(const char *const *values) {
    const char *spec_path = values[0], *secret_path = values[1], *in_path = values[2];
    tnn_spec *spec = NULL;
    tnn_secret_key *secret = NULL;
    tnn_output *output = NULL;
    bool done = load_spec(&spec, spec_path) && load_output(&output, in_path) &&
                load_secret_key(&secret, secret_path, values[3]) && decrypt_and_print(spec, secret, output, in_path);
    tnn_output_free(output);
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    return done;
}

/* --------------------------------------------------------------------------------------------------- draw -- */

static bool draw_and_save(const tnn_spec *spec, const char *spec_path, const char *out_path) {
    uint32_t height, width, channels;
    tnn_spec_shape(spec, &height, &width, &channels, NULL);
    if ((channels != 1 && channels != 3) || height > NETPBM_LARGEST_SIDE || width > NETPBM_LARGEST_SIDE) {
        return report_error(
            "%s: asks for images that PGM and PPM cannot hold; encrypt takes a NumPy array (.npy) of them", spec_path);
    }
    netpbm_image image = {0};
    if (!netpbm_allocate(&image, height, width, channels)) {
        return false;
    }
    draw_radiograph(image.pixels.data, height, width, channels, 0);
    bool written = netpbm_write(out_path, &image);
    netpbm_free(&image);
    return written;
}

static bool draw(const char *const *values) {
    const char *spec_path = values[0], *out_path = values[1];
    tnn_spec *spec = NULL;
    bool done = load_spec(&spec, spec_path) && draw_and_save(spec, spec_path, out_path);
    tnn_spec_free(spec);
    return done;
}

/* ----------------------------------------------------------------------------------------------- describe -- */

static bool describe(const char *const *values) {
    tnn_spec *spec = NULL;
    if (!load_spec(&spec, values[0])) {
        return false;
    }
    tnn_spec_info info;
    tnn_spec_describe(spec, &info);
    printf("image            %u x %u, %u channels, %u levels\n", info.width, info.height, info.channels,
           info.input_levels);
    printf("security         %u bits promised, %u estimated\n", info.security_bits, info.estimated_bits);
    printf("parameters       n %u", info.parameters.n);
    if (info.parameters.N > 0) {
        printf(", k %u, N %u", info.parameters.k, info.parameters.N);
    }
    putchar('\n');
    printf("secret key       %zu bytes\nevaluation key   %zu bytes\n", info.secret_key_bytes, info.eval_key_bytes);
    printf("encrypted image  %zu bytes\nencrypted result %zu bytes\n", info.input_bytes, info.output_bytes);
    printf("classes          %u", info.classes);
    for (uint32_t i = 0; i < info.classes; i++) {
        const char *name = tnn_spec_class_name(spec, i);
        fputs(i == 0 ? ": " : "; ", stdout);
        escape_print(stdout, name != NULL ? name : "unnamed");
    }
    putchar('\n');
    tnn_spec_free(spec);
    return true;
}

#define PASSPHRASE_FILE                                                                                                \
    {                                                                                                                  \
        .name = "passphrase-file", .value = "FILE",                                                                    \
        .help = "Passphrase of a sealed secret key, one line (default: asked for on the terminal)", .optional = true   \
    }

static const verb VERBS[] = {
    {.name = "describe",
     .help = "Says what a spec asks for, before any key is made.",
     .options = {{.name = "spec", .value = "FILE", .help = "What `server spec' wrote"}},
     .run = describe},
    {.name = "keygen",
     .help = "Makes a secret key, which stays here, and an evaluation key for the server.",
     .options = {{.name = "spec", .value = "FILE", .help = "What `server spec' wrote"},
                 {.name = "secret", .value = "FILE", .help = "Secret key to make"},
                 {.name = "eval", .value = "FILE", .help = "Evaluation key to make"},
                 {.name = "passphrase-file",
                  .value = "FILE",
                  .help = "Passphrase to seal the secret key with, one line (default: asked for on the terminal)",
                  .optional = true},
                 {.name = "no-passphrase",
                  .help = "Leave the secret key plain: whoever reads its file decrypts",
                  .optional = true}},
     .run = keygen},
    {.name = "encrypt",
     .help = "Encrypts an image of the size that the spec asks for: PNG, JPEG, binary PGM or PPM, or a NumPy"
             " array of uint8 (.npy), the only one for other than 1 or 3 channels.",
     .options = {{.name = "spec", .value = "FILE", .help = "What `server spec' wrote"},
                 {.name = "secret", .value = "FILE", .help = "Secret key"},
                 {.name = "image",
                  .value = "FILE",
                  .help = "Image. Where the model reads grey, colour becomes 0.299 R + 0.587 G + 0.114 B; transparency "
                          "lies on white"},
                 {.name = "out", .value = "FILE", .help = "Encrypted image, for the server"},
                 PASSPHRASE_FILE},
     .run = encrypt},
    {.name = "decrypt",
     .help = "Prints the logits and the class that the server's output holds.",
     .options = {{.name = "spec", .value = "FILE", .help = "What `server spec' wrote"},
                 {.name = "secret", .value = "FILE", .help = "Secret key"},
                 {.name = "in", .value = "FILE", .help = "What `server infer' wrote"},
                 PASSPHRASE_FILE},
     .run = decrypt},
    {.name = "draw",
     .help = "Draws an image of that size to try things with, as PGM or PPM.",
     .options = {{.name = "spec", .value = "FILE", .help = "What `server spec' wrote"},
                 {.name = "out", .value = "FILE", .help = "Image to draw"}},
     .run = draw},
};

int main(int argc, char **argv) {
    return verbs_main(VERBS, sizeof VERBS / sizeof VERBS[0],
                      "Owns the images: makes the keys, encrypts, decrypts. Results are approximate: tell the server "
                      "nothing about them.",
                      argc, argv);
}
