/* command_line.h: options and their values, over getopt_long. */
#ifndef EXAMPLES_COMMAND_LINE_H
#define EXAMPLES_COMMAND_LINE_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

enum { OPTIONS_END = -1, OPTION_WRONG = '?' };

/**
 * The next long option: its val with optarg set, OPTIONS_END after the last, or OPTION_WRONG where an option is
 * unknown or lacks its value, or where anything but options stands on the command line; that has been reported.
 * A value that is optional (optional_argument) is a number; it stands after a space or a '='.
 */
int next_option(int argc, char **argv, const struct option *options);

/** Reads a decimal integer from least to most, both allowed. Otherwise reports what the option takes. */
bool parse_count(size_t *count, const char *option, const char *text, size_t least, size_t most);

/** Reads a real number between two bounds, neither allowed. Otherwise reports what the option takes. */
bool parse_real(double *real, const char *option, const char *text, double above, double below);

/** The same with both bounds allowed. */
bool parse_closed_real(double *real, const char *option, const char *text, double least, double most);

#endif
