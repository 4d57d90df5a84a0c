/*
 * What libsodium wants of a system and WebAssembly has not: randomness, which JavaScript's crypto.getRandomValues
 * gives. Where that fails it throws through the module, which instance.js then drops: no call goes on without it.
 *
 * sodium_init asks primitives that this module has not for their fastest form; there is none to choose.
 */
#include "sodium_port.h"

#include <stddef.h>
#include <stdint.h>

#include "private/implementations.h"

__attribute__((import_module("torusnn"), import_name("random"))) void web_random(void *out, size_t length);

static const char *name(void) {
    return "crypto.getRandomValues";
}

static uint32_t random_word(void) {
    uint32_t word;
    web_random(&word, sizeof word);
    return word;
}

/* Called by sodium_init: randomness that is missing shows before any key is begun. */
static void stir(void) {
    (void)random_word();
}

const randombytes_implementation web_randombytes = {
    .implementation_name = name,
    .random = random_word,
    .stir = stir,
    .buf = web_random,
};

/* NOLINTBEGIN(bugprone-reserved-identifier): the names are libsodium's. */
int _crypto_aead_aegis128l_pick_best_implementation(void) {
    return 0;
}

int _crypto_aead_aegis256_pick_best_implementation(void) {
    return 0;
}

int _crypto_scalarmult_curve25519_pick_best_implementation(void) {
    return 0;
}
/* NOLINTEND(bugprone-reserved-identifier) */
