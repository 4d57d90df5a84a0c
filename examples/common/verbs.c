#include "common/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command_line.h"
#include "common/report.h"

static const verb *find_verb(const verb *verbs, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static void list_long_options(struct option *list, const verb_option *options) {
    for (int i = 0; options[i].name != NULL; i++) {
        list[i] = (struct option){.name = options[i].name, .has_arg = required_argument, .val = i};
    }
}

static bool check_required(const verb *chosen, const char *const *values) {
    for (size_t i = 0; chosen->options[i].name != NULL; i++) {
        if (values[i] == NULL && !chosen->options[i].optional) {
            return report_error("%s needs --%s; see --help", chosen->name, chosen->options[i].name);
        }
    }
    return true;
}

/* argv[0] is the verb, which getopt takes for the program's name. */
static bool parse_values(const verb *chosen, const char **values, int argc, char **argv) {
    struct option list[VERB_OPTIONS_MAX + 1] = {0};
    list_long_options(list, chosen->options);
    int index;
    while ((index = next_option(argc, argv, list)) != OPTIONS_END) {
        if (index == OPTION_WRONG) {
            return false;
        }
        values[index] = optarg;
    }
    return check_required(chosen, values);
}

static bool asks_for_help(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return true;
        }
    }
    return false;
}

int verbs_main(const verb *verbs, size_t count, const char *usage, int argc, char **argv) {
    if (asks_for_help(argc, argv)) {
        fputs(usage, stdout);
        return output_written() ? EXIT_SUCCESS : EXIT_REPORTED;
    }
    if (argc < 2) {
        fputs(usage, stderr);
        return EXIT_REPORTED;
    }
    const verb *chosen = find_verb(verbs, count, argv[1]);
    if (chosen == NULL) {
        report_error("'%s' is not something it does; see --help", argv[1]);
        return EXIT_REPORTED;
    }
    const char *values[VERB_OPTIONS_MAX] = {0};
    bool done = parse_values(chosen, values, argc - 1, argv + 1) && chosen->run(values) && output_written();
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
