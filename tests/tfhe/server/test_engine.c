/* Both engines against what they have to compute, and against each other. Linked with the calls of failures.h, and
 * with tnn_kernels_best, so that every instruction set of this processor takes part. */
#include "execution.h"

#include <math.h>
#include <string.h>

#include "draw.h"
#include "failures.h"
#include "fft.h"
#include "gadget.h"
#include "ggsw.h"
#include "kernels.h"
#include "key_fixture.h"
#include "memory.h"
#include "quad_fft.h"
#include "schoolbook.h"
#include "server_key.h"
#include "testing.h"
#include "workspace.h"

#define SETS_MOST 8u
#define BATCH 16u
#define KEY_BITS 32u /* of the small key: a blind rotation in a fraction of the time */

static const tnn_kernels *sets[SETS_MOST];
static size_t set_count;
static const tnn_kernels *chosen_set; /* NULL: the best */

static const tnn_engine *const ENGINES[] = {&tnn_engine_single, &tnn_engine_quad};

const tnn_kernels *__real_tnn_kernels_best(void);
const tnn_kernels *__wrap_tnn_kernels_best(void);

const tnn_kernels *__wrap_tnn_kernels_best(void) {
    return chosen_set ? chosen_set : __real_tnn_kernels_best();
}

static int find_sets(void **state) {
    (void)state;
    set_count = tnn_kernels_available(sets, SETS_MOST);
    return set_count > 0 ? 0 : -1;
}

/* Those of ENGINES that the chosen set runs, which come first. */
static size_t engine_count(void) {
    return engine_runs(&tnn_engine_quad) ? 2 : 1;
}

static bool engine_has_rank(const tnn_engine *engine, uint32_t k) {
    return engine == &tnn_engine_single || k <= 3;
}

/* Sizes by hand: (k+1)^2 l N doubles, and N (k+1) l times 2 or 4 slots. */
static void ggsw_ciphertexts_have_their_sizes(void **state) {
    (void)state;
    tnn_params *fast = shipped_params("fast");
    tnn_params *fine = shipped_params("deep-fine");
    assert_int_equal(tnn_engine_single.ggsw_doubles(fast), 8192);
    assert_int_equal(tnn_engine_quad.ggsw_doubles(fast), 8192);
    assert_int_equal(tnn_engine_single.ggsw_doubles(fine), 32768);
    assert_int_equal(tnn_engine_quad.ggsw_doubles(fine), 32768);
    tnn_params_free(fast);
    tnn_params_free(fine);
}

/* ------------------------------------------------------------------------------------------ noiseless products -- */

/* Parameters that no check has to pass. */
static tnn_execution bare_execution(const tnn_engine *engine, uint32_t k, uint32_t log2_N, uint32_t base_log,
                                    uint32_t levels) {
    tnn_params params = {.literal = {.n = KEY_BITS,
                                     .input_N = 8,
                                     .input_bits = 32,
                                     .lwe_log2_sigma = -16,
                                     .k = k,
                                     .N = 1u << log2_N,
                                     .glwe_log2_sigma = -40,
                                     .bs_base_log = base_log,
                                     .bs_levels = levels},
                         .log2_N = log2_N,
                         .bsk_bytes = 8};
    return tnn_execution_on(&params, engine);
}

/* A GGSW ciphertext of X^exponent without masks and without noise: the gadget times X^exponent on the diagonal. */
static double *new_monomial(const tnn_execution *execution, tnn_engine_scratch *scratch, uint32_t exponent) {
    const tnn_params *params = &execution->params;
    const tnn_params_literal *p = &params->literal;
    double *ggsw = new_random(tnn_execution_ggsw_doubles(execution), sizeof *ggsw);
    for (uint32_t row = 0; row < tnn_params_ggsw_rows(params); row++) {
        uint64_t *words = new_array(tnn_params_glwe_words(params), sizeof *words);
        const uint64_t unit = (uint64_t)1 << (64 - p->bs_base_log * (row % p->bs_levels + 1));
        words[(size_t)(row / p->bs_levels) * p->N + exponent % p->N] = exponent < p->N ? unit : 0 - unit;
        execution->engine->put_row(scratch, ggsw, row, words);
        tnn_free(words);
    }
    return ggsw;
}

