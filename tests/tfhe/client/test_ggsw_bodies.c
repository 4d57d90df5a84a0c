#include "ggsw_bodies.h"

#include <math.h>
#include <string.h>

#include "bytes.h"
#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "schoolbook.h"
#include "statistics.h"
#include "testing.h"

/* One secret key and what encrypts with it. */
typedef struct ggsw_maker {
    tnn_params *params;
    tnn_secret_key *secret;
    tnn_glwe_scratch *encrypting;
} ggsw_maker;

/* Several masks and one level; one mask and two levels, wider words. */
#define MAKERS 2u
static const char *const SETS[MAKERS] = {"fast", "deep-fine"};
static ggsw_maker makers[MAKERS];

static int make_makers(void **state) {
    (void)state;
    for (size_t i = 0; i < MAKERS; i++) {
        makers[i].params = shipped_params(SETS[i]);
        makers[i].secret = balanced_secret_key(makers[i].params);
        assert_ok(tnn_glwe_scratch_create(&makers[i].encrypting, makers[i].params));
    }
    return 0;
}

static int free_makers(void **state) {
    (void)state;
    for (size_t i = 0; i < MAKERS; i++) {
        tnn_glwe_scratch_free(makers[i].encrypting);
        tnn_secret_key_free(makers[i].secret);
        tnn_params_free(makers[i].params);
    }
    return 0;
}

static size_t body_bytes(const tnn_params *params) {
    return (size_t)tnn_params_ggsw_rows(params) * params->literal.N * params->bsk_bytes;
}

static uint8_t *new_bodies(const ggsw_maker *maker, const tnn_seed *seed, size_t first_row, uint32_t bit) {
    uint8_t *bodies = new_random(body_bytes(maker->params), 1);
    tnn_ggsw_encrypt_bodies(maker->secret, maker->encrypting, bodies, seed, first_row, bit);
    return bodies;
}

/* Row `row` as the GLWE ciphertext [k + 1][N] on words of 64 bits that it stands for. */
static uint64_t *new_row(const tnn_params *params, const uint8_t *bodies, const tnn_seed *seed, size_t first_row,
                         uint32_t row) {
    const uint32_t N = params->literal.N;
    const size_t masks = tnn_params_big_dimension(params);
    const uint32_t bytes = params->bsk_bytes;
    uint64_t *words = new_array(tnn_params_glwe_words(params), sizeof *words);
    uint8_t *stream = new_array(masks, bytes);
    tnn_expand(stream, masks * bytes, seed, first_row + row);
    for (size_t i = 0; i < masks; i++) {
        words[i] = tnn_load_torus(stream + i * bytes, bytes);
    }
    for (size_t t = 0; t < N; t++) {
        words[masks + t] = tnn_load_torus(bodies + (row * N + t) * bytes, bytes);
    }
    tnn_free(stream);
    return words;
}

/* -bit Bg^-(level+1) S_c, or bit Bg^-(level+1) for c = k. */
static uint64_t row_message(const tnn_secret_key *secret, uint32_t row, uint32_t bit, uint32_t t) {
    const tnn_params_literal *p = &secret->params.literal;
    const uint32_t component = row / p->bs_levels;
    const uint32_t level = row % p->bs_levels;
    const uint64_t unit = (uint64_t)bit << (64 - p->bs_base_log * (level + 1));
    return component == p->k ? (t == 0 ? unit : 0) : 0 - unit * secret->big[(size_t)component * p->N + t];
}

/* Mean square of the noise of a row's phase; each coefficient lies within its bound. */
static double row_squares(const ggsw_maker *maker, const uint64_t *words, uint32_t row, uint32_t bit) {
    const tnn_params_literal *p = &maker->params->literal;
    const double bound = NOISE_DEVIATIONS * exp2(p->glwe_log2_sigma) + exp2(-8.0 * maker->params->bsk_bytes);
    uint64_t *phase = new_array(p->N, sizeof *phase);
    double squares = 0;
    schoolbook_glwe_phase(phase, words, maker->secret->big, p->k, p->N);
    for (uint32_t t = 0; t < p->N; t++) {
        double error = (double)(int64_t)(phase[t] - row_message(maker->secret, row, bit, t)) * 0x1p-64;
        assert_true(fabs(error) <= bound);
        squares += error * error;
    }
    tnn_free(phase);
    return squares / p->N;
}

