/* A fixed set of threads that share out numbered tasks. Started once; nothing is created while work runs. Two files
 * implement it: pool.c, and for builds without threads pool_of_one.c. */
#ifndef TNN_BASE_POOL_H
#define TNN_BASE_POOL_H

#include <stddef.h>

#include <torusnn/status.h>

typedef struct tnn_pool tnn_pool;

/* Runs one task on thread `worker`, 0 for the thread that called tnn_pool_run. */
typedef void (*tnn_task)(void *context, unsigned worker, size_t task);

/* `threads` includes the calling one. Returns TNN_ERR_MISUSE, TNN_ERR_MEMORY, TNN_ERR_THREADS. */
TNN_MUST_USE tnn_status tnn_pool_create(tnn_pool **pool, unsigned threads);
void tnn_pool_free(tnn_pool *pool);
unsigned tnn_pool_threads(const tnn_pool *pool);

/* Runs tasks 0 to count - 1, each once, on whichever thread is free; returns when all are done. One caller at a time.
 * A child of fork() has the pool but none of its other threads: there the calling thread does all the work, and
 * tnn_pool_free waits for nobody. Where a task itself forks, tasks that other threads had taken are lost to the child.
 */
void tnn_pool_run(tnn_pool *pool, tnn_task task, void *context, size_t count);

#endif
