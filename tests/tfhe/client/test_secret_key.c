#include "key_fixture.h"
#include "keys.h"
#include "statistics.h"
#include "testing.h"

#define KEYS 100u

/* Keys of one set, all alive at once. */
typedef struct key_ring {
    tnn_params *params;
    tnn_secret_key *keys[KEYS];
} key_ring;

static key_ring separate; /* s apart from S */
static key_ring shared;   /* s the start of S */

static void make_ring(key_ring *ring, bool shared_prefix) {
    tnn_params_literal literal = tiny_literal();
    if (!shared_prefix) {
        literal.shared_prefix = false;
        literal.ks_base_log = literal.ks_levels = 0;
    }
    ring->params = params_of(&literal);
    for (size_t i = 0; i < KEYS; i++) {
        assert_ok(tnn_secret_key_generate(&ring->keys[i], ring->params));
    }
}

static void free_ring(key_ring *ring) {
    for (size_t i = 0; i < KEYS; i++) {
        tnn_secret_key_free(ring->keys[i]);
    }
    tnn_params_free(ring->params);
}

static int make_rings(void **state) {
    (void)state;
    make_ring(&separate, false);
    make_ring(&shared, true);
    return 0;
}

static int free_rings(void **state) {
    (void)state;
    free_ring(&separate);
    free_ring(&shared);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------ bits -- */

/* Over all keys and bits of one half: half ones. */
static void check_balance(const key_ring *ring, tnn_key_part part) {
    const size_t count = part == TNN_KEY_SMALL ? ring->params->literal.n : tnn_params_big_dimension(ring->params);
    tally ones = {0};
    for (size_t i = 0; i < KEYS; i++) {
        const uint32_t *bits = part == TNN_KEY_SMALL ? ring->keys[i]->small : ring->keys[i]->big;
        for (size_t t = 0; t < count; t++) {
            assert_in_range(bits[t], 0, 1);
            tally_add(&ones, bits[t] - 0.5);
        }
    }
    assert_true(mean_is_zero(&ones, 0.5));
    ones.sum += 0.02 * (double)ones.count; /* bits of 52 % ones are seen */
    assert_false(mean_is_zero(&ones, 0.5));
}

static void bits_are_zeros_and_ones_in_balance(void **state) {
    (void)state;
    check_balance(&separate, TNN_KEY_SMALL);
    check_balance(&separate, TNN_KEY_BIG);
    check_balance(&shared, TNN_KEY_BIG);
}

/* Of 100 keys, fewer than 10 or more than 90 have a one at a given coordinate with probability 4e-18. */
static void every_coordinate_varies(void **state) {
    (void)state;
    for (size_t t = 0; t < tnn_params_big_dimension(separate.params); t++) {
        uint32_t big_ones = 0;
        uint32_t small_ones = 0;
        for (size_t i = 0; i < KEYS; i++) {
            big_ones += separate.keys[i]->big[t];
            small_ones += separate.keys[i]->small[t % separate.params->literal.n];
        }
        assert_in_range(big_ones, 10, 90);
        assert_in_range(small_ones, 10, 90);
    }
}

/* Adds +-1/2 for each pair of bits that agree or differ. */
static void count_agreements(tally *agreements, const uint32_t *x, const uint32_t *y, size_t count) {
    for (size_t t = 0; t < count; t++) {
        tally_add(agreements, (x[t] == y[t]) - 0.5);
    }
}

static void bits_do_not_depend_on_each_other(void **state) {
    (void)state;
    const size_t n = separate.params->literal.n;
    tally neighbours = {0};
    tally keys = {0};
    tally halves = {0};
    for (size_t i = 0; i + 1 < KEYS; i++) {
        count_agreements(&neighbours, separate.keys[i]->big, separate.keys[i]->big + 1, n);
        count_agreements(&keys, separate.keys[i]->big, separate.keys[i + 1]->big, n);
        count_agreements(&halves, separate.keys[i]->big, separate.keys[i]->small, n);
    }
    assert_true(mean_is_zero(&neighbours, 0.5));
    assert_true(mean_is_zero(&keys, 0.5));
    assert_true(mean_is_zero(&halves, 0.5));
}

static void a_shared_prefix_is_the_start_of_the_big_key(void **state) {
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(shared.keys[i]->small, shared.keys[i]->big);
        assert_ptr_not_equal(separate.keys[i]->small, separate.keys[i]->big);
    }
}

/* ------------------------------------------------------------------------------------------------------- ids -- */

static void ids_differ(void **state) {
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        for (size_t j = 0; j < KEYS; j++) {
            assert_int_equal(tnn_key_id_equal(&shared.keys[i]->id, &shared.keys[j]->id), i == j);
            assert_false(tnn_key_id_equal(&shared.keys[i]->id, &separate.keys[j]->id));
        }
    }
}

static void id_equality_sees_each_bit(void **state) {
    (void)state;
    const tnn_key_id id = shared.keys[0]->id;
    for (size_t bit = 0; bit < 8 * TNN_KEY_ID_BYTES; bit++) {
        tnn_key_id other = id;
        assert_true(tnn_key_id_equal(&id, &other));
        other.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(tnn_key_id_equal(&id, &other));
    }
}

/* ---------------------------------------------------------------------------------------------------- objects -- */

static void keys_keep_their_parameters(void **state) {
    (void)state;
    assert_true(tnn_params_equal(tnn_secret_key_params(shared.keys[0]), shared.params));
    assert_true(tnn_params_equal(tnn_secret_key_params(separate.keys[0]), separate.params));
    assert_ptr_not_equal(tnn_secret_key_params(shared.keys[0]), shared.params);
}

static void keys_leave_out_how_tables_are_split(void **state) {
    (void)state;
    tnn_params split = *shared.params;
    tnn_secret_key *secret;
    split.literal.log2_split = 2;
    assert_ok(tnn_secret_key_generate(&secret, &split));
    assert_int_equal(tnn_secret_key_params(secret)->literal.log2_split, 0);
    assert_true(tnn_params_equal(tnn_secret_key_params(secret), &split));
    tnn_secret_key_free(secret);
}

static void new_keys_are_empty(void **state) {
    (void)state;
    tnn_secret_key *secret;
    assert_ok(tnn_secret_key_new(&secret, separate.params));
    for (size_t t = 0; t < tnn_params_big_dimension(separate.params); t++) {
        assert_int_equal(secret->big[t], 0);
        assert_int_equal(secret->small[t % separate.params->literal.n], 0);
    }
    tnn_secret_key_free(secret);
}

static void nulls_are_refused(void **state) {
    (void)state;
    tnn_secret_key *secret = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_secret_key_generate(NULL, shared.params));
    assert_status(TNN_ERR_MISUSE, tnn_secret_key_generate(&secret, NULL));
    assert_null(secret);
    tnn_secret_key_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_zeros_and_ones_in_balance),
        cmocka_unit_test(every_coordinate_varies),
        cmocka_unit_test(bits_do_not_depend_on_each_other),
        cmocka_unit_test(a_shared_prefix_is_the_start_of_the_big_key),
        cmocka_unit_test(ids_differ),
        cmocka_unit_test(id_equality_sees_each_bit),
        cmocka_unit_test(keys_keep_their_parameters),
        cmocka_unit_test(keys_leave_out_how_tables_are_split),
        cmocka_unit_test(new_keys_are_empty),
        cmocka_unit_test(nulls_are_refused),
    };
    return cmocka_run_group_tests(tests, make_rings, free_rings);
}
