/*
 * failures.h over the C library's own allocators: this file's functions come before glibc's for the whole process, so
 * that what libsodium, FFTW and pthread_create ask for is counted and fails too. Linked as a source, with
 * --wrap=pthread_create, where the status of a failure is another one, and --wrap=qsort, which sorts in place where it
 * gets no memory.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "failures.h"

static atomic_size_t live;
static atomic_size_t bytes_made;
static atomic_size_t calls_to_failure; /* 0: no failure is planned */
static _Atomic tnn_status failed_with;
static atomic_bool reached;
static _Thread_local bool starts_a_thread;
static _Thread_local bool sorts;

#pragma GCC visibility push(default) /* for shared libraries, whose calls they take over */

/* glibc's own, and what comes before them. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *memory);
void *malloc(size_t bytes);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t bytes);
void *memalign(size_t alignment, size_t bytes);
void *aligned_alloc(size_t alignment, size_t bytes);
int posix_memalign(void **memory, size_t alignment, size_t bytes);
void free(void *memory);
void __real_qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
void __wrap_qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);

void fail_call(size_t number) {
    failed_with = TNN_OK;
    reached = false;
    calls_to_failure = number;
}

bool failure_reached(void) {
    return reached;
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

static bool fails_now(void) {
    size_t left = calls_to_failure;
    if (left == 0) {
        return false;
    }
    calls_to_failure = left - 1;
    if (left > 1) {
        return false;
    }
    reached = true;
    failed_with = sorts ? TNN_OK : starts_a_thread ? TNN_ERR_THREADS : TNN_ERR_MEMORY;
    errno = ENOMEM;
    return true;
}

static void *count_made(void *memory, size_t bytes) {
    live += memory != NULL;
    bytes_made += memory ? bytes : 0;
    return memory;
}

void *malloc(size_t bytes) {
    return fails_now() ? NULL : count_made(__libc_malloc(bytes), bytes);
}

void *calloc(size_t count, size_t size) {
    return fails_now() ? NULL : count_made(__libc_calloc(count, size), count * size);
}

void *realloc(void *memory, size_t bytes) {
    if (fails_now()) {
        return NULL;
    }
    void *moved = __libc_realloc(memory, bytes);
    live += !memory && moved;
    live -= memory && bytes == 0;
    return moved;
}

void *memalign(size_t alignment, size_t bytes) {
    return fails_now() ? NULL : count_made(__libc_memalign(alignment, bytes), bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    return memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes) {
    *memory = memalign(alignment, bytes);
    return *memory ? 0 : ENOMEM;
}

void free(void *memory) {
    live -= memory != NULL;
    __libc_free(memory);
}

/* Where libsodium takes memory for secrets. */
void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    if (fails_now()) {
        return MAP_FAILED;
    }
    const long where = syscall(SYS_mmap, address, length, protection, flags, file, offset);
    live += where != -1;
    return (void *)where;
}

int munmap(void *address, size_t length) {
    live--;
    return (int)syscall(SYS_munmap, address, length);
}

#pragma GCC visibility pop

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    starts_a_thread = true;
    const int result = fails_now() ? EAGAIN : __real_pthread_create(thread, attributes, start, argument);
    starts_a_thread = false;
    return result;
}

void __wrap_qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *)) {
    sorts = true;
    __real_qsort(base, count, size, compare);
    sorts = false;
}
