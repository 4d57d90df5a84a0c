/* Plans of FFTW, whether or not this build and processor transform with them. */
#include "fftw_plans.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "draw.h"
#include "failures.h"
#include "memory.h"
#include "testing.h"

#define N 64u
#define POINTS (N / 2)

static const tnn_fftw_plans *plans_of(uint32_t degree) {
    const tnn_fftw_plans *plans;
    assert_ok(tnn_fftw_plans_of(&plans, degree));
    return plans;
}

static void forward_is_the_defined_transform(void **state) {
    (void)state;
    double *in = new_array(N, sizeof *in);
    double *out = new_array(N, sizeof *out);
    for (uint32_t t = 0; t < N; t++) {
        in[t] = draw_signed(1000);
    }
    tnn_fftw_forward(plans_of(N), out, in);
    for (uint32_t f = 0; f < POINTS; f++) {
        double re = 0;
        double im = 0;
        for (uint32_t t = 0; t < POINTS; t++) {
            double angle = -2 * acos(-1) * (f * t % POINTS) / POINTS;
            re += in[t] * cos(angle) - in[t + POINTS] * sin(angle);
            im += in[t] * sin(angle) + in[t + POINTS] * cos(angle);
        }
        assert_true(fabs(out[f] - re) < 1e-8 && fabs(out[f + POINTS] - im) < 1e-8);
    }
    tnn_free(in);
    tnn_free(out);
}

static void inverse_gives_the_points_back(void **state) {
    (void)state;
    for (uint32_t degree = 32; degree <= 16384; degree *= 2) {
        double *in = new_array(degree, sizeof *in);
        double *copy = new_array(degree, sizeof *copy);
        double *out = new_array(degree, sizeof *out);
        for (uint32_t t = 0; t < degree; t++) {
            copy[t] = in[t] = draw_signed(1000);
        }
        tnn_fftw_forward(plans_of(degree), out, in);
        assert_memory_equal(in, copy, degree * sizeof *in);
        tnn_fftw_inverse(plans_of(degree), in, out);
        for (uint32_t t = 0; t < degree; t++) {
            assert_true(fabs(in[t] / (degree / 2.0) - copy[t]) < 1e-9);
        }
        tnn_free(in);
        tnn_free(copy);
        tnn_free(out);
    }
}

/* Scratch, and what planning may take: nothing is planned where one of them is not to be had. */
static void too_little_memory_is_a_status(void **state) {
    (void)state;
    const uint32_t fresh = 1u << 15;
    for (size_t call = 1; call <= 2; call++) {
        const tnn_fftw_plans *plans = UNSET;
        fail_call(call);
        assert_status(TNN_ERR_MEMORY, tnn_fftw_plans_of(&plans, fresh));
        assert_status(TNN_ERR_MEMORY, failure_status());
        fail_call(0);
        assert_null(plans);
        assert_int_equal(live_allocations(), 0);
    }
}

static void plans_are_made_once(void **state) {
    (void)state;
    const tnn_fftw_plans *first = plans_of(N);
    const size_t before = allocated_bytes();
    assert_ptr_equal(plans_of(N), first);
    assert_ptr_not_equal(plans_of(2 * N), first);
    (void)plans_of(2 * N);
    const size_t other = allocated_bytes();
    assert_ptr_equal(plans_of(N), first);
    assert_int_equal(allocated_bytes(), other);
    assert_true(other >= before);
}

static atomic_bool stop;

static void *plan_all_the_time(void *context) {
    (void)context;
    for (uint32_t i = 0; !stop; i++) {
        const tnn_fftw_plans *plans;
        tnn_status status = tnn_fftw_plans_of(&plans, 32u << (i % 10));
        (void)status;
    }
    return NULL;
}

/* A child inherits no lock that another thread held. */
static void children_can_plan(void **state) {
    (void)state;
    pthread_t thread;
    (void)plans_of(N);
    assert_int_equal(pthread_create(&thread, NULL, plan_all_the_time, NULL), 0);
    for (int i = 0; i < 100; i++) {
        const pid_t child = fork();
        if (child == 0) {
            const tnn_fftw_plans *plans;
            alarm(20);
            _exit(tnn_fftw_plans_of(&plans, N) == TNN_OK ? 0 : 1);
        }
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFEXITED(how));
        assert_int_equal(WEXITSTATUS(how), 0);
    }
    stop = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_the_defined_transform),
        cmocka_unit_test(inverse_gives_the_points_back),
        cmocka_unit_test(too_little_memory_is_a_status),
        cmocka_unit_test(plans_are_made_once),
        cmocka_unit_test(children_can_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
