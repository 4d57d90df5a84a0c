/*
 * The one file that knows FFTW.
 *
 * Where an allocation of its planner fails, FFTW ends the process: kernel/alloc.c asserts that there is memory, and
 * kernel/assert.c calls abort. No interface, hook or flag of FFTW turns that into a value, and its allocator is the
 * process's malloc. So nothing is planned unless the build asks for it (TORUSNN_FFTW_ONLY; fft.c), and then, of what
 * can be done here, all is done: a degree is planned once in the life of a process, when the first object of it is
 * made, and only after several times the memory that planning takes was there to be had, which is TNN_ERR_MEMORY
 * otherwise. What remains is another thread taking that memory in the milliseconds of planning. Execution allocates
 * nothing.
 */
#include "fftw_plans.h"

#include <fftw3.h>
#include <pthread.h>
#include <stdbool.h>

#include "memory.h"

struct tnn_fftw_plans {
    uint32_t half; /* N/2 complex points */
    fftw_plan forward;
    fftw_plan inverse;
};

/* Planning for 2^13 points with FFTW_MEASURE takes less than 2 MiB. */
#define PLANNING_BYTES ((size_t)8 << 20)

#define DEGREES 25u /* log2 N up to 24 */

static tnn_fftw_plans made[DEGREES];

/* FFTW's planner keeps global state; execution does not. A child of fork() has the state as no thread was changing it.
 */
static pthread_mutex_t planner_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t survives_fork = PTHREAD_ONCE_INIT;

static void lock_planner(void) {
    pthread_mutex_lock(&planner_lock);
}

static void unlock_planner(void) {
    pthread_mutex_unlock(&planner_lock);
}

static void keep_across_fork(void) {
    (void)pthread_atfork(lock_planner, unlock_planner, unlock_planner);
}

/* The inverse is the forward transform with real and imaginary parts swapped, which conjugates it. It needs a plan of
 * its own: FFTW lets new arrays take the place of planned ones only where the distance from real to imaginary part is
 * the same, and its sign changes. scratch [2 N]. */
static fftw_plan make_plan(double *scratch, uint32_t half, bool inverse) {
    const fftw_iodim points = {(int)half, 1, 1};
    const size_t re = inverse ? half : 0;
    const size_t im = half - re;
    double *out = scratch + 2 * (size_t)half;
    return fftw_plan_guru_split_dft(1, &points, 0, NULL, scratch + re, scratch + im, out + re, out + im,
                                    FFTW_MEASURE | FFTW_PRESERVE_INPUT);
}

static void make_plans(tnn_fftw_plans *plans, double *scratch, uint32_t half) {
    fftw_plan forward = make_plan(scratch, half, false);
    fftw_plan inverse = make_plan(scratch, half, true);
    if (!forward || !inverse) {
        fftw_destroy_plan(forward);
        fftw_destroy_plan(inverse);
        return;
    }
    *plans = (tnn_fftw_plans){half, forward, inverse};
}

static void plan_where_memory_is(tnn_fftw_plans *plans, uint32_t half) {
    double *scratch = tnn_alloc(4 * (size_t)half, sizeof *scratch);
    void *reserve = tnn_alloc(1, PLANNING_BYTES + 16 * sizeof *scratch * half);
    tnn_free(reserve);
    if (scratch && reserve) {
        make_plans(plans, scratch, half);
    }
    tnn_free(scratch);
}

tnn_status tnn_fftw_plans_of(const tnn_fftw_plans **out, uint32_t N) {
    tnn_fftw_plans *plans = &made[__builtin_ctz(N)];
    pthread_once(&survives_fork, keep_across_fork);
    lock_planner();
    if (!plans->forward) {
        plan_where_memory_is(plans, N / 2);
    }
    *out = plans->forward ? plans : NULL;
    unlock_planner();
    return *out ? TNN_OK : TNN_ERR_MEMORY;
}

/* FFTW takes its input without const, and with FFTW_PRESERVE_INPUT leaves it alone. */
void tnn_fftw_forward(const tnn_fftw_plans *plans, double *out, const double *in) {
    double *input = (double *)in;
    fftw_execute_split_dft(plans->forward, input, input + plans->half, out, out + plans->half);
}

void tnn_fftw_inverse(const tnn_fftw_plans *plans, double *out, double *in) {
    fftw_execute_split_dft(plans->inverse, in + plans->half, in, out + plans->half, out);
}
