#include "pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing.h"

#define MOST_TASKS 1000u
#define MOST_THREADS 8u

/* What the tasks of one round did. */
typedef struct round_log {
    atomic_uint times_run[MOST_TASKS];
    atomic_uint strangers; /* tasks that ran on a worker the pool does not have */
    unsigned threads;
    uint64_t results[MOST_TASKS];
} round_log;

static void log_task(void *context, unsigned worker, size_t task) {
    round_log *log = context;
    atomic_fetch_add(&log->times_run[task], 1);
    atomic_fetch_add(&log->strangers, worker >= log->threads);
    log->results[task] = (task + 1) * 0x9e3779b97f4a7c15u;
}

static void check_round(const round_log *log, size_t count) {
    assert_int_equal(log->strangers, 0);
    for (size_t i = 0; i < MOST_TASKS; i++) {
        assert_int_equal(log->times_run[i], i < count);
        assert_int_equal(log->results[i], i < count ? (i + 1) * 0x9e3779b97f4a7c15u : 0);
    }
}

static void each_task_runs_once_on_any_number_of_threads(void **state) {
    (void)state;
    const size_t counts[] = {0, 1, 2, 7, 8, 9, 100, MOST_TASKS};
    for (unsigned threads = 1; threads <= MOST_THREADS; threads++) {
        tnn_pool *pool;
        assert_ok(tnn_pool_create(&pool, threads));
        assert_int_equal(tnn_pool_threads(pool), threads);
        for (size_t i = 0; i < COUNT_OF(counts); i++) {
            round_log log = {.threads = threads};
            tnn_pool_run(pool, log_task, &log, counts[i]);
            check_round(&log, counts[i]);
        }
        tnn_pool_free(pool);
    }
}

static void many_short_rounds_lose_nothing(void **state) {
    (void)state;
    for (unsigned threads = 2; threads <= MOST_THREADS; threads += 3) {
        tnn_pool *pool;
        assert_ok(tnn_pool_create(&pool, threads));
        for (unsigned round = 0; round < 1000; round++) {
            round_log log = {.threads = threads};
            tnn_pool_run(pool, log_task, &log, round % 5);
            check_round(&log, round % 5);
        }
        tnn_pool_free(pool);
    }
}

/* Counts how many threads are inside a task at once: each waits until all have come. */
typedef struct gathering {
    atomic_uint arrived;
    unsigned threads;
} gathering;

static void wait_for_all(void *context, unsigned worker, size_t task) {
    (void)worker;
    (void)task;
    gathering *g = context;
    atomic_fetch_add(&g->arrived, 1);
    while (atomic_load(&g->arrived) < g->threads) {
    }
}

/* Ends only if as many tasks run at the same time as the pool has threads. */
static void all_threads_work_at_once(void **state) {
    (void)state;
    tnn_pool *pool;
    gathering g = {.threads = 3};
    assert_ok(tnn_pool_create(&pool, g.threads));
    tnn_pool_run(pool, wait_for_all, &g, g.threads);
    assert_int_equal(g.arrived, g.threads);
    tnn_pool_free(pool);
}

static void unused_pools_are_freed(void **state) {
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        tnn_pool *pool;
        assert_ok(tnn_pool_create(&pool, 1 + i % MOST_THREADS));
        tnn_pool_free(pool);
    }
    tnn_pool_free(NULL);
}

#define CHILD_SECONDS 20u

/* Runs in a child that is killed where it hangs. */
static void check_in_child(bool (*check)(tnn_pool *pool), tnn_pool *pool) {
    const pid_t child = fork();
    if (child == 0) {
        alarm(CHILD_SECONDS);
        _exit(check(pool) ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

/* Assertions of cmocka belong to the parent. */
static bool runs_all_tasks_and_is_freed(tnn_pool *pool) {
    round_log log = {.threads = 1};
    tnn_pool_run(pool, log_task, &log, MOST_TASKS);
    tnn_pool_free(pool);
    unsigned once = 0;
    for (size_t i = 0; i < MOST_TASKS; i++) {
        once += log.times_run[i] == 1;
    }
    return once == MOST_TASKS && log.strangers == 0;
}

static void children_work_alone(void **state) {
    (void)state;
    for (unsigned threads = 1; threads <= MOST_THREADS; threads++) {
        tnn_pool *pool;
        round_log log = {.threads = threads};
        assert_ok(tnn_pool_create(&pool, threads));
        check_in_child(runs_all_tasks_and_is_freed, pool);
        tnn_pool_run(pool, log_task, &log, 100);
        check_round(&log, 100);
        check_in_child(runs_all_tasks_and_is_freed, pool);
        tnn_pool_free(pool);
    }
}

/* A task forks, and the child goes on from there. */
static void fork_and_go_on(void *context, unsigned worker, size_t task) {
    (void)task;
    pid_t *child = context;
    if (worker == 0 && *child < 0) {
        *child = fork();
        alarm(*child == 0 ? CHILD_SECONDS : 0);
    }
}

static void children_of_a_task_do_not_hang(void **state) {
    (void)state;
    tnn_pool *pool;
    pid_t child = -1;
    int how;
    assert_ok(tnn_pool_create(&pool, 4));
    while (child < 0) {
        tnn_pool_run(pool, fork_and_go_on, &child, MOST_TASKS);
    }
    tnn_pool_free(pool);
    if (child == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
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
        cmocka_unit_test(each_task_runs_once_on_any_number_of_threads),
        cmocka_unit_test(many_short_rounds_lose_nothing),
        cmocka_unit_test(all_threads_work_at_once),
        cmocka_unit_test(unused_pools_are_freed),
        cmocka_unit_test(children_work_alone),
        cmocka_unit_test(children_of_a_task_do_not_hang),
        cmocka_unit_test(impossible_thread_counts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