/* The nearest multiple of the gadget's last digit; ties round up. */
static uint32_t rounded_to_gadget(uint32_t word, const tnn_params_literal *p) {
    const uint32_t unit = 1u << (32 - p->bs_base_log * p->bs_levels);
    return (word + unit / 2) & ~(unit - 1);
}

/* accumulator + X^exponent (glwe, its body corrected, rounded to the gadget). */
static uint32_t *new_expected(const tnn_params *params, const uint32_t *accumulator, const uint32_t *glwe,
                              uint32_t exponent) {
    const tnn_params_literal *p = &params->literal;
    const size_t words = tnn_params_glwe_words(params);
    uint32_t *expected = new_array(words, sizeof *expected);
    uint32_t *rounded = new_array(words, sizeof *rounded);
    memcpy(rounded, glwe, words * sizeof *rounded);
    schoolbook_corrected_body(rounded + words - p->N, glwe, p->k, p->N, 32 - p->bs_base_log * p->bs_levels);
    for (size_t i = 0; i < words; i++) {
        rounded[i] = rounded_to_gadget(rounded[i], p);
    }
    for (size_t i = 0; i < words; i++) {
        const size_t poly = i / p->N * p->N;
        expected[i] = accumulator[i] + schoolbook_rotated(rounded + poly, p->N, exponent, (uint32_t)(i - poly));
    }
    tnn_free(rounded);
    return expected;
}

/* Not a bit may differ: whole units of the gadget, far above the errors of doubles. */
static void check_monomial(const tnn_execution *execution, uint32_t exponent) {
    const tnn_params *params = &execution->params;
    const size_t words = tnn_params_glwe_words(params);
    tnn_engine_scratch *scratch;
    assert_ok(tnn_engine_scratch_create(&scratch, execution, 1));
    double *ggsw = new_monomial(execution, scratch, exponent);
    uint32_t *glwe = new_random(words, sizeof *glwe);
    uint32_t *kept = new_array(words, sizeof *kept);
    uint32_t *accumulator = new_random(words, sizeof *accumulator);
    uint32_t *expected = new_expected(params, accumulator, glwe, exponent);
    memcpy(kept, glwe, words * sizeof *glwe);
    execution->engine->add_product(scratch, accumulator, ggsw, glwe);
    assert_memory_equal(accumulator, expected, words * sizeof *expected);
    assert_memory_equal(glwe, kept, words * sizeof *glwe);
    tnn_engine_scratch_free(scratch, execution->engine);
    tnn_free(ggsw);
    tnn_free(glwe);
    tnn_free(kept);
    tnn_free(accumulator);
    tnn_free(expected);
}

typedef struct gadget_size {
    uint32_t base_log;
    uint32_t levels;
} gadget_size;

static void check_monomials(const tnn_engine *engine, uint32_t k, uint32_t log2_N) {
    const gadget_size gadgets[] = {{17, 1}, {22, 1}, {14, 2}, {8, 3}, {1, 8}};
    for (size_t i = 0; i < COUNT_OF(gadgets); i++) {
        tnn_execution execution = bare_execution(engine, k, log2_N, gadgets[i].base_log, gadgets[i].levels);
        check_monomial(&execution, 0);
        check_monomial(&execution, draw_below(2u << log2_N));
        execution.coarse_bits = 0;
        check_monomial(&execution, draw_below(2u << log2_N));
    }
}

static void check_ranks(const tnn_engine *engine) {
    for (uint32_t k = 1; k <= TNN_MAX_RANK && engine_has_rank(engine, k); k++) {
        check_monomials(engine, k, 8 + k % 4);
    }
}

static void products_without_noise_are_exact(void **state) {
    (void)state;
    for (size_t i = 0; i < set_count; i++) {
        chosen_set = sets[i];
        for (size_t j = 0; j < engine_count(); j++) {
            check_ranks(ENGINES[j]);
        }
    }
    chosen_set = NULL;
}

/* ----------------------------------------------------------------------------------------------- two engines -- */

/* A shipped set with a small key of few bits, and no key switch. */
static tnn_params small_key_params(const char *name) {
    tnn_params *shipped = shipped_params(name);
    tnn_params params = *shipped;
    tnn_params_free(shipped);
    params.literal.n = KEY_BITS;
    params.literal.ks_base_log = params.literal.ks_levels = 0;
    return params;
}

