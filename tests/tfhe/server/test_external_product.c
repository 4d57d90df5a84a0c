#include <math.h>
#include <string.h>

#include "draw.h"
#include "ggsw.h"
#include "key_fixture.h"
#include "memory.h"
#include "schoolbook.h"
#include "testing.h"
#include "workspace.h"

/* Public operations on one key: a GGSW encryption of each bit. */
typedef struct product_keys {
    tnn_params *params;
    tnn_secret_key *secret;
    tnn_workspace *workspace;
    tnn_ggsw *bits[2];
} product_keys;

/* Several masks and one level; one mask and two levels. Each on both engines. */
#define KEYS 4u
static const char *const SETS[KEYS] = {"fast", "deep-fine", "fast", "deep-fine"};
static const tnn_engine *const ENGINES[KEYS] = {&tnn_engine_single, &tnn_engine_single, &tnn_engine_quad,
                                                &tnn_engine_quad};
static product_keys keys[KEYS];

/* Those whose engine runs here, which come first. */
static size_t key_count(void) {
    return engine_runs(&tnn_engine_quad) ? KEYS : KEYS / 2;
}

static int make_all_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < key_count(); i++) {
        keys[i].params = shipped_params(SETS[i]);
        keys[i].secret = balanced_secret_key(keys[i].params);
        const tnn_execution execution = tnn_execution_on(keys[i].params, ENGINES[i]);
        assert_ok(tnn_workspace_create_for(&keys[i].workspace, &execution, 1));
        assert_ok(tnn_ggsw_encrypt_for(keys[i].secret, &keys[i].bits[0], &execution, false));
        assert_ok(tnn_ggsw_encrypt_for(keys[i].secret, &keys[i].bits[1], &execution, true));
    }
    return 0;
}

static int free_all_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < key_count(); i++) {
        tnn_ggsw_free(keys[i].bits[0]);
        tnn_ggsw_free(keys[i].bits[1]);
        tnn_workspace_free(keys[i].workspace);
        tnn_secret_key_free(keys[i].secret);
        tnn_params_free(keys[i].params);
    }
    return 0;
}

static uint32_t *new_phase(const product_keys *k, const uint32_t *glwe) {
    const tnn_params_literal *p = &k->params->literal;
    uint32_t *phase = new_array(p->N, sizeof *phase);
    schoolbook_glwe_phase32(phase, glwe, k->secret->big, p->k, p->N);
    return phase;
}

/* Whether the phase of `glwe` is `expected` [N], or 0 for NULL, within 8 deviations of the predicted noise. */
static bool encrypts(const product_keys *k, const uint32_t *glwe, const uint32_t *expected) {
    const double bound = NOISE_DEVIATIONS * sqrt(tnn_variance_external_product(k->params));
    uint32_t *phase = new_phase(k, glwe);
    bool near = true;
    for (uint32_t t = 0; t < k->params->literal.N; t++) {
        near = near && fabs(torus_difference(phase[t], expected ? expected[t] : 0)) <= bound;
    }
    tnn_free(phase);
    return near;
}

/* Random words are a ciphertext of some random polynomial, their phase, without noise of their own. */
static uint32_t *new_ciphertext(const product_keys *k) {
    return new_random(tnn_params_glwe_words(k->params), sizeof(uint32_t));
}

/* The bound would not mistake one message for another: it stands far below the torus. */
static void predicted_noise_is_small(void **state) {
    (void)state;
    for (size_t i = 0; i < key_count(); i++) {
        uint32_t *glwe = new_ciphertext(&keys[i]);
        assert_true(NOISE_DEVIATIONS * sqrt(tnn_variance_external_product(keys[i].params)) < 0x1p-8);
        assert_false(encrypts(&keys[i], glwe, NULL));
        tnn_free(glwe);
    }
}

static void check_product(const product_keys *k) {
    uint32_t *glwe = new_ciphertext(k);
    uint32_t *message = new_phase(k, glwe);
    uint32_t *product = new_ciphertext(k);
    tnn_external_product(k->workspace, product, k->bits[1], glwe);
    assert_true(encrypts(k, product, message));
    assert_memory_not_equal(product, glwe, tnn_params_glwe_words(k->params) * sizeof *glwe);
    tnn_external_product(k->workspace, product, k->bits[0], glwe);
    assert_true(encrypts(k, product, NULL));
    tnn_free(glwe);
    tnn_free(message);
    tnn_free(product);
}

static void product_multiplies_messages(void **state) {
    (void)state;
    for (size_t i = 0; i < key_count(); i++) {
        for (uint32_t round = 0; round < 10; round++) {
            check_product(&keys[i]);
        }
    }
}

