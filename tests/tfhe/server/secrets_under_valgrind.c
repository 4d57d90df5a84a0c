/*
 * Usage: valgrind --error-exitcode=1 secrets_under_valgrind <operation>. All output of the random generator counts as
 * undefined memory, so valgrind reports each branch and each address that depends on key bits or noise. What an
 * operation publishes is marked as defined. The planted operations leak a key bit: valgrind has to report them.
 */
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "ggsw.h"
#include "key_fixture.h"
#include "memory.h"
#include "packed.h"
#include "random.h"
#include "secret_marks.h"
#include "testing.h"

#define MESSAGES 100u

static tnn_params *params;
static tnn_secret_key *secret;

static size_t glwe_bytes(void) {
    return tnn_params_glwe_words(params) * sizeof(uint32_t);
}

/* Every program starts with a key: its generation alone. */
static void run_secret_key(void) {
    publish(secret->id.bytes, sizeof secret->id.bytes);
}

static void run_eval_key(void) {
    tnn_eval_key *eval;
    assert_ok(tnn_eval_key_generate(&eval, secret, 1));
    publish(eval->seed.bytes, sizeof eval->seed.bytes);
    publish(eval->bootstrapping, tnn_bootstrapping_body_bytes(params));
    publish(eval->switching, tnn_switching_body_words(params) * sizeof *eval->switching);
    tnn_eval_key_free(eval);
}

/* Expansion and FFT work on the ciphertext before it is published, which is stricter than need be. */
static void run_ggsw(void) {
    tnn_ggsw *ggsw;
    assert_ok(tnn_ggsw_encrypt(secret, &ggsw, true));
    publish(ggsw->fourier, tnn_execution_ggsw_doubles(&ggsw->execution) * sizeof *ggsw->fourier);
    tnn_ggsw_free(ggsw);
}

static void run_glwe(void) {
    uint32_t *message = new_random(params->literal.N, sizeof *message);
    uint32_t *glwe = new_array(glwe_bytes(), 1);
    assert_ok(tnn_glwe_encrypt(secret, glwe, message));
    publish(glwe, glwe_bytes());
    assert_ok(tnn_glwe_phase(secret, message, glwe));
    publish(message, params->literal.N * sizeof *message);
    tnn_free(glwe);
    tnn_free(message);
}

static void run_lwe_part(tnn_key_part part, size_t dimension) {
    uint32_t *lwe = new_array(dimension + 1, sizeof *lwe);
    uint32_t message;
    tnn_random_bytes(&message, sizeof message);
    assert_ok(tnn_lwe_encrypt(secret, part, lwe, message));
    publish(lwe, (dimension + 1) * sizeof *lwe);
    message = tnn_lwe_phase(secret, part, lwe);
    publish(&message, sizeof message);
    tnn_free(lwe);
}

static void run_lwe(void) {
    run_lwe_part(TNN_KEY_SMALL, params->literal.n);
    run_lwe_part(TNN_KEY_BIG, tnn_params_big_dimension(params));
}

static void run_packed(void) {
    uint32_t *messages = new_random(MESSAGES, sizeof *messages);
    tnn_packed *packed;
    assert_ok(tnn_packed_encrypt(secret, &packed, messages, MESSAGES));
    publish(packed->seed.bytes, sizeof packed->seed.bytes);
    publish(packed->body, MESSAGES * sizeof *packed->body);
    tnn_packed_free(packed);
    tnn_free(messages);
}

/* What the planted operations do, the compiler must do as well. */
static volatile unsigned sink;
static volatile unsigned table[2];

static void run_planted_branch(void) {
    if (secret->big[0]) {
        sink = 1;
    }
}

static void run_planted_index(void) {
    sink = table[secret->big[0]];
}

typedef struct operation {
    const char *name;
    void (*run)(void);
} operation;

static const operation OPERATIONS[] = {
    {"secret_key", run_secret_key},
    {"eval_key", run_eval_key},
    {"ggsw", run_ggsw},
    {"glwe", run_glwe},
    {"lwe", run_lwe},
    {"packed", run_packed},
    {"planted_branch", run_planted_branch},
    {"planted_index", run_planted_index},
};

static void run_with_fresh_key(const operation *chosen) {
    const tnn_params_literal literal = tiny_literal();
    params = params_of(&literal);
    mark_random_bytes();
    assert_ok(tnn_secret_key_generate(&secret, params));
    chosen->run();
    tnn_secret_key_free(secret);
    tnn_params_free(params);
}

/* 2: no such operation, or no valgrind. */
int main(int argc, char **argv) {
    for (size_t i = 0; argc == 2 && secrets_are_marked() && i < COUNT_OF(OPERATIONS); i++) {
        if (strcmp(argv[1], OPERATIONS[i].name) == 0) {
            run_with_fresh_key(&OPERATIONS[i]);
            return 0;
        }
    }
    return 2;
}