/* One evaluation key, expanded for an engine. */
typedef struct server_side {
    tnn_execution execution;
    tnn_server_key *server;
    tnn_workspace *workspace;
} server_side;

static server_side new_server_side(const tnn_engine *engine, const tnn_eval_key *eval) {
    server_side side = {.execution = tnn_execution_on(&eval->params, engine)};
    assert_ok(tnn_server_key_expand_for(&side.server, &side.execution, eval, 1));
    assert_ok(tnn_workspace_create_for(&side.workspace, &side.execution, BATCH));
    return side;
}

static void free_server_side(server_side *side) {
    tnn_workspace_free(side->workspace);
    tnn_server_key_free(side->server);
}

typedef struct both_sides {
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    server_side sides[COUNT_OF(ENGINES)];
} both_sides;

static both_sides new_both_sides(const char *name) {
    const tnn_params params = small_key_params(name);
    both_sides both = {.secret = balanced_secret_key(&params)};
    assert_ok(tnn_eval_key_generate(&both.eval, both.secret, 1));
    for (size_t i = 0; i < engine_count(); i++) {
        both.sides[i] = new_server_side(ENGINES[i], both.eval);
    }
    return both;
}

static void free_both_sides(both_sides *both) {
    for (size_t i = 0; i < engine_count(); i++) {
        free_server_side(&both->sides[i]);
    }
    tnn_eval_key_free(both->eval);
    tnn_secret_key_free(both->secret);
}

/* Deviation of a coefficient of a product by the arithmetic of doubles, in words: noise.c, for one coefficient. */
static double arithmetic_words(const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    const double squares = (p->k + 1.0) * p->bs_levels * p->N * exp2(2.0 * p->bs_base_log) / 144;
    return 0x1p32 * sqrt(1.1 * params->log2_N * squares) * 0x1p-53;
}

/* The products of one GGSW ciphertext with one GLWE ciphertext differ, word by word, by one rounding each and by the
 * arithmetic of both. */
static void check_same_product(const both_sides *both) {
    const server_side *sides = both->sides;
    if (engine_count() < 2) {
        return;
    }
    const size_t words = tnn_params_glwe_words(&sides[0].execution.params);
    const double bound = exp2((double)sides[1].execution.coarse_bits - 1) + 1 +
                         NOISE_DEVIATIONS * sqrt(2) * arithmetic_words(&sides[0].execution.params);
    uint32_t *glwe = new_random(words, sizeof *glwe);
    uint32_t *sums[] = {new_random(words, sizeof *glwe), new_array(words, sizeof *glwe)};
    memcpy(sums[1], sums[0], words * sizeof *glwe);
    for (size_t i = 0; i < engine_count(); i++) {
        const double *last =
            sides[i].server->bootstrapping + (KEY_BITS - 1) * tnn_execution_ggsw_doubles(&sides[i].execution);
        ENGINES[i]->add_product(sides[i].workspace->engine_scratch, sums[i], last, glwe);
    }
    for (size_t i = 0; i < words; i++) {
        assert_true(fabs((double)(int32_t)(sums[0][i] - sums[1][i])) <= bound);
    }
    tnn_free(glwe);
    tnn_free(sums[0]);
    tnn_free(sums[1]);
}

/* A table without mask, rotated to a known place: phases of both results lie within the noise of each engine. */
static void check_same_rotation(const both_sides *both) {
    const uint32_t N = both->secret->params.literal.N;
    const size_t words = tnn_params_glwe_words(&both->secret->params);
    const uint32_t target = draw_below(2 * N);
    uint32_t *table = new_array(words, sizeof *table);
    uint32_t *positions = new_array(KEY_BITS + 1, sizeof *positions);
    uint32_t *rotated = new_array(words, sizeof *rotated);
    uint32_t *phase = new_array(N, sizeof *phase);
    tnn_random_bytes(table + words - N, N * sizeof *table);
    draw_positions(both->secret, positions, target);
    for (size_t i = 0; i < engine_count(); i++) {
        const server_side *side = &both->sides[i];
        const double bound = NOISE_DEVIATIONS * sqrt(tnn_variance_blind_rotation(&side->execution.params));
        assert_true(bound < 0x1p-5);
        memcpy(rotated, table, words * sizeof *table);
        tnn_blind_rotate(side->server, side->workspace, rotated, positions, 1);
        schoolbook_glwe_phase32(phase, rotated, both->secret->big, side->execution.params.literal.k, N);
        for (uint32_t t = 0; t < N; t++) {
            uint32_t expected = schoolbook_rotated(table + words - N, N, (2 * N - target) % (2 * N), t);
            assert_true(fabs(torus_difference(phase[t], expected)) <= bound);
        }
    }
    tnn_free(table);
    tnn_free(positions);
    tnn_free(rotated);
    tnn_free(phase);
}

