#include "common/command_line.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/report.h"

static void print_version(FILE *stream, struct argp_state *state) {
    (void)state;
    fprintf(stream, "%s (torusnn) %s\n", program_invocation_short_name, TORUSNN_VERSION);
}

bool command_line_parse(const struct argp *parser, int argc, char **argv, void *input) {
    argp_program_version_hook = print_version;
    argp_err_exit_status = EXIT_REPORTED;
    return argp_parse(parser, argc, argv, 0, NULL, input) == 0;
}

error_t option_done(bool done) {
    return done ? 0 : EINVAL;
}

bool parse_count(size_t *count, const char *option, const char *text, size_t least, size_t most) {
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    bool whole = isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0;
    if (!whole || value < least || value > most) {
        return report_error("%s takes an integer from %zu to %zu, not '%s'", option, least, most, text);
    }
    *count = (size_t)value;
    return true;
}

static bool parse_number(double *number, const char *text) {
    char *end = NULL;
    *number = strtod(text, &end);
    return end != text && *end == '\0';
}

bool parse_real(double *real, const char *option, const char *text, double above, double below) {
    double value;
    if (!parse_number(&value, text) || !(value > above && value < below)) {
        return report_error("%s takes a number above %g and below %g, not '%s'", option, above, below, text);
    }
    *real = value;
    return true;
}

bool parse_closed_real(double *real, const char *option, const char *text, double least, double most) {
    double value;
    if (!parse_number(&value, text) || !(value >= least && value <= most)) {
        return report_error("%s takes a number from %g to %g, not '%s'", option, least, most, text);
    }
    *real = value;
    return true;
}
