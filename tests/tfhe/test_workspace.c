#include "workspace.h"

#include <string.h>

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

#define REGIONS 6u

static void list_regions(region *regions, const tnn_workspace *w) {
    const tnn_params_literal *p = &w->params.literal;
    const size_t glwe_words = (size_t)(p->k + 1) * p->N;
    const region all[REGIONS] = {
        {w->difference, glwe_words * sizeof(uint32_t)},
        {w->folded, p->N * sizeof(double)},
        {w->digits, glwe_words * p->bs_levels * sizeof(double)},
        {w->products, glwe_words * sizeof(double)},
        {w->positions, w->batch * (p->n + 1) * sizeof(uint32_t)},
        {w->accumulators, w->batch * glwe_words * sizeof(uint32_t)},
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
    for (size_t i = 0; i < COUNT_OF(batches); i++) {
        tnn_workspace *workspace;
        assert_ok(tnn_workspace_create(&workspace, params, batches[i]));
        assert_int_equal(workspace->batch, batches[i]);
        check_regions(workspace);
        tnn_workspace_free(workspace);
    }
}

static void what_it_computes_with_fits_the_parameters(void **state) {
    (void)state;
    const tnn_gadget gadget = tnn_gadget_of(params->literal.bs_base_log, params->literal.bs_levels);
    tnn_workspace *workspace;
    assert_ok(tnn_workspace_create(&workspace, params, 1));
    assert_true(tnn_params_equal(&workspace->params, params));
    assert_ptr_equal(workspace->kernels, tnn_kernels_best());
    assert_memory_equal(&workspace->gadget, &gadget, sizeof gadget);
    tnn_workspace_free(workspace);
}

/* The transform has the ring's degree: the constant 1 becomes N/2 points of 1. */
static void transform_has_the_degree_of_the_ring(void **state) {
    (void)state;
    const uint32_t points = params->literal.N / 2;
    tnn_workspace *workspace;
    assert_ok(tnn_workspace_create(&workspace, params, 1));
    workspace->folded[0] = 1;
    tnn_fft_forward(workspace->fft, workspace->digits, workspace->folded);
    for (uint32_t t = 0; t < points; t++) {
        assert_true(workspace->digits[t] == 1);
        assert_true(workspace->digits[points + t] == 0);
    }
    tnn_workspace_free(workspace);
}

static void parameters_are_copied(void **state) {
    (void)state;
    tnn_params *fleeting = shipped_params("deep-fine");
    tnn_workspace *workspace;
    assert_ok(tnn_workspace_create(&workspace, fleeting, 1));
    tnn_params_free(fleeting);
    assert_true(tnn_params_equal(&workspace->params, params));
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
        cmocka_unit_test(transform_has_the_degree_of_the_ring),
        cmocka_unit_test(parameters_are_copied),
        cmocka_unit_test(batches_beyond_memory_are_refused),
        cmocka_unit_test(misuse_is_refused),
    };
    return cmocka_run_group_tests(tests, make_params, free_params);
}
