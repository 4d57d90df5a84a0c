/* Linked with tnn_kernels_best in place, so that every instruction set of this processor has its turn. */
#include "execution.h"

#include "kernels.h"
#include "key_fixture.h"
#include "noise.h"
#include "testing.h"

#define SETS_MOST 8u

static const tnn_kernels *chosen_set; /* NULL: the best */

const tnn_kernels *__real_tnn_kernels_best(void);
const tnn_kernels *__wrap_tnn_kernels_best(void);

const tnn_kernels *__wrap_tnn_kernels_best(void) {
    return chosen_set ? chosen_set : __real_tnn_kernels_best();
}

/* CMake tells this file what it told the library. */
static const tnn_engine *expected_engine(uint32_t k) {
#if defined(TNN_FFTW_ONLY)
    (void)k;
    return &tnn_engine_single;
#else
    return tnn_kernels_best()->quad && k <= 3 ? &tnn_engine_quad : &tnn_engine_single;
#endif
}

/* In every rank; coarse bits stand with the engine and the ranks that round. */
static void check_choice(tnn_params params) {
    for (uint32_t k = 1; k <= TNN_MAX_RANK; k++) {
        params.literal.k = k;
        const tnn_engine *expected = expected_engine(k);
        const tnn_execution execution = tnn_execution_of(&params);
        assert_ptr_equal(execution.engine, expected);
        assert_true(tnn_params_equal(&execution.params, &params));
        assert_int_equal(execution.coarse_bits,
                         expected == &tnn_engine_quad && (k == 2 || k == 3) ? tnn_coarse_bits(&params) : 0);
        assert_string_equal(tnn_params_engine(&params), expected->name);
        assert_int_equal(tnn_params_batch(&params), expected->batch(&params));
    }
}

static void the_faster_engine_is_chosen(void **state) {
    (void)state;
    const tnn_kernels *sets[SETS_MOST];
    const size_t set_count = tnn_kernels_available(sets, SETS_MOST);
    tnn_params *params = shipped_params("fast");
    for (size_t i = 0; i < set_count; i++) {
        chosen_set = sets[i];
        check_choice(*params);
    }
    chosen_set = NULL;
    tnn_params_free(params);
}

static void an_engine_that_is_asked_for_is_used(void **state) {
    (void)state;
    const tnn_engine *const engines[] = {&tnn_engine_single, &tnn_engine_quad};
    const uint32_t coarse_bits[] = {0, 4};
    tnn_params *params = shipped_params("fast");
    for (size_t i = 0; i < COUNT_OF(engines); i++) {
        const tnn_execution execution = tnn_execution_on(params, engines[i]);
        assert_ptr_equal(execution.engine, engines[i]);
        assert_int_equal(execution.coarse_bits, coarse_bits[i]);
        assert_int_equal(tnn_execution_ggsw_doubles(&execution), engines[i]->ggsw_doubles(params));
    }
    assert_string_equal(tnn_engine_single.name, "single");
    assert_string_equal(tnn_engine_quad.name, "quad");
    tnn_params_free(params);
}

/* Rank 1, one polynomial at a time: (k+1)^2 l N doubles a key bit, and n + 1 words a key-switching ciphertext. */
static void a_server_key_takes_what_its_engine_needs(void **state) {
    (void)state;
    tnn_params *deep = shipped_params("deep");
    tnn_params *fine = shipped_params("fine");
    assert_int_equal(tnn_params_server_key_bytes(deep), 800 * 8192 * 8 + 1248 * 7 * 801 * 4);
    assert_int_equal(tnn_params_server_key_bytes(fine), 672 * 8192 * 8);
    tnn_params_free(deep);
    tnn_params_free(fine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_faster_engine_is_chosen),
        cmocka_unit_test(an_engine_that_is_asked_for_is_used),
        cmocka_unit_test(a_server_key_takes_what_its_engine_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
