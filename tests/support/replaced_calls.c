/* The calls of REPLACED_CALLS: blocks of memory and threads as the library asks for them. */
#include "failures.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Threads of the library allocate nothing, but the counters must not depend on that. */
static atomic_size_t live;
static atomic_size_t bytes_made;
static atomic_size_t calls_to_failure; /* 0: no failure is planned */
static _Atomic tnn_status failed_with;

void fail_call(size_t number) {
    failed_with = TNN_OK;
    calls_to_failure = number;
}

bool failure_reached(void) {
    return failed_with != TNN_OK;
}

tnn_status failure_status(void) {
    return failed_with;
}

size_t live_allocations(void) {
    return live;
}

size_t allocated_bytes(void) {
    return bytes_made;
}

/* Whether this call is the one to fail. */
static bool fails_now(tnn_status consequence) {
    size_t left = calls_to_failure;
    if (left == 0) {
        return false;
    }
    calls_to_failure = left - 1;
    if (left > 1) {
        return false;
    }
    failed_with = consequence;
    return true;
}

static void *count_made(void *object) {
    live += object != NULL;
    return object;
}

static void count_given_back(const void *object) {
    live -= object != NULL;
}

/* The linker's names for the calls and for what stands behind them. */
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void *__real_sodium_malloc(size_t bytes);
void *__wrap_sodium_malloc(size_t bytes);
void __real_sodium_free(void *memory);
void __wrap_sodium_free(void *memory);
void __real_tnn_free(void *memory);
void __wrap_tnn_free(void *memory);
int __real_sodium_init(void);
int __wrap_sodium_init(void);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);

void *__wrap_aligned_alloc(size_t alignment, size_t bytes) {
    if (fails_now(TNN_ERR_MEMORY)) {
        return NULL;
    }
    bytes_made += bytes;
    return count_made(__real_aligned_alloc(alignment, bytes));
}

void *__wrap_sodium_malloc(size_t bytes) {
    return fails_now(TNN_ERR_MEMORY) ? NULL : count_made(__real_sodium_malloc(bytes));
}

void __wrap_sodium_free(void *memory) {
    count_given_back(memory);
    __real_sodium_free(memory);
}

void __wrap_tnn_free(void *memory) {
    count_given_back(memory);
    __real_tnn_free(memory);
}

int __wrap_sodium_init(void) {
    return fails_now(TNN_ERR_RANDOM) ? -1 : __real_sodium_init();
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    int result = fails_now(TNN_ERR_THREADS) ? EAGAIN : __real_pthread_create(thread, attributes, start, argument);
    live += result == 0;
    return result;
}

int __wrap_pthread_join(pthread_t thread, void **result) {
    live--;
    return __real_pthread_join(thread, result);
}
