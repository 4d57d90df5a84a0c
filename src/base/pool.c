#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

#include "memory.h"

typedef struct pool_worker {
    tnn_pool *pool;
    unsigned index;
    pthread_t thread;
} pool_worker;

struct tnn_pool {
    pid_t process; /* that its threads live in; a child of fork() has none of them */
    unsigned threads;
    unsigned started; /* workers whose thread runs, the caller's slot included */
    pthread_mutex_t lock;
    pthread_cond_t work_ready;
    pthread_cond_t work_done;
    unsigned long round; /* counts tnn_pool_run calls; a worker sleeps until it changes */
    unsigned busy;       /* workers still in this round */
    bool stopping;
    tnn_task task;
    void *context;
    size_t count;
    atomic_size_t next; /* first task that nobody has taken */
    pool_worker workers[];
};

/* In a child of fork() nobody else runs, and lock and conditions are as some thread of the parent had them: neither may
 * be touched. */
static bool is_inherited(const tnn_pool *pool) {
    return pool->process != getpid();
}

static void drain(tnn_pool *pool, unsigned worker) {
    size_t task = atomic_fetch_add(&pool->next, 1);
    while (task < pool->count) {
        pool->task(pool->context, worker, task);
        task = atomic_fetch_add(&pool->next, 1);
    }
}

/* Sleeps until a round other than `seen` starts; false when the pool stops. */
static bool wait_for_round(tnn_pool *pool, unsigned long *seen) {
    pthread_mutex_lock(&pool->lock);
    while (pool->round == *seen && !pool->stopping) {
        pthread_cond_wait(&pool->work_ready, &pool->lock);
    }
    *seen = pool->round;
    bool stopping = pool->stopping;
    pthread_mutex_unlock(&pool->lock);
    return !stopping;
}

static void finish_round(tnn_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    if (--pool->busy == 0) {
        pthread_cond_signal(&pool->work_done);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *argument) {
    pool_worker *worker = argument;
    unsigned long seen = 0;
    while (wait_for_round(worker->pool, &seen)) {
        drain(worker->pool, worker->index);
        finish_round(worker->pool);
    }
    return NULL;
}

static bool start_workers(tnn_pool *pool) {
    for (pool->started = 1; pool->started < pool->threads; pool->started++) {
        pool_worker *worker = &pool->workers[pool->started];
        worker->pool = pool;
        worker->index = pool->started;
        if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
            return false;
        }
    }
    return true;
}

tnn_status tnn_pool_create(tnn_pool **out, unsigned threads) {
    *out = NULL;
    if (threads == 0 || threads > TNN_MAX_THREADS) {
        return TNN_ERR_MISUSE;
    }
    tnn_pool *pool = tnn_alloc(1, sizeof *pool + threads * sizeof(pool_worker));
    if (!pool) {
        return TNN_ERR_MEMORY;
    }
    pool->process = getpid();
    pool->threads = threads;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work_ready, NULL);
    pthread_cond_init(&pool->work_done, NULL);
    if (!start_workers(pool)) {
        tnn_pool_free(pool);
        return TNN_ERR_THREADS;
    }
    *out = pool;
    return TNN_OK;
}

static void stop_workers(tnn_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work_ready);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 1; i < pool->started; i++) {
        pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->work_done);
    pthread_cond_destroy(&pool->work_ready);
    pthread_mutex_destroy(&pool->lock);
}

void tnn_pool_free(tnn_pool *pool) {
    if (pool && !is_inherited(pool)) {
        stop_workers(pool);
    }
    tnn_free(pool);
}

unsigned tnn_pool_threads(const tnn_pool *pool) {
    return pool->threads;
}

static void set_round(tnn_pool *pool, tnn_task task, void *context, size_t count) {
    pool->task = task;
    pool->context = context;
    pool->count = count;
    atomic_store(&pool->next, 0);
}

static void run_with_workers(tnn_pool *pool, tnn_task task, void *context, size_t count) {
    pthread_mutex_lock(&pool->lock);
    set_round(pool, task, context, count);
    pool->busy = pool->threads - 1;
    pool->round++;
    pthread_cond_broadcast(&pool->work_ready);
    pthread_mutex_unlock(&pool->lock);

    drain(pool, 0);

    if (is_inherited(pool)) { /* a task has called fork(): the other threads' tasks are lost */
        return;
    }
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0) {
        pthread_cond_wait(&pool->work_done, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

void tnn_pool_run(tnn_pool *pool, tnn_task task, void *context, size_t count) {
    if (is_inherited(pool)) {
        set_round(pool, task, context, count);
        drain(pool, 0);
        return;
    }
    run_with_workers(pool, task, context, count);
}
