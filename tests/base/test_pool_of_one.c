/* Linked with pool_of_one.c, whose functions come before the library's. */
#include "pool.h"

#include "testing.h"

#define MOST_TASKS 100u

/* The order of the tasks, as the calling thread ran them. */
typedef struct task_log {
    size_t tasks[MOST_TASKS];
    size_t count;
} task_log;

static void log_task(void *context, unsigned worker, size_t task) {
    task_log *log = context;
    assert_int_equal(worker, 0);
    log->tasks[log->count++] = task;
}

/* Tasks that fail an assertion end the test, which no other thread's could. */
static void one_thread_runs_all_tasks_in_order(void **state) {
    (void)state;
    const size_t counts[] = {0, 1, 2, MOST_TASKS};
    for (unsigned threads = 1; threads <= 8; threads++) {
        tnn_pool *pool;
        assert_ok(tnn_pool_create(&pool, threads));
        assert_int_equal(tnn_pool_threads(pool), 1);
        for (size_t i = 0; i < COUNT_OF(counts); i++) {
            task_log log = {.count = 0};
            tnn_pool_run(pool, log_task, &log, counts[i]);
            assert_int_equal(log.count, counts[i]);
            for (size_t task = 0; task < counts[i]; task++) {
                assert_int_equal(log.tasks[task], task);
            }
        }
        tnn_pool_free(pool);
    }
    tnn_pool_free(NULL);
}

static void impossible_thread_counts_are_refused(void **state) {
    (void)state;
    const unsigned refused[] = {0, TNN_MAX_THREADS + 1, ~0u};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tnn_pool *pool = UNSET;
        assert_status(TNN_ERR_MISUSE, tnn_pool_create(&pool, refused[i]));
        assert_null(pool);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_runs_all_tasks_in_order),
        cmocka_unit_test(impossible_thread_counts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
