/*
 * verbs.h: the command line of a program that does one of several things.
 *
 *     program verb --option value ...
 *     program --help, --version
 *     program verb --help
 */
#ifndef EXAMPLES_VERBS_H
#define EXAMPLES_VERBS_H

#include <stdbool.h>
#include <stddef.h>

enum { VERB_OPTIONS_MAX = 6 };

/** An option. One without a value is a flag, and optional; its value is "" where it is given. */
typedef struct verb_option {
    const char *name;  /* without the dashes */
    const char *value; /* what its value is, in capitals; NULL for a flag */
    const char *help;
    bool optional;
} verb_option;

typedef struct verb {
    const char *name;
    const char *help;                          /* one sentence */
    verb_option options[VERB_OPTIONS_MAX + 1]; /* ended by a NULL name */
    bool (*run)(const char *const *values);    /* in the order of options, NULL where not given */
} verb;

/** Parses the command line and runs its verb [count]. about: what the program is. Returns main's exit code. */
int verbs_main(const verb *verbs, size_t count, const char *about, int argc, char **argv);

#endif
