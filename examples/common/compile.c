#include "common/compile.h"

#include <math.h>
#include <string.h>

#include "common/command_line.h"
#include "common/report.h"

bool compile_model(tnn_circuit **circuit, const tnn_model *model, const tnn_options *options, const char *subject) {
    tnn_refusal refusal;
    tnn_status status = tnn_compile(circuit, &refusal, model, options);
    if (status == TNN_ERR_UNSATISFIABLE) {
        return report_error("%s: %s", subject, refusal.sentence);
    }
    return status_ok(status, subject);
}

enum compile_key { AGREEMENT = 0x100, POSITION_NOISE, LOGIT_NOISE, EXACT, LOOKUP_ERROR, SECURITY };

static const struct argp_option OPTIONS[] = {
    {0, 0, 0, 0, "Precision, where it is to differ from what the model's file states:", 10},
    {"agreement", AGREEMENT, "SHARE", 0,
     "Instead of noise: the least share of the given images that keep their class, with 95 % confidence", 10},
    {"position-noise", POSITION_NOISE, "X", 0, "Most noise of a table position, as a fraction of the table, 0 to 0.25",
     10},
    {"logit-noise", LOGIT_NOISE, "X", 0, "Most noise of a logit, as a fraction of the logit's spread", 10},
    {"exact", EXACT, 0, 0, "Instead of both: parameters with which every table lookup is right", 10},
    {"lookup-error", LOOKUP_ERROR, "LOG2", 0,
     "With --exact: most failure probability of a lookup, -256 to -1 (default: -40, for 2^-40)", 10},
    {"security", SECURITY, "ROW", 0, "128-margin (default) or 128: which row of the security curve the keys must reach",
     10},
    {0}};

static bool parse_security(tnn_security *security, const char *text) {
    if (strcmp(text, "128-margin") != 0 && strcmp(text, "128") != 0) {
        return report_error("--security takes 128-margin or 128, not '%s'", text);
    }
    *security = strcmp(text, "128") == 0 ? TNN_SECURITY_128 : TNN_SECURITY_128_MARGIN;
    return true;
}

/* Whether what was said goes together. Otherwise reports. */
static bool check(const compile_choice *choice) {
    if (choice->exact && (choice->position_noise || choice->logit_noise)) {
        return report_error("--exact leaves no noise to choose; leave out --position-noise and --logit-noise");
    }
    if (choice->agreement > 0 &&
        (choice->exact || choice->lookup_error || choice->position_noise || choice->logit_noise)) {
        return report_error("--agreement decides the precision; leave out the other options of it");
    }
    if (choice->lookup_error && (choice->position_noise || choice->logit_noise)) {
        return report_error("--lookup-error is for exact lookups; leave out --position-noise and --logit-noise");
    }
    return true;
}

static error_t parse_option(int key, char *value, struct argp_state *state) {
    compile_choice *choice = state->input;
    tnn_options *options = &choice->options;
    switch (key) {
    case AGREEMENT: return option_done(parse_real(&choice->agreement, "--agreement", value, 0.0, 1.0));
    case POSITION_NOISE:
        choice->position_noise = true;
        return option_done(parse_real(&options->position_noise, "--position-noise", value, 0.0, 0.25));
    case LOGIT_NOISE:
        choice->logit_noise = true;
        return option_done(parse_real(&options->logit_noise, "--logit-noise", value, 0.0, INFINITY));
    case EXACT: choice->exact = true; return 0;
    case LOOKUP_ERROR:
        choice->lookup_error = true;
        return option_done(parse_closed_real(&options->log2_lookup_error, "--lookup-error", value, -256.0, -1.0));
    case SECURITY: choice->security = true; return option_done(parse_security(&options->security, value));
    case ARGP_KEY_END: return option_done(check(choice));
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp compile_argp = {.options = OPTIONS, .parser = parse_option};

/* Noise is what the tolerant contract allows, a lookup's error what the exact one does. */
tnn_options compile_options(const compile_choice *choice, const tnn_model *model) {
    tnn_options options;
    tnn_options_for(&options, model);
    if (choice->position_noise || choice->logit_noise || choice->agreement > 0) {
        options.precision = TNN_PRECISION_TOLERANT;
    }
    if (choice->exact || choice->lookup_error) {
        options.precision = TNN_PRECISION_EXACT;
        options.whole_torus = false;
    }
    options.position_noise = choice->position_noise ? choice->options.position_noise : options.position_noise;
    options.logit_noise = choice->logit_noise ? choice->options.logit_noise : options.logit_noise;
    options.log2_lookup_error = choice->lookup_error ? choice->options.log2_lookup_error : options.log2_lookup_error;
    options.agreement = choice->agreement;
    options.security = choice->security ? choice->options.security : options.security;
    return options;
}