/* sigma^2 and the rounding to whole bytes. */
static double row_variance(const tnn_params *params) {
    return exp2(2 * params->literal.glwe_log2_sigma) + exp2(-16.0 * params->bsk_bytes) / 12;
}

static void check_rows(const ggsw_maker *maker, tally *squares, size_t first_row, uint32_t bit) {
    const tnn_seed seed = draw_seed();
    uint8_t *bodies = new_bodies(maker, &seed, first_row, bit);
    for (uint32_t row = 0; row < tnn_params_ggsw_rows(maker->params); row++) {
        uint64_t *words = new_row(maker->params, bodies, &seed, first_row, row);
        tally_add(squares, row_squares(maker, words, row, bit));
        tnn_free(words);
    }
    tnn_free(bodies);
}

/* The mean of m independent squares has a relative deviation of sqrt(2 / m): 1.3 % for m = 12288. */
static void rows_encrypt_the_bit_times_gadget_and_key(void **state) {
    (void)state;
    for (size_t i = 0; i < MAKERS; i++) {
        tally squares = {0};
        for (uint32_t round = 0; round < 6; round++) {
            check_rows(&makers[i], &squares, round * (size_t)1000003, round % 2);
        }
        double coefficients = (double)squares.count * makers[i].params->literal.N;
        double ratio = tally_mean(&squares) / row_variance(makers[i].params);
        print_message("%s: measured / formula = %.3f of %.0f coefficients\n", SETS[i], ratio, coefficients);
        assert_true(fabs(ratio - 1) <= STATISTIC_DEVIATIONS * sqrt(2 / coefficients));
    }
}

/* Two words of 40 bits agree with probability 2^-40: of 2048, two do with probability 2e-18. */
static void bodies_of_fresh_encryptions_differ(void **state) {
    (void)state;
    const ggsw_maker *maker = &makers[0];
    const uint32_t bytes = maker->params->bsk_bytes;
    const tnn_seed seeds[] = {draw_seed(), draw_seed()};
    uint8_t *a = new_bodies(maker, &seeds[0], 0, 1);
    uint8_t *b = new_bodies(maker, &seeds[1], 0, 1);
    size_t same = 0;
    for (size_t i = 0; i < body_bytes(maker->params); i += bytes) {
        same += memcmp(a + i, b + i, bytes) == 0;
    }
    assert_true(same < 2);
    tnn_free(a);
    tnn_free(b);
}

/* The masks of one seed meet fresh noise: most bodies change, by noise alone. */
static void noise_is_fresh_where_the_seed_is_not(void **state) {
    (void)state;
    const ggsw_maker *maker = &makers[0];
    const uint32_t bytes = maker->params->bsk_bytes;
    const double bound = 1.5 * NOISE_DEVIATIONS * exp2(maker->params->literal.glwe_log2_sigma);
    const tnn_seed seed = draw_seed();
    uint8_t *a = new_bodies(maker, &seed, 0, 1);
    uint8_t *b = new_bodies(maker, &seed, 0, 1);
    size_t changed = 0;
    for (size_t i = 0; i < body_bytes(maker->params); i += bytes) {
        int64_t difference = (int64_t)(tnn_load_torus(a + i, bytes) - tnn_load_torus(b + i, bytes));
        assert_true(fabs((double)difference * 0x1p-64) <= bound);
        changed += difference != 0;
    }
    assert_true(changed > body_bytes(maker->params) / bytes * 9 / 10);
    tnn_free(a);
    tnn_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_encrypt_the_bit_times_gadget_and_key),
        cmocka_unit_test(bodies_of_fresh_encryptions_differ),
        cmocka_unit_test(noise_is_fresh_where_the_seed_is_not),
    };
    return cmocka_run_group_tests(tests, make_makers, free_makers);
}
