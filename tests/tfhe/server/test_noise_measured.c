/* Usage: test_noise_measured <shipped set> <engine>. Holds the noise of real ciphertexts against each formula of
 * noise.c. */
#include <math.h>
#include <string.h>

#include "draw.h"
#include "ggsw.h"
#include "key_fixture.h"
#include "memory.h"
#include "noise.h"
#include "sampling.h"
#include "server_key.h"
#include "statistics.h"
#include "testing.h"

#define BATCH 16u /* blind rotations at once */

static const char *set_name;
static const tnn_engine *engine;
static key_set keys;

static int make_named_keys(void **state) {
    (void)state;
    tnn_params *params = shipped_params(set_name);
    const tnn_execution execution = tnn_execution_on(params, engine);
    make_keys_for(&keys, params, &execution, BATCH);
    return 0;
}

static int free_named_keys(void **state) {
    (void)state;
    free_keys(&keys);
    return 0;
}

static void check_variance(const char *what, sample_source draw, void *context, double expected) {
    tally squares = measure_variance(draw, context, expected);
    assert_variance(what, &squares, expected);
}

static double square_of_difference(uint32_t a, uint32_t b) {
    double difference = torus_difference(a, b);
    return difference * difference;
}

static uint32_t draw_word(void) {
    return draw_below(1u << 31) << 1 | draw_below(2);
}

static double draw_fresh(void *context) {
    uint32_t *lwe = context;
    uint32_t message = draw_word();
    assert_ok(tnn_lwe_encrypt(keys.secret, TNN_KEY_SMALL, lwe, message));
    return square_of_difference(tnn_lwe_phase(keys.secret, TNN_KEY_SMALL, lwe), message);
}

static void fresh_small_ciphertexts(void **state) {
    (void)state;
    uint32_t *lwe = new_array(keys.params->literal.n + 1, sizeof *lwe);
    check_variance("fresh", draw_fresh, lwe, tnn_variance_small(keys.params));
    tnn_free(lwe);
}

#define WEIGHTS 60u
#define LARGEST_WEIGHT 7u

/* A dot product and its scratch. */
typedef struct dot_product {
    tnn_packed_masks *masks;
    uint32_t *lwe; /* [n + 1] */
    int16_t weights[WEIGHTS];
    uint32_t messages[WEIGHTS];
} dot_product;

static double norm_of(const int16_t *weights) {
    double sum = 0;
    for (size_t i = 0; i < WEIGHTS; i++) {
        sum += (double)weights[i] * weights[i];
    }
    return sum;
}

static uint32_t exact_dot(const dot_product *d) {
    uint32_t sum = 0;
    for (size_t i = 0; i < WEIGHTS; i++) {
        sum += (uint32_t)d->weights[i] * d->messages[i];
    }
    return sum << (32 - keys.params->literal.input_bits);
}

/* A new ciphertext each time; its masks and noise meet the same weights. */
static double draw_dot(void *context) {
    dot_product *d = context;
    tnn_packed *packed;
    for (size_t i = 0; i < WEIGHTS; i++) {
        d->messages[i] = draw_below(1u << 16) << (keys.params->literal.input_bits - 16);
    }
    assert_ok(tnn_packed_encrypt(keys.secret, &packed, d->messages, WEIGHTS));
    assert_ok(tnn_packed_expand(d->masks, packed));
    tnn_packed_dot(d->masks, d->lwe, d->weights);
    tnn_packed_free(packed);
    return square_of_difference(tnn_lwe_phase(keys.secret, TNN_KEY_SMALL, d->lwe), exact_dot(d));
}

static void dot_products_of_packed_inputs(void **state) {
    (void)state;
    dot_product d = {.lwe = new_array(keys.params->literal.n + 1, sizeof(uint32_t))};
    assert_ok(tnn_packed_masks_create(&d.masks, keys.params, WEIGHTS));
    for (size_t i = 0; i < WEIGHTS; i++) {
        d.weights[i] = (int16_t)draw_signed(LARGEST_WEIGHT);
    }
    check_variance("packed dot", draw_dot, &d, norm_of(d.weights) * tnn_variance_small(keys.params));
    tnn_packed_masks_free(d.masks);
    tnn_free(d.lwe);
}

/* GLWE ciphertexts on their way through one operation. */
typedef struct glwe_samples {
    uint32_t *glwe;      /* [BATCH][k + 1][N] */
    uint32_t *result;    /* [BATCH][k + 1][N] */
    uint32_t *expected;  /* [BATCH][N] */
    uint32_t *positions; /* [BATCH][n + 1] */
    size_t key_bit;
    size_t left; /* results that have not been looked at */
} glwe_samples;

static glwe_samples new_glwe_samples(void) {
    const size_t words = BATCH * tnn_params_glwe_words(keys.params);
    return (glwe_samples){.glwe = new_array(words, sizeof(uint32_t)),
                          .result = new_array(words, sizeof(uint32_t)),
                          .expected = new_array(BATCH * keys.params->literal.N, sizeof(uint32_t)),
                          .positions = new_array(BATCH * (keys.params->literal.n + 1), sizeof(uint32_t))};
}

