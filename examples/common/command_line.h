/*
 * command_line.h: options and their values, over glibc's argp.
 *
 * argp prints --help, --usage and --version and ends the program there; an option that is unknown or lacks its value it
 * reports itself, and ends the program with EXIT_REPORTED.
 */
#ifndef EXAMPLES_COMMAND_LINE_H
#define EXAMPLES_COMMAND_LINE_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

/** Parses a command line into `input`. False where a parser found a value wrong, which it has reported. */
bool command_line_parse(const struct argp *parser, int argc, char **argv, void *input);

/** What a parser returns after it has handled an option: 0, or EINVAL where `done` is false and that was reported. */
error_t option_done(bool done);

/** Reads a decimal integer from least to most, both allowed. Otherwise reports what the option takes. */
bool parse_count(size_t *count, const char *option, const char *text, size_t least, size_t most);

/** Reads a real number between two bounds, neither allowed. Otherwise reports what the option takes. */
bool parse_real(double *real, const char *option, const char *text, double above, double below);

/** The same with both bounds allowed. */
bool parse_closed_real(double *real, const char *option, const char *text, double least, double most);

#endif
