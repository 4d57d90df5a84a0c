/*
 * Usage: valgrind --error-exitcode=1 client_secrets_under_valgrind <operation>. What a client does with its key and
 * its images, through the public interface: pixels, key bits and noise are marked as secret (secret_marks.h), what an
 * operation gives out is published. The planted operations branch, or choose an address, on what the operation of
 * their name has not yet published: valgrind has to report them.
 */
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "deployment.h"
#include "draw.h"
#include "keys.h"
#include "memory.h"
#include "objects.h"
#include "random.h"
#include "secret_marks.h"
#include "testing.h"

bool __real_tnn_digest_equal(const uint8_t a[TNN_DIGEST_BYTES], const uint8_t b[TNN_DIGEST_BYTES]);
bool __wrap_tnn_digest_equal(const uint8_t a[TNN_DIGEST_BYTES], const uint8_t b[TNN_DIGEST_BYTES]);

/* Whether a file is whole is public: tnn_secret_key_load tells its caller. Where digests differ is not. */
bool __wrap_tnn_digest_equal(const uint8_t a[TNN_DIGEST_BYTES], const uint8_t b[TNN_DIGEST_BYTES]) {
    bool equal = __real_tnn_digest_equal(a, b);
    (void)VALGRIND_MAKE_MEM_DEFINED(&equal, sizeof equal);
    return equal;
}

static deployment d;
static tnn_secret_key *secret;

/* What the planted operations do, the compiler must do as well. */
static volatile unsigned sink;
static volatile unsigned table[256];

static void branch_on(const void *byte) {
    if (*(const volatile uint8_t *)byte & 1) {
        sink = 1;
    }
}

static tnn_eval_key *new_keys(void) {
    tnn_eval_key *eval;
    assert_ok(tnn_keygen(&secret, &eval, d.spec, 1, NULL));
    return eval;
}

static void publish_eval_key(tnn_eval_key *eval) {
    publish(eval->seed.bytes, sizeof eval->seed.bytes);
    publish(eval->bootstrapping, tnn_bootstrapping_body_bytes(&eval->params));
    if (eval->params.literal.ks_levels) {
        publish(eval->switching, tnn_switching_body_words(&eval->params) * sizeof *eval->switching);
    }
}

static void run_keygen(void) {
    tnn_eval_key *eval = new_keys();
    publish_eval_key(eval);
    tnn_eval_key_free(eval);
}

static void run_planted_keygen(void) {
    tnn_eval_key *eval = new_keys();
    branch_on(eval->bootstrapping);
    tnn_eval_key_free(eval);
}

/* The identity of a key is random and public: it goes with every ciphertext. */
static void make_key(void) {
    assert_ok(tnn_secret_key_generate(&secret, &d.spec->params));
    publish(secret->id.bytes, sizeof secret->id.bytes);
}

static uint8_t *secret_image(void) {
    const size_t pixels = tnn_model_pixels(d.model);
    uint8_t *image = new_array(pixels, 1);
    tnn_random_bytes(image, pixels);
    return image;
}

static void run_encrypt(void) {
    make_key();
    uint8_t *image = secret_image();
    tnn_input *input;
    assert_ok(tnn_encrypt(&input, d.spec, secret, image, tnn_model_pixels(d.model)));
    publish(input->packed->seed.bytes, sizeof input->packed->seed.bytes);
    publish(input->packed->body, input->packed->count * sizeof *input->packed->body);
    tnn_input_free(input);
    tnn_free(image);
}

/* A pixel's level by looking it up. */
static void run_planted_encrypt(void) {
    uint8_t *image = secret_image();
    sink = table[*(volatile uint8_t *)image];
    tnn_free(image);
}

/* A ciphertext as a server sends it, of random words: nothing about it is secret. */
static tnn_output *received_output(const tnn_spec *spec) {
    const uint32_t dimension = (uint32_t)tnn_params_big_dimension(&spec->params);
    const size_t words = spec->readout.outputs * ((size_t)dimension + 1);
    tnn_output *output;
    assert_ok(tnn_output_new(&output, spec->output_bits, spec->readout.outputs, dimension));
    memcpy(output->fingerprint, spec->fingerprint, sizeof spec->fingerprint);
    output->id = secret->id;
    tnn_random_bytes(output->words, words * sizeof *output->words);
    publish(output->words, words * sizeof *output->words);
    return output;
}

