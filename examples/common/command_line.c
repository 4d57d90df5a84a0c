#include "common/command_line.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "common/report.h"

/* getopt_long takes an optional value after '=' alone. */
static void take_optional_number(int argc, char **argv) {
    if (optarg == NULL && optind < argc && isdigit((unsigned char)argv[optind][0])) {
        optarg = argv[optind++];
    }
}

int next_option(int argc, char **argv, const struct option *options) {
    opterr = 0; /* getopt_long is to print nothing itself */
    int index = -1;
    int key = getopt_long(argc, argv, "", options, &index);
    if (index >= 0 && options[index].has_arg == optional_argument) {
        take_optional_number(argc, argv);
    }
    if (key == OPTION_WRONG) {
        report_error("'%s' is not an option or lacks its value; see --help", argv[optind - 1]);
    }
    if (key == OPTIONS_END && optind < argc) {
        report_error("'%s' is not an option; see --help", argv[optind]);
        return OPTION_WRONG;
    }
    return key;
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