static void free_glwe_samples(glwe_samples *s) {
    tnn_free(s->glwe);
    tnn_free(s->result);
    tnn_free(s->expected);
    tnn_free(s->positions);
}

/* The next GGSW of the bootstrapping key that encrypts 1: their noises are independent. */
static tnn_ggsw next_ggsw_of_one(size_t *key_bit) {
    do {
        *key_bit = (*key_bit + 1) % keys.params->literal.n;
    } while (keys.secret->small[*key_bit] == 0);
    const tnn_execution *execution = &keys.server->execution;
    return (tnn_ggsw){*execution, keys.server->bootstrapping + *key_bit * tnn_execution_ggsw_doubles(execution)};
}

static double draw_product(void *context) {
    glwe_samples *s = context;
    const tnn_ggsw one = next_ggsw_of_one(&s->key_bit);
    tnn_random_bytes(s->glwe, tnn_params_glwe_words(keys.params) * sizeof *s->glwe);
    tnn_external_product(keys.workspace, s->result, &one, s->glwe);
    for (size_t i = 0; i < tnn_params_glwe_words(keys.params); i++) {
        s->result[i] -= s->glwe[i];
    }
    return mean_square_error(keys.secret, s->result, s->expected);
}

/* What the product adds: the phase of the difference, of which zeros are expected. */
static void external_products_with_one(void **state) {
    (void)state;
    glwe_samples s = new_glwe_samples();
    check_variance("external product", draw_product, &s,
                   tnn_coarse_variance_external_product(keys.params, keys.server->execution.coarse_bits));
    free_glwe_samples(&s);
}

static void prepare_rotation(const glwe_samples *s, size_t b) {
    prepare_rotation_of(keys.secret, s->result + b * tnn_params_glwe_words(keys.params),
                        s->expected + b * keys.params->literal.N, s->positions + b * (keys.params->literal.n + 1));
}

static void rotate_batch(glwe_samples *s) {
    for (size_t b = 0; b < BATCH; b++) {
        prepare_rotation(s, b);
    }
    tnn_blind_rotate(keys.server, keys.workspace, s->result, s->positions, BATCH);
    s->left = BATCH;
}

static double draw_rotation(void *context) {
    glwe_samples *s = context;
    if (s->left == 0) {
        rotate_batch(s);
    }
    s->left--;
    return mean_square_error(keys.secret, s->result + s->left * tnn_params_glwe_words(keys.params),
                             s->expected + s->left * keys.params->literal.N);
}

static void blind_rotations(void **state) {
    (void)state;
    glwe_samples s = new_glwe_samples();
    check_variance("blind rotation", draw_rotation, &s,
                   tnn_coarse_variance_blind_rotation(keys.params, keys.server->execution.coarse_bits));
    free_glwe_samples(&s);
}

/* Mean product of the errors of neighbouring coefficients of one rotation. */
static double draw_neighbours(glwe_samples *s, uint32_t *phase) {
    const uint32_t N = keys.params->literal.N;
    if (s->left == 0) {
        rotate_batch(s);
    }
    s->left--;
    const uint32_t *expected = s->expected + s->left * N;
    assert_ok(tnn_glwe_phase(keys.secret, phase, s->result + s->left * tnn_params_glwe_words(keys.params)));
    double sum = 0;
    for (uint32_t t = 1; t < N; t++) {
        sum += torus_difference(phase[t - 1], expected[t - 1]) * torus_difference(phase[t], expected[t]);
    }
    return sum / (N - 1);
}

/* Of a gadget that is not compensated it would be a third to a half of the variance. A tenth is left to what two
 * coefficients of a block share, at most 16 / N, and to what neighbouring bits of this key happen to have in common:
 * 1 / sqrt(k N), one standard deviation. */
static void neighbours_share_what_the_formula_says(void **state) {
    (void)state;
    const uint32_t coarse_bits = keys.server->execution.coarse_bits;
    const double tenth = 0.1 * tnn_coarse_variance_blind_rotation(keys.params, coarse_bits);
    const double expected = tnn_coarse_variance_common(keys.params, coarse_bits);
    glwe_samples s = new_glwe_samples();
    uint32_t *phase = new_array(keys.params->literal.N, sizeof *phase);
    tally products = {0};
    while (products.count < 48 || STATISTIC_DEVIATIONS * tally_standard_error(&products) > tenth) {
        tally_add(&products, draw_neighbours(&s, phase));
    }
    print_message("neighbours: share %.3f of the variance, formula %.3f\n", tally_mean(&products) / (10 * tenth),
                  expected / (10 * tenth));
    assert_true(fabs(tally_mean(&products) - expected) <= tenth);
    tnn_free(phase);
    free_glwe_samples(&s);
}

/* A key-switching key that gets new noise before each use: its ciphertexts' phases without noise are kept. The formula
 * is a mean over keys. */
typedef struct switching {
    tnn_server_key server;    /* the fixture's, with bodies of its own */
    uint32_t *noiseless_body; /* [k N - n][t] */
    uint64_t *noise;          /* [k N - n][t] */
    uint32_t *big;            /* [k N + 1] */
    uint32_t *small;          /* [n + 1] */
} switching;