static void decrypt(double *logits, bool exact) {
    tnn_spec spec = *d.spec;
    spec.exact = exact;
    tnn_output *output = received_output(&spec);
    assert_ok(tnn_decrypt(&spec, secret, logits, spec.readout.outputs, output));
    tnn_output_free(output);
}

/* Logits are what the client asked for: they are released to it. Those of exact circuits are rounded first. */
static void run_decrypt(void) {
    double *logits = new_array(d.spec->readout.outputs, sizeof *logits);
    make_key();
    for (unsigned exact = 0; exact < 2; exact++) {
        decrypt(logits, exact);
        publish(logits, d.spec->readout.outputs * sizeof *logits);
    }
    tnn_free(logits);
}

static void run_planted_decrypt(void) {
    double *logits = new_array(d.spec->readout.outputs, sizeof *logits);
    make_key();
    decrypt(logits, false);
    branch_on(logits);
    tnn_free(logits);
}

/* The key's file is as secret as the key, but for header, parameters and identity. */
static uint8_t *saved_key(size_t *length) {
    make_key();
    *length = tnn_secret_key_size(secret);
    uint8_t *file = new_array(*length, 1);
    assert_ok(tnn_secret_key_save(secret, file, *length));
    return file;
}

static void run_save(void) {
    size_t length;
    uint8_t *file = saved_key(&length);
    publish(file, length);
    tnn_free(file);
}

static void run_planted_save(void) {
    size_t length;
    uint8_t *file = saved_key(&length);
    branch_on(file + length - 1);
    tnn_free(file);
}

static tnn_secret_key *loaded_key(void) {
    size_t length;
    uint8_t *file = saved_key(&length);
    tnn_secret_key *loaded;
    assert_ok(tnn_secret_key_load(&loaded, file, length));
    tnn_free(file);
    return loaded;
}

static void run_load(void) {
    tnn_secret_key *loaded = loaded_key();
    const size_t bytes = tnn_params_big_dimension(&loaded->params) * sizeof *loaded->big;
    publish(loaded->big, bytes);
    publish(secret->big, bytes);
    assert_memory_equal(loaded->big, secret->big, bytes);
    tnn_secret_key_free(loaded);
}

/* A damaged file, too, tells no more than that it is damaged. */
static void run_load_damaged(void) {
    size_t length;
    uint8_t *file = saved_key(&length);
    tnn_secret_key *loaded;
    file[length - 1] ^= 1;
    assert_status(TNN_ERR_CORRUPT, tnn_secret_key_load(&loaded, file, length));
    tnn_free(file);
}

static void run_planted_load(void) {
    tnn_secret_key *loaded = loaded_key();
    branch_on(loaded->big);
    tnn_secret_key_free(loaded);
}

typedef struct operation {
    const char *name;
    void (*run)(void);
} operation;

static const operation OPERATIONS[] = {
    {"keygen", run_keygen},
    {"encrypt", run_encrypt},
    {"decrypt", run_decrypt},
    {"save", run_save},
    {"load", run_load},
    {"load_damaged", run_load_damaged},
    {"planted_keygen", run_planted_keygen},
    {"planted_encrypt", run_planted_encrypt},
    {"planted_decrypt", run_planted_decrypt},
    {"planted_save", run_planted_save},
    {"planted_load", run_planted_load},
};

static void run_deployed(const operation *chosen) {
    const network_shape shape = small_shape();
    d = deploy(&shape, NULL);
    mark_random_bytes();
    chosen->run();
    tnn_secret_key_free(secret);
    free_deployment(&d);
}

/* 2: no such operation, or no valgrind. */
int main(int argc, char **argv) {
    for (size_t i = 0; argc == 2 && secrets_are_marked() && i < COUNT_OF(OPERATIONS); i++) {
        if (strcmp(argv[1], OPERATIONS[i].name) == 0) {
            run_deployed(&OPERATIONS[i]);
            return 0;
        }
    }
    return 2;
}
