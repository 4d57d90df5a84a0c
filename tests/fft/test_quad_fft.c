/* The plan: what its levels and roots are by the identities of quad_fft.h. The loops: tfhe/test_quad_kernels.c. */
#include "quad_fft.h"

#include <complex.h>
#include <math.h>
#include <stdbool.h>

#include "draw.h"
#include "memory.h"
#include "quad_twin.h"
#include "testing.h"

#define LEAST_DEGREE 64u
#define MOST_DEGREE (1u << 16)

static tnn_quad_fft *plan_of(uint32_t N) {
    tnn_quad_fft *fft;
    assert_ok(tnn_quad_fft_create(&fft, N, 4));
    assert_int_equal(fft->N, N);
    assert_int_equal(fft->slots, 4);
    assert_int_equal(fft->points, N / 2);
    return fft;
}

/* Each level divides what the one before it left, down to single points; radix 2 once, where it has to be. */
static void check_levels(const tnn_quad_fft *fft) {
    uint32_t length = fft->points;
    uint32_t halvings = 0;
    assert_in_range(fft->level_count, 2, TNN_QUAD_LEVELS_MOST);
    assert_int_equal(fft->levels[0].radix, 4);
    for (uint32_t i = 0; i < fft->level_count; i++) {
        const uint32_t radix = fft->levels[i].radix;
        assert_true(radix == 2 || radix == 4);
        assert_int_equal(fft->levels[i].length, length);
        halvings += radix == 2;
        length /= radix;
    }
    assert_int_equal(length, 1);
    assert_int_equal(halvings, (uint32_t)lround(log2(fft->points)) % 2);
}

static void levels_divide_down_to_points(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        check_levels(fft);
        tnn_quad_fft_free(fft);
    }
}

static double complex root_at(const tnn_quad_level *level, uint32_t residue, uint32_t power) {
    const double *root = level->roots + 2 * ((size_t)residue * (level->radix - 1) + power - 1);
    return root[0] + root[1] * I;
}

/* The r of a residue X^length - r: i for the whole, and a root of its parent's r for each child. */
static double complex residue_of(const tnn_quad_fft *fft, uint32_t level, uint32_t residue) {
    if (level == 0) {
        return I;
    }
    const tnn_quad_level *parent = &fft->levels[level - 1];
    const double complex turn[] = {1, parent->radix == 4 ? I : -1, -1, -I};
    return root_at(parent, residue / parent->radix, 1) * turn[residue % parent->radix];
}

static void check_roots(const tnn_quad_fft *fft, uint32_t index) {
    const tnn_quad_level *level = &fft->levels[index];
    for (uint32_t residue = 0; residue < fft->points / level->length; residue++) {
        const double complex rho = root_at(level, residue, 1);
        const double complex square = rho * rho;
        const double complex radix_power = level->radix == 4 ? square * square : square;
        assert_true(cabs(radix_power - residue_of(fft, index, residue)) < 4e-15);
        for (uint32_t power = 2; power < level->radix; power++) {
            assert_true(cabs(root_at(level, residue, power) - (power == 2 ? square : square * rho)) < 2e-15);
        }
    }
}

static void roots_solve_their_residues(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        for (uint32_t i = 0; i < fft->level_count; i++) {
            check_roots(fft, i);
        }
        tnn_quad_fft_free(fft);
    }
}

/* Roots are as exact as doubles can be: their errors would go through every product of a point. */
static void roots_are_rounded_once(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        const tnn_quad_level *last = &fft->levels[fft->level_count - 1];
        for (uint32_t residue = 0; residue < fft->points / last->length; residue++) {
            for (uint32_t power = 1; power < last->radix; power++) {
                const long double turns = quad_point_root(fft, residue * last->radix) * (long double)power / (2 * N);
                const double complex root = root_at(last, residue, power);
                assert_true(fabsl(creal(root) - cosl(2 * acosl(-1) * turns)) <= 0.51 * 0x1p-53);
                assert_true(fabsl(cimag(root) - sinl(2 * acosl(-1) * turns)) <= 0.51 * 0x1p-53);
            }
        }
        tnn_quad_fft_free(fft);
    }
}

/* The table is as long as the levels together, and they lie in it one behind the other. */
static void levels_share_one_table(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        size_t doubles = 0;
        for (uint32_t i = 0; i < fft->level_count; i++) {
            assert_ptr_equal(fft->levels[i].roots, fft->roots + doubles);
            doubles += 2 * (size_t)(fft->points / fft->levels[i].length) * (fft->levels[i].radix - 1);
        }
        assert_true(doubles <= 2 * (size_t)fft->points);
        assert_int_equal((uintptr_t)fft->roots % TNN_ALIGNMENT, 0);
        tnn_quad_fft_free(fft);
    }
}

/* The N/2 roots of X^(N/2) = i are exp(pi i q / N) for q = 1, 5, 9, ...; the product of all X - root is X^(N/2) - i, so
 * the roots multiply to i times (-1)^(N/2 + 1) = -i. */
static void points_are_every_root_once(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        uint8_t *seen = new_array(N / 2, 1);
        uint64_t sum = 0;
        for (uint32_t point = 0; point < N / 2; point++) {
            const uint32_t q = quad_point_root(fft, point);
            assert_true(q % 4 == 1 && q < 2 * N);
            assert_int_equal(seen[q / 4]++, 0);
            sum += q;
        }
        assert_int_equal(sum % (2 * N), 3 * N / 2);
        tnn_free(seen);
        tnn_quad_fft_free(fft);
    }
}

/* The last level's roots are the roots themselves: the leaf's first child stands at rho. */
static void leaves_stand_at_their_roots(void **state) {
    (void)state;
    for (uint32_t N = LEAST_DEGREE; N <= MOST_DEGREE; N *= 2) {
        tnn_quad_fft *fft = plan_of(N);
        for (uint32_t point = 0; point < N / 2; point++) {
            const double angle = acos(-1) * quad_point_root(fft, point) / N;
            const double complex expected = cos(angle) + sin(angle) * I;
            assert_true(cabs(residue_of(fft, fft->level_count, point) - expected) < 4e-15);
        }
        tnn_quad_fft_free(fft);
    }
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    const uint32_t refused[] = {0, 1, 2, 4, 8, 15, 17, 24, 32, 48, 513, 1536, 1u << 25, 1u << 31, ~0u};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tnn_quad_fft *fft = UNSET;
        assert_status(TNN_ERR_MISUSE, tnn_quad_fft_create(&fft, refused[i], 4));
        assert_null(fft);
    }
    for (uint32_t slots = 0; slots <= 5; slots++) {
        tnn_quad_fft *fft = UNSET;
        const bool fits = slots == 2 || slots == 4;
        assert_status(fits ? TNN_OK : TNN_ERR_MISUSE, tnn_quad_fft_create(&fft, 512, slots));
        assert_true((fft != NULL) == fits);
        tnn_quad_fft_free(fft);
    }
    tnn_quad_fft_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_divide_down_to_points), cmocka_unit_test(roots_solve_their_residues),
        cmocka_unit_test(roots_are_rounded_once),       cmocka_unit_test(levels_share_one_table),
        cmocka_unit_test(points_are_every_root_once),   cmocka_unit_test(leaves_stand_at_their_roots),
        cmocka_unit_test(impossible_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
