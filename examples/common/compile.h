/* compile.h: a model to a circuit, under options from the command line. */
#ifndef EXAMPLES_COMPILE_H
#define EXAMPLES_COMPILE_H

#include <argp.h>
#include <stdbool.h>

#include <torusnn/torusnn.h>

/** What was said of a compilation; the rest is the model's contract. */
typedef struct compile_choice {
    tnn_options options;                                             /* only what was given */
    bool exact, position_noise, logit_noise, lookup_error, security; /* given? */
    double agreement;                                                /* 0: not asked for */
} compile_choice;

/** The options of a compilation, for a program's argp_children; its input is a compile_choice, zeroed. */
extern const struct argp compile_argp;

/** The model's contract, but for what was said. */
tnn_options compile_options(const compile_choice *choice, const tnn_model *model);

/** Compiles. On failure reports, in the refusal's own sentence where nothing fits, and the circuit is NULL. */
bool compile_model(tnn_circuit **circuit, const tnn_model *model, const tnn_options *options, const char *subject);

#endif
