/*
 * Secrets as undefined memory, for programs that valgrind runs: memcheck then reports each branch and each address that
 * depends on one. Programs are linked with --wrap=tnn_random_bytes.
 */
#ifndef SUPPORT_SECRET_MARKS_H
#define SUPPORT_SECRET_MARKS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether marks have an effect: under valgrind alone. */
bool secrets_are_marked(void);

/* From now on all output of the random generator is secret: keys, noise, and masks and seeds too, until published. */
void mark_random_bytes(void);

void mark_secret(void *bytes, size_t length);

/* Marks bytes as public, after making sure that they came from secrets. */
void publish(void *bytes, size_t length);

#endif
