#include <math.h>
#include <string.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "testing.h"

static key_set keys;

static int make_deep_keys(void **state) {
    (void)state;
    make_keys(&keys, shipped_params("deep"), 1);
    return 0;
}

static int free_deep_keys(void **state) {
    (void)state;
    free_keys(&keys);
    return 0;
}

static size_t big_words(void) {
    return tnn_params_big_dimension(keys.params) + 1;
}

/* A random big ciphertext, switched. */
typedef struct switched {
    uint32_t *big;
    uint32_t *small;
} switched;

static switched new_switched(void) {
    return (switched){new_random(big_words(), sizeof(uint32_t)),
                      new_array(keys.params->literal.n + 1, sizeof(uint32_t))};
}

static void free_switched(switched *s) {
    tnn_free(s->big);
    tnn_free(s->small);
}

static double phase_change(const switched *s) {
    return torus_difference(tnn_lwe_phase(keys.secret, TNN_KEY_SMALL, s->small),
                            tnn_lwe_phase(keys.secret, TNN_KEY_BIG, s->big));
}

/* A hundred times 8 deviations: see testing.h. */
static void the_phase_moves_by_the_stated_noise(void **state) {
    (void)state;
    const double bound = NOISE_DEVIATIONS * sqrt(tnn_variance_key_switch(keys.params));
    assert_true(bound < 0.01);
    for (unsigned round = 0; round < 100; round++) {
        switched s = new_switched();
        assert_ok(tnn_key_switch(keys.server, s.small, s.big));
        assert_true(fabs(phase_change(&s)) <= bound);
        free_switched(&s);
    }
}

/* Without a tail to switch nothing is added to the shared prefix. */
static void the_shared_prefix_passes_through(void **state) {
    (void)state;
    const uint32_t n = keys.params->literal.n;
    switched s = new_switched();
    memset(s.big + n, 0, (big_words() - 1 - n) * sizeof *s.big);
    assert_ok(tnn_key_switch(keys.server, s.small, s.big));
    assert_memory_equal(s.small, s.big, n * sizeof *s.small);
    assert_int_equal(s.small[n], s.big[big_words() - 1]);
    free_switched(&s);
}

/* With a tail, the prefix is still one of the terms: taking it away changes the result by exactly the prefix. */
static void the_prefix_is_added_to_the_switched_tail(void **state) {
    (void)state;
    const uint32_t n = keys.params->literal.n;
    switched s = new_switched();
    uint32_t *of_tail = new_array(n + 1, sizeof *of_tail);
    assert_ok(tnn_key_switch(keys.server, s.small, s.big));
    uint32_t *prefix = new_array(n, sizeof *prefix);
    memcpy(prefix, s.big, n * sizeof *prefix);
    memset(s.big, 0, n * sizeof *s.big);
    assert_ok(tnn_key_switch(keys.server, of_tail, s.big));
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal((uint32_t)(s.small[i] - of_tail[i]), prefix[i]);
    }
    assert_int_equal(s.small[n], of_tail[n]);
    tnn_free(prefix);
    tnn_free(of_tail);
    free_switched(&s);
}

/* One coordinate of the tail at a time: its digits meet the ciphertexts of that coordinate and no others. */
static void each_coordinate_of_the_tail_is_switched(void **state) {
    (void)state;
    const double bound = NOISE_DEVIATIONS * sqrt(tnn_variance_key_switch(keys.params));
    switched s = new_switched();
    memset(s.big, 0, big_words() * sizeof *s.big);
    for (size_t i = keys.params->literal.n; i + 1 < big_words(); i++) {
        s.big[i] = (1u << 30) + draw_below(1u << 31);
        assert_ok(tnn_key_switch(keys.server, s.small, s.big));
        assert_true(fabs(phase_change(&s)) <= bound);
        s.big[i] = 0;
    }
    free_switched(&s);
}

static void a_set_without_key_switch_refuses(void **state) {
    (void)state;
    key_set fast;
    make_keys(&fast, shipped_params("fast"), 1);
    const size_t words = tnn_params_big_dimension(fast.params) + 1;
    uint32_t *big = new_random(words, sizeof *big);
    uint32_t *small = new_random(words, sizeof *small);
    uint32_t *before = new_array(words, sizeof *before);
    memcpy(before, small, words * sizeof *before);
    assert_status(TNN_ERR_MISUSE, tnn_key_switch(fast.server, small, big));
    assert_memory_equal(small, before, words * sizeof *before);
    tnn_free(before);
    tnn_free(small);
    tnn_free(big);
    free_keys(&fast);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_phase_moves_by_the_stated_noise),
        cmocka_unit_test(the_shared_prefix_passes_through),
        cmocka_unit_test(the_prefix_is_added_to_the_switched_tail),
        cmocka_unit_test(each_coordinate_of_the_tail_is_switched),
        cmocka_unit_test(a_set_without_key_switch_refuses),
    };
    return cmocka_run_group_tests(tests, make_deep_keys, free_deep_keys);
}