static void engines_agree_within_their_noise(void **state) {
    (void)state;
    size_t count;
    const tnn_shipped_params *shipped = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < count * set_count; i++) {
        chosen_set = sets[i % set_count];
        both_sides both = new_both_sides(shipped[i / set_count].name);
        check_same_product(&both);
        check_same_rotation(&both);
        free_both_sides(&both);
    }
    chosen_set = NULL;
}

/* --------------------------------------------------------------------------------------------------- batches -- */

/* Every third exponent is 0, which skips a product; two key bits have only zeros, and one rotation no others. */
static uint32_t *new_sparse_positions(uint32_t N) {
    uint32_t *positions = new_array(BATCH * ((size_t)KEY_BITS + 1), sizeof *positions);
    for (size_t i = 0; i < BATCH * ((size_t)KEY_BITS + 1); i++) {
        const size_t bit = i % (KEY_BITS + 1);
        const bool zero = bit == 5 || bit == KEY_BITS - 1 || i / (KEY_BITS + 1) == 2;
        positions[i] = !zero && draw_below(3) ? draw_below(2 * N) : 0;
    }
    return positions;
}

static void check_batches(const server_side *side) {
    const size_t batches[] = {1, 2, 3, 4, 5, 8, 16};
    const size_t glwe_words = tnn_params_glwe_words(&side->execution.params);
    uint32_t *positions = new_sparse_positions(side->execution.params.literal.N);
    uint32_t *fresh = new_random(BATCH * glwe_words, sizeof *fresh);
    uint32_t *alone = new_array(BATCH * glwe_words, sizeof *alone);
    uint32_t *together = new_array(BATCH * glwe_words, sizeof *together);
    memcpy(alone, fresh, BATCH * glwe_words * sizeof *fresh);
    for (size_t b = 0; b < BATCH; b++) {
        tnn_blind_rotate(side->server, side->workspace, alone + b * glwe_words, positions + b * (KEY_BITS + 1), 1);
    }
    assert_memory_not_equal(alone, fresh, glwe_words * sizeof *fresh);
    assert_memory_equal(alone + 2 * glwe_words, fresh + 2 * glwe_words, glwe_words * sizeof *fresh);
    for (size_t i = 0; i < COUNT_OF(batches); i++) {
        const size_t words = batches[i] * glwe_words;
        memcpy(together, fresh, BATCH * glwe_words * sizeof *fresh);
        tnn_blind_rotate(side->server, side->workspace, together, positions, batches[i]);
        assert_memory_equal(together, alone, words * sizeof *alone);
        assert_memory_equal(together + words, fresh + words, (BATCH * glwe_words - words) * sizeof *fresh);
    }
    tnn_free(positions);
    tnn_free(fresh);
    tnn_free(alone);
    tnn_free(together);
}

static void a_batch_changes_no_bit(void **state) {
    (void)state;
    const char *const names[] = {"fast", "accurate", "deep"};
    for (size_t i = 0; i < COUNT_OF(names) * set_count; i++) {
        chosen_set = sets[i % set_count];
        both_sides both = new_both_sides(names[i / set_count]);
        for (size_t j = 0; j < engine_count(); j++) {
            check_batches(&both.sides[j]);
        }
        free_both_sides(&both);
    }
    chosen_set = NULL;
}

/* ---------------------------------------------------------------------------------------------------- memory -- */

