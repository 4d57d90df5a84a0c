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

compile_choice compile_choice_default(void) {
    compile_choice choice = {0};
    tnn_options_default(&choice.options);
    return choice;
}

static bool parse_security(tnn_security *security, const char *text) {
    if (strcmp(text, "128-margin") != 0 && strcmp(text, "128") != 0) {
        return report_error("--security takes 128-margin or 128, not '%s'", text);
    }
    *security = strcmp(text, "128") == 0 ? TNN_SECURITY_128 : TNN_SECURITY_128_MARGIN;
    return true;
}

bool compile_choice_apply(compile_choice *choice, int key, const char *value) {
    tnn_options *options = &choice->options;
    choice->tolerance_given |= key == COMPILE_POSITION_NOISE || key == COMPILE_LOGIT_NOISE;
    choice->lookup_error_given |= key == COMPILE_LOOKUP_ERROR;
    switch (key) {
    case COMPILE_POSITION_NOISE: return parse_real(&options->position_noise, "--position-noise", value, 0.0, 0.25);
    case COMPILE_LOGIT_NOISE: return parse_real(&options->logit_noise, "--logit-noise", value, 0.0, INFINITY);
    case COMPILE_EXACT: options->precision = TNN_PRECISION_EXACT; return true;
    case COMPILE_LOOKUP_ERROR:
        return parse_closed_real(&options->log2_lookup_error, "--lookup-error", value, -256.0, -1.0);
    case COMPILE_SECURITY: return parse_security(&options->security, value);
    default: return false;
    }
}

bool compile_choice_check(const compile_choice *choice) {
    bool exact = choice->options.precision == TNN_PRECISION_EXACT;
    if (exact && choice->tolerance_given) {
        return report_error("--exact leaves no noise to choose; leave out --position-noise and --logit-noise");
    }
    if (!exact && choice->lookup_error_given) {
        return report_error("--lookup-error is for exact lookups; add --exact");
    }
    return true;
}
