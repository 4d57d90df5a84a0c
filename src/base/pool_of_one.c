/* The pool of a build without TORUSNN_THREADS: the calling thread does all work, however many are asked for. */
#include "memory.h"
#include "pool.h"

struct tnn_pool {
    unsigned threads; /* 1 */
};

tnn_status tnn_pool_create(tnn_pool **out, unsigned threads) {
    *out = NULL;
    if (threads == 0 || threads > TNN_MAX_THREADS) {
        return TNN_ERR_MISUSE;
    }
    tnn_pool *pool = tnn_alloc(1, sizeof *pool);
    if (!pool) {
        return TNN_ERR_MEMORY;
    }
    pool->threads = 1;
    *out = pool;
    return TNN_OK;
}

void tnn_pool_free(tnn_pool *pool) {
    tnn_free(pool);
}

unsigned tnn_pool_threads(const tnn_pool *pool) {
    return pool->threads;
}

void tnn_pool_run(tnn_pool *pool, tnn_task task, void *context, size_t count) {
    (void)pool;
    for (size_t i = 0; i < count; i++) {
        task(context, 0, i);
    }
}