/* Bytes that the engine's transform holds. */
static size_t transform_bytes(const tnn_execution *execution) {
    tnn_fft *fft;
    assert_ok(tnn_fft_create(&fft, execution->params.literal.N));
    tnn_fft_free(fft); /* so that FFTW has its plans, which it keeps */
    const size_t before = allocated_bytes();
    fft = NULL;
    tnn_quad_fft *quad_fft = NULL;
    if (execution->engine == &tnn_engine_quad) {
        assert_ok(
            tnn_quad_fft_create(&quad_fft, execution->params.literal.N, execution->params.literal.k == 1 ? 2 : 4));
    } else {
        assert_ok(tnn_fft_create(&fft, execution->params.literal.N));
    }
    tnn_fft_free(fft);
    tnn_quad_fft_free(quad_fft);
    return allocated_bytes() - before;
}

/* Beside the transform and the arrays there is one structure. */
#define STRUCTURE_MOST 512u

static void check_scratch_bytes(const tnn_execution *execution, size_t batch) {
    const tnn_engine *engine = execution->engine;
    const size_t transform = transform_bytes(execution);
    const size_t live = live_allocations();
    const size_t before = allocated_bytes();
    tnn_engine_scratch *scratch;
    assert_ok(tnn_engine_scratch_create(&scratch, execution, batch));
    const size_t arrays = allocated_bytes() - before - transform;
    assert_in_range(arrays - engine->scratch_bytes(&execution->params, batch), 1, STRUCTURE_MOST);
    tnn_engine_scratch_free(scratch, engine);
    assert_int_equal(live_allocations(), live);
}

static void check_all_scratch_bytes(const tnn_execution *execution) {
    check_scratch_bytes(execution, 1);
    check_scratch_bytes(execution, 7);
    check_scratch_bytes(execution, BATCH);
}

static void on_every_set_and_engine(void (*check)(const tnn_execution *execution)) {
    size_t count;
    const tnn_shipped_params *shipped = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < count * engine_count(); i++) {
        tnn_params *params = shipped_params(shipped[i / engine_count()].name);
        const tnn_execution execution = tnn_execution_on(params, ENGINES[i % engine_count()]);
        check(&execution);
        tnn_params_free(params);
    }
}

static void scratch_takes_the_bytes_it_states(void **state) {
    (void)state;
    on_every_set_and_engine(check_all_scratch_bytes);
}

static void check_batch(const tnn_execution *execution) {
    const tnn_engine *engine = execution->engine;
    const size_t batch = engine->batch(&execution->params);
    assert_in_range(batch, 1, BATCH);
    assert_int_equal(engine->scratch_bytes(&execution->params, batch),
                     engine->scratch_bytes(&execution->params, batch + 1));
    if (execution->engine == &tnn_engine_quad) {
        assert_true(engine->scratch_bytes(&execution->params, batch - 1) <
                    engine->scratch_bytes(&execution->params, batch));
    }
}

/* Whatever is beyond a batch is done in parts, with the scratch of a batch. */
static void scratch_grows_up_to_the_batch(void **state) {
    (void)state;
    on_every_set_and_engine(check_batch);
}

static tnn_execution failing;

static tnn_status make_scratch(void *context, void **object) {
    (void)context;
    return tnn_engine_scratch_create((tnn_engine_scratch **)object, &failing, 3);
}

static void release_scratch(void *object) {
    tnn_engine_scratch_free(object, failing.engine);
}

/* A structure, the transform of at least two blocks, six arrays. */
static void each_failure_gives_its_status_and_leaves_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < engine_count(); i++) {
        tnn_params *params = shipped_params("fast");
        failing = tnn_execution_on(params, ENGINES[i]);
        const fallible function = {failing.engine->name, make_scratch, release_scratch, 1 + 2 + 6};
        check_each_failure(&function, NULL);
        release_scratch(NULL);
        tnn_params_free(params);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ggsw_ciphertexts_have_their_sizes),
        cmocka_unit_test(products_without_noise_are_exact),
        cmocka_unit_test(engines_agree_within_their_noise),
        cmocka_unit_test(a_batch_changes_no_bit),
        cmocka_unit_test(scratch_takes_the_bytes_it_states),
        cmocka_unit_test(scratch_grows_up_to_the_batch),
        cmocka_unit_test(each_failure_gives_its_status_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, find_sets, NULL);
}
