#include "ggsw.h"

#include <math.h>
#include <string.h>

#include "bytes.h"
#include "draw.h"
#include "fft.h"
#include "kernels.h"
#include "key_fixture.h"
#include "memory.h"
#include "quad_twin.h"
#include "testing.h"

/* One secret key and what expands for it. */
typedef struct ggsw_maker {
    tnn_params *params;
    tnn_execution execution;
    tnn_secret_key *secret;
    tnn_expand_scratch *expanding;
} ggsw_maker;

/* Several masks and one level; one mask and two levels, wider words. Each in the Fourier form of both engines. */
#define MAKERS 4u
static const char *const SETS[MAKERS] = {"fast", "deep-fine", "fast", "deep-fine"};
static const tnn_engine *const ENGINES[MAKERS] = {&tnn_engine_single, &tnn_engine_single, &tnn_engine_quad,
                                                  &tnn_engine_quad};
static ggsw_maker makers[MAKERS];

/* Those whose engine runs here, which come first. */
static size_t maker_count(void) {
    return engine_runs(&tnn_engine_quad) ? MAKERS : MAKERS / 2;
}

static int make_makers(void **state) {
    (void)state;
    for (size_t i = 0; i < maker_count(); i++) {
        ggsw_maker *maker = &makers[i];
        maker->params = shipped_params(SETS[i]);
        maker->execution = tnn_execution_on(maker->params, ENGINES[i]);
        maker->secret = balanced_secret_key(maker->params);
        assert_ok(tnn_expand_scratch_create(&maker->expanding, &maker->execution));
    }
    return 0;
}

static int free_makers(void **state) {
    (void)state;
    for (size_t i = 0; i < maker_count(); i++) {
        tnn_expand_scratch_free(makers[i].expanding);
        tnn_secret_key_free(makers[i].secret);
        tnn_params_free(makers[i].params);
    }
    return 0;
}

static size_t body_bytes(const tnn_params *params) {
    return (size_t)tnn_params_ggsw_rows(params) * params->literal.N * params->bsk_bytes;
}

