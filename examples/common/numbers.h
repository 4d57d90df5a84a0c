/* numbers.h: numbers from the command line. */
#ifndef EXAMPLES_NUMBERS_H
#define EXAMPLES_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>

/** Reads a decimal integer from least to most, both allowed. Otherwise reports what the option takes. */
bool parse_count(size_t *count, const char *option, const char *text, size_t least, size_t most);

/** Reads a real number between two bounds, neither allowed. Otherwise reports what the option takes. */
bool parse_real(double *real, const char *option, const char *text, double above, double below);

#endif
