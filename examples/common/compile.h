/* compile.h: a model to a circuit, under options from the command line. */
#ifndef EXAMPLES_COMPILE_H
#define EXAMPLES_COMPILE_H

#include <stdbool.h>

#include <torusnn/torusnn.h>

/** Compiles. On failure reports, in the refusal's own sentence where nothing fits, and the circuit is NULL. */
bool compile_model(tnn_circuit **circuit, const tnn_model *model, const tnn_options *options, const char *subject);

/** The options of a compilation as a program's --help lists them. */
#define COMPILE_HELP                                                                                                   \
    "  --position-noise X  most noise of a table position, as a fraction of the table, 0 to 0.25 (default: 0.015)\n"   \
    "  --logit-noise X     most noise of a logit, in logits (default: 0.1)\n"                                          \
    "  --exact             instead of both: parameters with which every table lookup is right\n"                       \
    "  --lookup-error LOG2 with --exact: most failure probability of a lookup, -256 to -1 (default: -40, 2^-40)\n"     \
    "  --security ROW      128-margin (default) or 128: which row of the security curve the keys must reach\n"

/** The same for getopt_long; a program numbers its own options above these. */
enum compile_key {
    COMPILE_POSITION_NOISE = 1,
    COMPILE_LOGIT_NOISE,
    COMPILE_EXACT,
    COMPILE_LOOKUP_ERROR,
    COMPILE_SECURITY,
    COMPILE_KEYS_END,
};
#define COMPILE_LONG_OPTIONS                                                                                           \
    {"position-noise", required_argument, NULL, COMPILE_POSITION_NOISE},                                               \
        {"logit-noise", required_argument, NULL, COMPILE_LOGIT_NOISE}, {"exact", no_argument, NULL, COMPILE_EXACT},    \
        {"lookup-error", required_argument, NULL, COMPILE_LOOKUP_ERROR}, {                                             \
        "security", required_argument, NULL, COMPILE_SECURITY                                                          \
    }

/** What was said of a compilation. Start from compile_choice_default. */
typedef struct compile_choice {
    tnn_options options;
    bool tolerance_given, lookup_error_given;
} compile_choice;

compile_choice compile_choice_default(void);

/** Applies one of the options above. On failure reports. */
bool compile_choice_apply(compile_choice *choice, int key, const char *value);

/** Whether the options go together. Otherwise reports. */
bool compile_choice_check(const compile_choice *choice);

#endif
