#include "bench/samples.h"

#include <math.h>

#include "testing.h"

enum { ROUNDS = 3, SUBJECTS = 2, FIGURES = 2, TAKEN = ROUNDS * SUBJECTS };

/* What the test's floor and subjects were asked for, in its order. */
typedef struct journal {
    size_t floors, takes;
    size_t subjects[TAKEN];
    size_t floors_before[TAKEN];
    size_t fail_at; /* the take that fails; TAKEN for none */
} journal;

static journal asked;

/* In place of bench/fft_floor.c: 1, 2, 3 ... */
double fft_floor_sample_us(const fft_floor *reference) {
    (void)reference;
    return (double)++asked.floors;
}

/* Figures 0 and 1 of take t: 10 t and -t, t from 0. */
static bool take(void *context, size_t subject, double *figures) {
    journal *kept = context;
    size_t number = kept->takes++;
    kept->subjects[number] = subject;
    kept->floors_before[number] = kept->floors;
    figures[0] = 10 * (double)number;
    figures[1] = -(double)number;
    return number != kept->fail_at;
}

static bool take_all(samples *taken, size_t fail_at) {
    asked = (journal){.fail_at = fail_at};
    *taken = (samples){.rounds = ROUNDS, .subjects = SUBJECTS, .figures = FIGURES};
    return samples_take(taken, NULL, take, &asked);
}

static void subjects_take_turns_after_the_floor(void **state) {
    (void)state;
    samples taken;
    assert_true(take_all(&taken, TAKEN));
    assert_int_equal(TAKEN, asked.takes);
    for (size_t i = 0; i < TAKEN; i++) {
        assert_int_equal(i % SUBJECTS, asked.subjects[i]);
        assert_int_equal(i + 1, asked.floors_before[i]);
    }
    samples_free(&taken);
}

static void assert_spread(double min, double median, double p95, spread found) {
    assert_true(found.min == min && found.median == median && found.p95 == p95);
}

/* Subject 1 was taken as numbers 1, 3 and 5. Asking once changes nothing for the next. */
static void spreads_are_of_one_subject_and_figure(void **state) {
    (void)state;
    samples taken;
    assert_true(take_all(&taken, TAKEN));
    for (int again = 0; again < 2; again++) {
        assert_spread(0, 20, 40, samples_spread(&taken, 0, 0));
        assert_spread(10, 30, 50, samples_spread(&taken, 1, 0));
        assert_spread(-5, -3, -1, samples_spread(&taken, 1, 1));
        assert_spread(1, 3.5, 6, samples_floor_us(&taken));
    }
    samples_free(&taken);
}

static void a_failure_ends_the_sampling(void **state) {
    (void)state;
    samples taken;
    assert_false(take_all(&taken, 2));
    assert_int_equal(3, asked.takes);
    samples_free(&taken);
}

static void rounds_fit_their_time_between_bounds(void **state) {
    (void)state;
    assert_int_equal(20, samples_rounds(25, 100, 2000));
    assert_int_equal(25, samples_rounds(25, 1, 2000));
    assert_int_equal(5, samples_rounds(25, 1e6, 2000));
    assert_int_equal(3, samples_rounds(3, 1e6, 2000));
    assert_int_equal(25, samples_rounds(25, 1, INFINITY));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects_take_turns_after_the_floor),
        cmocka_unit_test(spreads_are_of_one_subject_and_figure),
        cmocka_unit_test(a_failure_ends_the_sampling),
        cmocka_unit_test(rounds_fit_their_time_between_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
