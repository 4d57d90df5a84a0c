/* passphrase.h: what a secret key is sealed with, from a file or from the terminal. */
#ifndef EXAMPLES_PASSPHRASE_H
#define EXAMPLES_PASSPHRASE_H

#include <stdbool.h>
#include <stddef.h>

enum { PASSPHRASE_MOST_BYTES = 1024 }; /* TNN_MAX_PASSPHRASE_BYTES */

/** Start from {0}; wiped by passphrase_forget. */
typedef struct passphrase {
    char text[PASSPHRASE_MOST_BYTES]; /* [length], without a final NUL */
    size_t length;                    /* 0: none */
} passphrase;

/** Reads a file of one line, whose line end does not count. On failure reports and there is none. */
bool passphrase_read(passphrase *phrase, const char *path);

/**
 * Asks on the terminal, /dev/tty, without echo; the terminal echoes again afterwards, also where a signal ends the
 * program.
 *
 * Args:    subject      the secret key's file, for what is reported
 *          is_new       asks twice, and the answers must agree
 *          no_terminal  the sentence to report, behind the subject, where there is no terminal
 * Returns: false where it has reported; there is no passphrase then.
 */
bool passphrase_ask(passphrase *phrase, const char *subject, bool is_new, const char *no_terminal);

/** Wipes it. None is allowed. */
void passphrase_forget(passphrase *phrase);

#endif