static void product_in_place_is_the_same(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * key_count(); i++) {
        const product_keys *k = &keys[i / 2];
        const size_t bytes = tnn_params_glwe_words(k->params) * sizeof(uint32_t);
        uint32_t *glwe = new_ciphertext(k);
        uint32_t *kept = new_array(bytes, 1);
        uint32_t *product = new_ciphertext(k);
        memcpy(kept, glwe, bytes);
        tnn_external_product(k->workspace, product, k->bits[i % 2], glwe);
        assert_memory_equal(glwe, kept, bytes);
        tnn_external_product(k->workspace, glwe, k->bits[i % 2], glwe);
        assert_memory_equal(glwe, product, bytes);
        tnn_free(glwe);
        tnn_free(kept);
        tnn_free(product);
    }
}

static void check_cmux(const product_keys *k, unsigned bit) {
    const size_t bytes = tnn_params_glwe_words(k->params) * sizeof(uint32_t);
    uint32_t *inputs[] = {new_ciphertext(k), new_ciphertext(k)};
    uint32_t *kept = new_array(2, bytes);
    uint32_t *chosen = new_ciphertext(k);
    memcpy(kept, inputs[0], bytes);
    memcpy((uint8_t *)kept + bytes, inputs[1], bytes);
    tnn_cmux(k->workspace, chosen, k->bits[bit], inputs[0], inputs[1]);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t *message = new_phase(k, inputs[i]);
        assert_int_equal(encrypts(k, chosen, message), i == bit);
        assert_memory_equal(inputs[i], (uint8_t *)kept + i * bytes, bytes);
        assert_memory_not_equal(chosen, inputs[i], bytes);
        tnn_free(message);
        tnn_free(inputs[i]);
    }
    tnn_free(kept);
    tnn_free(chosen);
}

static void cmux_chooses(void **state) {
    (void)state;
    for (size_t i = 0; i < key_count(); i++) {
        for (unsigned round = 0; round < 10; round++) {
            check_cmux(&keys[i], round % 2);
        }
    }
}

/* What tnn_external_product and tnn_cmux are made of. */
static void product_is_added_to_the_accumulator(void **state) {
    (void)state;
    for (size_t i = 0; i < key_count(); i++) {
        const product_keys *k = &keys[i];
        const size_t words = tnn_params_glwe_words(k->params);
        uint32_t *accumulator = new_ciphertext(k);
        uint32_t *glwe = new_ciphertext(k);
        uint32_t *product = new_ciphertext(k);
        uint32_t *sum = new_array(words, sizeof *sum);
        tnn_external_product(k->workspace, product, k->bits[1], glwe);
        for (size_t w = 0; w < words; w++) {
            sum[w] = accumulator[w] + product[w];
        }
        ENGINES[i]->add_product(k->workspace->engine_scratch, accumulator, k->bits[1]->fourier, glwe);
        assert_memory_equal(accumulator, sum, words * sizeof *sum);
        tnn_free(accumulator);
        tnn_free(glwe);
        tnn_free(product);
        tnn_free(sum);
    }
}

/* Products of a fresh, noisy encryption: its noise of 4 units stays far below the product's. */
static void fresh_encryptions_are_multiplied(void **state) {
    (void)state;
    for (size_t i = 0; i < key_count(); i++) {
        const product_keys *k = &keys[i];
        uint32_t *message = new_random(k->params->literal.N, sizeof *message);
        uint32_t *glwe = new_ciphertext(k);
        assert_ok(tnn_glwe_encrypt(k->secret, glwe, message));
        for (unsigned round = 0; round < 2; round++) {
            tnn_external_product(k->workspace, glwe, k->bits[1], glwe);
        }
        uint32_t *phase = new_phase(k, glwe);
        const double bound = NOISE_DEVIATIONS * sqrt(2 * tnn_variance_external_product(k->params) + 0x1p-59);
        for (uint32_t t = 0; t < k->params->literal.N; t++) {
            assert_true(fabs(torus_difference(phase[t], message[t])) <= bound);
        }
        tnn_free(message);
        tnn_free(glwe);
        tnn_free(phase);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predicted_noise_is_small),
        cmocka_unit_test(product_multiplies_messages),
        cmocka_unit_test(product_in_place_is_the_same),
        cmocka_unit_test(cmux_chooses),
        cmocka_unit_test(product_is_added_to_the_accumulator),
        cmocka_unit_test(fresh_encryptions_are_multiplied),
    };
    return cmocka_run_group_tests(tests, make_all_keys, free_all_keys);
}
