/*
 * Makes a chosen call of the library to the system fail, and counts what is allocated. For programs linked with
 * REPLACED_CALLS of tests/CMakeLists.txt: the linker sends the library's calls here.
 */
#ifndef SUPPORT_FAILURES_H
#define SUPPORT_FAILURES_H

#include <stdbool.h>
#include <stddef.h>

#include <torusnn/status.h>

/* Fails the `number`-th call from now on, counted from 1, once. 0: none. */
void fail_call(size_t number);

/* Whether that call has come. */
bool failure_reached(void);

/* The status that the failed call has to lead to; TNN_OK while none has failed, or where the caller can do without. */
tnn_status failure_status(void);

/* Blocks of memory and threads that were made and not given back. */
size_t live_allocations(void);

/* Bytes of all blocks of memory ever made, given back or not; whole cache lines each. */
size_t allocated_bytes(void);

/* Makes an object, or NULL where the function under test has no output object. */
typedef struct fallible {
    const char *name;
    tnn_status (*make)(void *context, void **object);
    void (*release)(void *object);
    size_t calls; /* calls to the system, at least, and so ways to fail */
} fallible;

/* Lets each call fail in turn until `make` succeeds: the status has to be right, the object NULL, and nothing left. */
void check_each_failure(const fallible *function, void *context);

#endif
