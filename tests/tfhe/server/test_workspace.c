#include "workspace.h"

#include <string.h>

#include "failures.h"
#include "key_fixture.h"
#include "memory.h"
#include "testing.h"

static tnn_params *params;

static int make_params(void **state) {
    (void)state;
    params = shipped_params("deep-fine");
    return 0;
}

static int free_params(void **state) {
    (void)state;
    tnn_params_free(params);
    return 0;
}

/* One array of a workspace and the bytes it must have. */
typedef struct region {
    void *start;
    size_t bytes;
} region;

#define REGIONS 3u

static void list_regions(region *regions, const tnn_workspace *w) {
    const tnn_params_literal *p = &w->execution.params.literal;
    const size_t words = ((size_t)(p->k + 1) * p->N) << p->log2_split;
    const region all[REGIONS] = {
        {w->difference, words * sizeof(uint32_t)},
        {w->positions, w->batch * (p->n + 1) * sizeof(uint32_t)},
        {w->accumulators, w->batch * words * sizeof(uint32_t)},
    };
    memcpy(regions, all, sizeof all);
}

static void assert_filled(const region *r, uint8_t value) {
    const uint8_t *bytes = r->start;
    for (size_t i = 0; i < r->bytes; i++) {
        assert_int_equal(bytes[i], value);
    }
}

/* Each array takes its whole size without a change to another, and lies on a cache line. */
static void check_regions(const tnn_workspace *workspace) {
    region regions[REGIONS];
    list_regions(regions, workspace);
    for (size_t i = 0; i < REGIONS; i++) {
        assert_int_equal((uintptr_t)regions[i].start % TNN_ALIGNMENT, 0);
        assert_filled(&regions[i], 0);
    }
    for (size_t i = 0; i < REGIONS; i++) {
        memset(regions[i].start, (int)i + 1, regions[i].bytes);
    }
    for (size_t i = 0; i < REGIONS; i++) {
        assert_filled(&regions[i], (uint8_t)(i + 1));
    }
}

static void arrays_have_their_sizes(void **state) {
    (void)state;
    const size_t batches[] = {1, 2, 3, 16};
    for (size_t i = 0; i < 2 * COUNT_OF(batches); i++) {
        tnn_params split = *params;
        tnn_workspace *workspace;
        split.literal.log2_split = i % 2;
        assert_ok(tnn_workspace_create(&workspace, &split, batches[i / 2]));
        assert_int_equal(workspace->batch, batches[i / 2]);
        check_regions(workspace);
        tnn_workspace_free(workspace);
    }
}

static void what_it_computes_with_fits_the_parameters(void **state) {
    (void)state;
    const tnn_engine *const engines[] = {&tnn_engine_single, &tnn_engine_quad};
    for (size_t i = 0; i < COUNT_OF(engines) && engine_runs(engines[i]); i++) {
        const tnn_execution execution = tnn_execution_on(params, engines[i]);
        tnn_workspace *workspace;
        assert_ok(tnn_workspace_create_for(&workspace, &execution, 1));
        assert_true(tnn_params_equal(&workspace->execution.params, params));
        assert_ptr_equal(workspace->execution.engine, engines[i]);
        assert_int_equal(workspace->execution.coarse_bits, execution.coarse_bits);
        assert_ptr_equal(workspace->kernels, tnn_kernels_best());
        tnn_workspace_free(workspace);
    }
}

/* Beside the arrays there are structures, and of a transform tables of 2 N doubles. */
static void check_stated_bytes(const tnn_execution *execution, size_t batch) {
    const size_t stated = tnn_workspace_bytes(execution, batch);
    const size_t unstated = 1024 + 2 * execution->params.literal.N * sizeof(double);
    tnn_workspace *workspace;
    assert_ok(tnn_workspace_create_for(&workspace, execution, batch));
    tnn_workspace_free(workspace); /* so that FFTW has its plans, which it keeps */
    const size_t before = allocated_bytes();
    assert_ok(tnn_workspace_create_for(&workspace, execution, batch));
    assert_in_range(allocated_bytes() - before, stated, stated + unstated);
    tnn_workspace_free(workspace);
}

static void memory_is_what_the_parameters_state(void **state) {
    (void)state;
    const char *const names[] = {"fast", "accurate", "deep-fine"};
    const tnn_engine *const engines[] = {&tnn_engine_single, &tnn_engine_quad};
    const size_t engine_count = engine_runs(&tnn_engine_quad) ? 2 : 1;
    for (size_t i = 0; i < 2 * COUNT_OF(names) * engine_count; i++) {
        tnn_params *chosen = shipped_params(names[i / engine_count / 2]);
        chosen->literal.log2_split = 2 * (i / engine_count % 2);
        const tnn_execution execution = tnn_execution_on(chosen, engines[i % engine_count]);
        const tnn_execution best = tnn_execution_of(chosen);
        check_stated_bytes(&execution, 1);
        check_stated_bytes(&execution, 16);
        assert_int_equal(tnn_params_workspace_bytes(chosen, 16), tnn_workspace_bytes(&best, 16));
        tnn_params_free(chosen);
    }
}

static void parameters_are_copied(void **state) {
    (void)state;
    tnn_params *fleeting = shipped_params("deep-fine");
    tnn_workspace *workspace;
    assert_ok(tnn_workspace_create(&workspace, fleeting, 1));
    tnn_params_free(fleeting);
    assert_true(tnn_params_equal(&workspace->execution.params, params));
    tnn_workspace_free(workspace);
}

/* Sizes whose bytes overflow. */
static void batches_beyond_memory_are_refused(void **state) {
    (void)state;
    const size_t batches[] = {SIZE_MAX, SIZE_MAX / 4, SIZE_MAX / 1024};
    for (size_t i = 0; i < COUNT_OF(batches); i++) {
        tnn_workspace *workspace = UNSET;
        assert_status(TNN_ERR_MEMORY, tnn_workspace_create(&workspace, params, batches[i]));
        assert_null(workspace);
    }
}

static void misuse_is_refused(void **state) {
    (void)state;
    tnn_workspace *workspace = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_workspace_create(NULL, params, 1));
    assert_status(TNN_ERR_MISUSE, tnn_workspace_create(&workspace, NULL, 1));
    assert_null(workspace);
    workspace = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_workspace_create(&workspace, params, 0));
    assert_null(workspace);
    tnn_workspace_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_have_their_sizes),
        cmocka_unit_test(what_it_computes_with_fits_the_parameters),
        cmocka_unit_test(memory_is_what_the_parameters_state),
        cmocka_unit_test(parameters_are_copied),
        cmocka_unit_test(batches_beyond_memory_are_refused),
        cmocka_unit_test(misuse_is_refused),
    };
    return cmocka_run_group_tests(tests, make_params, free_params);
}
