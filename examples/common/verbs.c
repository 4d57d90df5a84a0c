#include "common/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command_line.h"
#include "common/report.h"

/* ------------------------------------------------------------------------------------------------ one verb -- */

enum { FIRST_KEY = 1 }; /* of options; argp takes 0 for a heading */

typedef struct verb_values {
    const verb *chosen;
    const char *values[VERB_OPTIONS_MAX];
} verb_values;

static bool check_required(const verb_values *given) {
    for (size_t i = 0; given->chosen->options[i].name != NULL; i++) {
        if (given->values[i] == NULL && !given->chosen->options[i].optional) {
            return report_error("%s needs --%s; see --help", given->chosen->name, given->chosen->options[i].name);
        }
    }
    return true;
}

static error_t parse_value(int key, char *value, struct argp_state *state) {
    verb_values *given = state->input;
    if (key == ARGP_KEY_END) {
        return option_done(check_required(given));
    }
    if (key < FIRST_KEY || key >= FIRST_KEY + VERB_OPTIONS_MAX) {
        return ARGP_ERR_UNKNOWN;
    }
    given->values[key - FIRST_KEY] = value != NULL ? value : "";
    return 0;
}

/* argv[0] names program and verb. */
static bool parse_values(verb_values *given, int argc, char **argv) {
    struct argp_option list[VERB_OPTIONS_MAX + 1] = {0};
    for (int i = 0; given->chosen->options[i].name != NULL; i++) {
        const verb_option *option = &given->chosen->options[i];
        list[i] =
            (struct argp_option){.name = option->name, .key = FIRST_KEY + i, .arg = option->value, .doc = option->help};
    }
    const struct argp parser = {.options = list, .parser = parse_value, .doc = given->chosen->help};
    return command_line_parse(&parser, argc, argv, given);
}

static bool run_verb(const verb *chosen, int argc, char **argv) {
    verb_values given = {.chosen = chosen};
    char *name = NULL;
    if (asprintf(&name, "%s %s", argv[0], chosen->name) < 0) {
        return report_out_of_memory();
    }
    argv[1] = name;
    bool done = parse_values(&given, argc - 1, argv + 1) && chosen->run(given.values);
    free(name);
    return done;
}

/* ------------------------------------------------------------------------------------------------ all verbs -- */

/* What --help says behind the options: a line a verb. */
static char *describe_verbs(const verb *verbs, size_t count, const char *about) {
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL) {
        return NULL;
    }
    fprintf(stream, "%s\v", about);
    for (size_t i = 0; i < count; i++) {
        fprintf(stream, "  %-9s%s\n", verbs[i].name, verbs[i].help);
    }
    fprintf(stream, "\n`%s VERB --help' lists what a verb takes.", program_invocation_short_name);
    return fclose(stream) == 0 ? text : NULL;
}

static error_t refuse_all(int key, char *value, struct argp_state *state) {
    (void)value;
    if (key == ARGP_KEY_NO_ARGS) {
        argp_usage(state);
    }
    return ARGP_ERR_UNKNOWN;
}

/* --help and --version, or a usage line where there is no verb. Does not return then. */
static void show_usage(const verb *verbs, size_t count, const char *about, int argc, char **argv) {
    char *doc = describe_verbs(verbs, count, about);
    const struct argp parser = {.parser = refuse_all, .args_doc = "VERB [OPTION...]", .doc = doc};
    (void)command_line_parse(&parser, argc < 2 ? argc : 2, argv, NULL);
    free(doc);
}

static const verb *find_verb(const verb *verbs, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

int verbs_main(const verb *verbs, size_t count, const char *about, int argc, char **argv) {
    if (argc < 2 || argv[1][0] == '-') {
        show_usage(verbs, count, about, argc, argv);
        return EXIT_REPORTED;
    }
    const verb *chosen = find_verb(verbs, count, argv[1]);
    if (chosen == NULL) {
        report_error("'%s' is not something it does; see --help", argv[1]);
        return EXIT_REPORTED;
    }
    return run_verb(chosen, argc, argv) && output_written() ? EXIT_SUCCESS : EXIT_REPORTED;
}