static double *new_expansion(const ggsw_maker *maker, const uint8_t *bodies, const tnn_seed *seed, size_t first_row) {
    double *fourier = new_random(tnn_execution_ggsw_doubles(&maker->execution), sizeof *fourier);
    tnn_ggsw_expand(maker->expanding, fourier, bodies, seed, first_row);
    return fourier;
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

static bool expansions_agree(const ggsw_maker *maker, const uint8_t *bodies, const tnn_seed *a, size_t first_row_a,
                             const tnn_seed *b, size_t first_row_b) {
    double *x = new_expansion(maker, bodies, a, first_row_a);
    double *y = new_expansion(maker, bodies, b, first_row_b);
    bool agree = memcmp(x, y, tnn_execution_ggsw_doubles(&maker->execution) * sizeof *x) == 0;
    tnn_free(x);
    tnn_free(y);
    return agree;
}

static void expansion_is_a_function_of_seed_row_and_bodies(void **state) {
    (void)state;
    for (size_t i = 0; i < maker_count(); i++) {
        const tnn_seed seed = draw_seed();
        const tnn_seed other = draw_seed();
        uint8_t *bodies = new_random(body_bytes(makers[i].params), 1);
        assert_true(expansions_agree(&makers[i], bodies, &seed, 40, &seed, 40));
        assert_false(expansions_agree(&makers[i], bodies, &seed, 40, &other, 40));
        assert_false(expansions_agree(&makers[i], bodies, &seed, 40, &seed, 41));
        tnn_free(bodies);
    }
}

/* The words of one polynomial as torus elements in [-1/2, 1/2), times 2 / N for the inverse transform to come. */
static double *new_reals(const uint64_t *poly, uint32_t N) {
    double *reals = new_array(N, sizeof *reals);
    for (uint32_t t = 0; t < N; t++) {
        reals[t] = (double)(int64_t)poly[t] * 0x1p-63 / N;
    }
    return reals;
}

/* Which power of w = exp(i pi / N) a point of the transform of one polynomial is the value at: that of X there. */
static uint32_t single_point_root(uint32_t N, uint32_t point) {
    tnn_fft *fft;
    assert_ok(tnn_fft_create(&fft, N));
    double *x = new_array(N, sizeof *x);
    double *values = new_array(N, sizeof *values);
    x[1] = tnn_fft_twist(fft)[1];
    x[1 + N / 2] = tnn_fft_twist(fft)[1 + N / 2];
    tnn_fft_forward(fft, values, x);
    const double turns = atan2(values[point + N / 2], values[point]) / (2 * acos(-1));
    tnn_free(x);
    tnn_free(values);
    tnn_fft_free(fft);
    return (uint32_t)lround((turns + 1) * 2 * N) % (2 * N);
}

/* Where a point's real and imaginary part stand: 8 points of each row and column. */
static void check_blocked_point(const tnn_params *params, const double *fourier, const double *reals, uint32_t row,
                                uint32_t column, uint32_t point) {
    const uint32_t N = params->literal.N;
    const size_t block_row = (size_t)(point / TNN_POINT_BLOCK) * tnn_params_ggsw_rows(params) + row;
    const size_t line = block_row * (params->literal.k + 1) + column;
    const double *found = fourier + line * 2 * TNN_POINT_BLOCK + point % TNN_POINT_BLOCK;
    double re;
    double im;
    naive_value(reals, N, 1, single_point_root(N, point), &re, &im);
    assert_true(fabs(found[0] - re) < 1e-14 && fabs(found[TNN_POINT_BLOCK] - im) < 1e-14);
}

/* A point of each row is a point of the spectrum's arrays, each column a lane of each quarter, unused ones 0; rows go
 * by level, then by polynomial. Values count 2^-(32 - coarse_bits). */
static void check_quad_point(const tnn_execution *execution, const double *fourier, const double *reals, uint32_t row,
                             uint32_t column, uint32_t point) {
    const tnn_params *params = &execution->params;
    const uint32_t columns = params->literal.k + 1;
    const uint32_t slots = columns == 2 ? 2 : 4;
    const uint32_t lanes = tnn_kernels_best()->quad->lanes;
    const uint32_t row_in_point = row % params->literal.bs_levels * columns + row / params->literal.bs_levels;
    const double unit = exp2(32.0 - execution->coarse_bits);
    tnn_quad_fft *fft;
    double re;
    double im;
    assert_ok(tnn_quad_fft_create(&fft, params->literal.N, slots));
    const size_t at = quad_spectrum_at(fft, lanes, point, 0);
    const size_t group = at % (2 * (size_t)lanes);
    const double *found =
        fourier + (at - group) * tnn_params_ggsw_rows(params) + row_in_point * 2 * (size_t)lanes + group;
    naive_value(reals, params->literal.N, 1, quad_point_root(fft, point), &re, &im);
    assert_true(fabs(found[column] / unit - re) < 1e-14 && fabs(found[column + lanes] / unit - im) < 1e-14);
    for (uint32_t lane = columns; lane < slots; lane++) {
        assert_true(found[lane] == 0 && found[lane + lanes] == 0);
    }
    tnn_quad_fft_free(fft);
}

static void check_points(const tnn_execution *execution, const double *fourier, const uint64_t *words, uint32_t row) {
    const tnn_params *params = &execution->params;
    const uint32_t N = params->literal.N;
    for (uint32_t c = 0; c <= params->literal.k; c++) {
        const uint32_t points[] = {0, 7, 8, N / 2 - 1, draw_below(N / 2)};
        double *reals = new_reals(words + (size_t)c * N, N);
        for (size_t i = 0; i < COUNT_OF(points); i++) {
            if (execution->engine == &tnn_engine_quad) {
                check_quad_point(execution, fourier, reals, row, c, points[i]);
            } else {
                check_blocked_point(params, fourier, reals, row, c, points[i]);
            }
        }
        tnn_free(reals);
    }
}

static void expansion_is_the_transform_of_the_rows(void **state) {
    (void)state;
    for (size_t i = 0; i < maker_count(); i++) {
        const tnn_seed seed = draw_seed();
        uint8_t *bodies = new_random(body_bytes(makers[i].params), 1);
        double *fourier = new_expansion(&makers[i], bodies, &seed, 7);
        for (uint32_t row = 0; row < tnn_params_ggsw_rows(makers[i].params); row++) {
            uint64_t *words = new_row(makers[i].params, bodies, &seed, 7, row);
            check_points(&makers[i].execution, fourier, words, row);
            tnn_free(words);
        }
        tnn_free(bodies);
        tnn_free(fourier);
    }
}

/* ----------------------------------------------------------------------------------------------- public calls -- */

static void public_encryption_draws_a_fresh_seed(void **state) {
    (void)state;
    tnn_ggsw *a;
    tnn_ggsw *b;
    assert_ok(tnn_ggsw_encrypt(makers[0].secret, &a, true));
    assert_ok(tnn_ggsw_encrypt(makers[0].secret, &b, true));
    assert_true(tnn_params_equal(&a->execution.params, makers[0].params));
    assert_ptr_equal(a->execution.engine, tnn_execution_of(makers[0].params).engine);
    assert_memory_not_equal(a->fourier, b->fourier, tnn_execution_ggsw_doubles(&a->execution) * sizeof *a->fourier);
    tnn_ggsw_free(a);
    tnn_ggsw_free(b);
}

static void misuse_is_refused(void **state) {
    (void)state;
    tnn_ggsw *ggsw = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_ggsw_encrypt(NULL, &ggsw, true));
    assert_null(ggsw);
    assert_status(TNN_ERR_MISUSE, tnn_ggsw_encrypt(makers[0].secret, NULL, true));
    tnn_ggsw_free(NULL);
    tnn_expand_scratch_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expansion_is_a_function_of_seed_row_and_bodies),
        cmocka_unit_test(expansion_is_the_transform_of_the_rows),
        cmocka_unit_test(public_encryption_draws_a_fresh_seed),
        cmocka_unit_test(misuse_is_refused),
    };
    return cmocka_run_group_tests(tests, make_makers, free_makers);
}