static uint32_t switching_message(size_t ciphertext) {
    const tnn_params_literal *p = &keys.params->literal;
    const uint32_t bit = keys.secret->big[p->n + ciphertext / p->ks_levels];
    return bit << (32 - p->ks_base_log * (uint32_t)(ciphertext % p->ks_levels + 1));
}

static switching new_switching(void) {
    const size_t ciphertexts = tnn_switching_body_words(keys.params);
    const size_t words = keys.params->literal.n + 1;
    switching s = {.server = *keys.server,
                   .noiseless_body = new_array(ciphertexts, sizeof(uint32_t)),
                   .noise = new_array(ciphertexts, sizeof(uint64_t)),
                   .big = new_array(tnn_params_big_dimension(keys.params) + 1, sizeof(uint32_t)),
                   .small = new_array(words, sizeof(uint32_t))};
    for (size_t i = 0; i < ciphertexts; i++) {
        const uint32_t *lwe = keys.server->switching + i * words;
        uint32_t noise = tnn_lwe_phase(keys.secret, TNN_KEY_SMALL, lwe) - switching_message(i);
        s.noiseless_body[i] = lwe[words - 1] - noise;
    }
    return s;
}

static void free_switching(switching *s) {
    tnn_free(s->noiseless_body);
    tnn_free(s->noise);
    tnn_free(s->big);
    tnn_free(s->small);
}

static void renew_switching_noise(const switching *s) {
    const size_t ciphertexts = tnn_switching_body_words(keys.params);
    const size_t words = keys.params->literal.n + 1;
    memset(s->noise, 0, ciphertexts * sizeof *s->noise);
    tnn_add_noise(s->noise, ciphertexts, keys.params->literal.lwe_log2_sigma, 32);
    for (size_t i = 0; i < ciphertexts; i++) {
        s->server.switching[(i + 1) * words - 1] = s->noiseless_body[i] + (uint32_t)(s->noise[i] >> 32);
    }
}

static double draw_switch(void *context) {
    const switching *s = context;
    renew_switching_noise(s);
    tnn_random_bytes(s->big, (tnn_params_big_dimension(keys.params) + 1) * sizeof *s->big);
    assert_ok(tnn_key_switch(&s->server, s->small, s->big));
    return square_of_difference(tnn_lwe_phase(keys.secret, TNN_KEY_SMALL, s->small),
                                tnn_lwe_phase(keys.secret, TNN_KEY_BIG, s->big));
}

static void key_switches(void **state) {
    (void)state;
    if (keys.params->literal.ks_levels == 0) {
        assert_true(tnn_variance_key_switch(keys.params) == 0);
        return;
    }
    switching s = new_switching();
    check_variance("key switch", draw_switch, &s, tnn_variance_key_switch(keys.params));
    free_switching(&s);
}

static double draw_modulus_switch(void *context) {
    uint32_t *lwe = context;
    uint32_t *positions = lwe + keys.params->literal.n + 1;
    tnn_random_bytes(lwe, (keys.params->literal.n + 1) * sizeof *lwe);
    tnn_modulus_switch(keys.params, positions, lwe);
    uint32_t phase = position_phase(keys.params, keys.secret, positions) << (31 - keys.params->log2_N);
    return square_of_difference(phase, tnn_lwe_phase(keys.secret, TNN_KEY_SMALL, lwe));
}

static void modulus_switches(void **state) {
    (void)state;
    uint32_t *lwe = new_array(2 * ((size_t)keys.params->literal.n + 1), sizeof *lwe);
    check_variance("modulus switch", draw_modulus_switch, lwe, tnn_variance_modulus_switch(keys.params));
    tnn_free(lwe);
}

/* The decision of assert_variance, on formulas wrong by a factor in both directions. measure_variance does the first of
 * these on every measurement above. */
static void wrong_formulas_are_rejected(void **state) {
    (void)state;
    uint32_t *lwe = new_array(keys.params->literal.n + 1, sizeof *lwe);
    const double expected = tnn_variance_small(keys.params);
    tally squares = measure_variance(draw_fresh, lwe, expected);
    assert_true(variance_agrees(&squares, expected));
    assert_false(variance_agrees(&squares, 1.25 * expected));
    assert_false(variance_agrees(&squares, expected / 1.25));
    tnn_free(lwe);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_small_ciphertexts),
        cmocka_unit_test(dot_products_of_packed_inputs),
        cmocka_unit_test(external_products_with_one),
        cmocka_unit_test(blind_rotations),
        cmocka_unit_test(neighbours_share_what_the_formula_says),
        cmocka_unit_test(modulus_switches),
        cmocka_unit_test(wrong_formulas_are_rejected),
        cmocka_unit_test(key_switches),
    };
    engine = argc == 3 ? engine_named(argv[2]) : NULL;
    if (!engine) {
        return 2;
    }
    if (!engine_runs(engine)) {
        return SKIPPED;
    }
    set_name = argv[1];
    return cmocka_run_group_tests(tests, make_named_keys, free_named_keys);
}
