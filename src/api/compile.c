/* Options, compilation and refusals. */
#include <stdio.h>
#include <string.h>
#include <torusnn/torusnn.h>

#include "agreement.h"
#include "recompile.h"
#include "spec_file.h"

void tnn_options_default(tnn_options *options) {
    if (!options) {
        return;
    }
    *options = (tnn_options){
        .security = TNN_SECURITY_128_MARGIN,
        .precision = TNN_PRECISION_TOLERANT,
        .position_noise = 0.015,
        .logit_noise = 0.05,
        .log2_lookup_error = -40,
        .max_bytes = (size_t)256 << 20,
    };
}

void tnn_options_for(tnn_options *options, const tnn_model *model) {
    tnn_options_default(options);
    if (!options || !model) {
        return;
    }
    const tnn_contract *contract = &model->contract;
    if (contract->stated) {
        options->precision = contract->exact ? TNN_PRECISION_EXACT : TNN_PRECISION_TOLERANT;
        options->whole_torus = contract->whole_torus;
        options->position_noise = contract->position_noise;
        options->logit_noise = contract->logit_noise;
        options->log2_lookup_error = contract->log2_lookup_error;
    }
}

/* Layer, neuron or logit, its number; then what is reachable and what is asked. */
static const char *const OBSTACLES[] = {
    [TNN_OBSTACLE_NOISE] = "layer %u, %s %u: the least noise is %s and %s is allowed; allow more noise, use fewer or "
                           "smaller weights, or give the neurons of the layer ranges of like width",
    [TNN_OBSTACLE_BITS] = "layer %u, %s %u: lookups can be exact for %s bits and its accumulator needs %s; use fewer "
                          "or smaller weights, inputs of fewer levels, a larger lookup error, or the tolerant contract",
    [TNN_OBSTACLE_WIDTH] = "layer %u, %s %u: there is room for %s bits and its accumulators take %s; use smaller "
                           "weights or tables",
    [TNN_OBSTACLE_REACH] = "layer %u, %s %u: lookups can be exact for %s bits and its weights carry its accumulator "
                           "over %s, beyond its table; use smaller weights, a table that is flat further in, or images "
                           "taken at their word",
    [TNN_OBSTACLE_RANGE] = "layer %u, %s %u: no image can bring its accumulator inside its table; its bias, weights or "
                           "range are wrong",
    [TNN_OBSTACLE_NOT_NEGACYCLIC] = "layer %u, %s %u: its table is not negacyclic about the mean of its ends, so it "
                                    "cannot take the whole torus; leave whole_torus off",
};

#define BYTES_PER_MIB 1048576.0
#define NUMBER_TEXT 32
#define MOST_DIGITS 15

/* With one digit behind the point, or two in all, and as many more as it takes to tell them apart. */
static void print_apart(char (*texts)[NUMBER_TEXT], double reachable, double asked, bool bits) {
    const char *format = bits ? "%.*f" : "%.*g";
    for (int digits = bits ? 1 : 2; digits <= MOST_DIGITS; digits++) {
        snprintf(texts[0], NUMBER_TEXT, format, digits, reachable);
        snprintf(texts[1], NUMBER_TEXT, format, digits, asked);
        if (strcmp(texts[0], texts[1]) != 0) {
            return;
        }
    }
}

static tnn_obstacle obstacle_of(const tnn_shortfall *shortfall, bool exact) {
    switch (shortfall->kind) {
    case TNN_SHORTFALL_WIDTH: return TNN_OBSTACLE_WIDTH;
    case TNN_SHORTFALL_REACH: return TNN_OBSTACLE_REACH;
    case TNN_SHORTFALL_RANGE: return TNN_OBSTACLE_RANGE;
    case TNN_SHORTFALL_NOT_NEGACYCLIC: return TNN_OBSTACLE_NOT_NEGACYCLIC;
    default: return exact ? TNN_OBSTACLE_BITS : TNN_OBSTACLE_NOISE;
    }
}

static void refuse_bytes(tnn_refusal *refusal, const tnn_shortfall *shortfall, size_t max_bytes) {
    *refusal = (tnn_refusal){.obstacle = TNN_OBSTACLE_OPTION};
    snprintf(refusal->sentence, sizeof refusal->sentence,
             "circuit and compilation would take %.1f MiB and max_bytes allows %.1f; allow more, or use fewer neurons "
             "or smaller tables",
             shortfall->asked / BYTES_PER_MIB, (double)max_bytes / BYTES_PER_MIB);
}

static void refuse(tnn_refusal *refusal, const tnn_shortfall *shortfall, bool exact) {
    *refusal = (tnn_refusal){
        .obstacle = obstacle_of(shortfall, exact),
        .layer = shortfall->layer,
        .neuron = shortfall->neuron,
        .asked = shortfall->asked,
        .reachable = shortfall->reachable,
    };
    char texts[2][NUMBER_TEXT];
    print_apart(texts, refusal->reachable, refusal->asked, refusal->obstacle != TNN_OBSTACLE_NOISE);
    snprintf(refusal->sentence, sizeof refusal->sentence, OBSTACLES[refusal->obstacle], refusal->layer,
             shortfall->is_logit ? "logit" : "neuron", refusal->neuron, texts[0], texts[1]);
}

static void refuse_agreement(tnn_refusal *refusal, double shown, const tnn_options *options) {
    *refusal = (tnn_refusal){.obstacle = TNN_OBSTACLE_AGREEMENT, .asked = options->agreement, .reachable = shown};
    snprintf(refusal->sentence, sizeof refusal->sentence,
             "an agreement of %.4f was asked for, and %zu images show %.4f at most with 95 %% confidence; give more "
             "images, or ask for less",
             options->agreement, options->image_count, shown);
}

/* Written so that a NaN fails. NULL where every option is inside its range. */
static const char *wrong_option(const tnn_options *options) {
    if (options->security != TNN_SECURITY_128_MARGIN && options->security != TNN_SECURITY_128) {
        return "security must be one of tnn_security";
    }
    if (options->precision != TNN_PRECISION_TOLERANT && options->precision != TNN_PRECISION_EXACT) {
        return "precision must be one of tnn_precision";
    }
    if (!(options->position_noise > 0 && options->position_noise < 0.25)) {
        return "position_noise must lie above 0 and below 0.25";
    }
    if (!(options->logit_noise > 0)) {
        return "logit_noise must lie above 0";
    }
    if (!(options->log2_lookup_error <= -1 && options->log2_lookup_error >= -256)) {
        return "log2_lookup_error must lie between -256 and -1";
    }
    if (options->whole_torus && options->precision == TNN_PRECISION_EXACT) {
        return "whole_torus contradicts the exact contract, whose tables end at the ends of their range";
    }
    if (!(options->agreement >= 0 && options->agreement < 1)) {
        return "agreement must lie between 0 and below 1";
    }
    if (options->agreement > 0 && options->precision == TNN_PRECISION_EXACT) {
        return "agreement is for the tolerant contract; an exact circuit agrees always";
    }
    if (options->agreement > 0 && (!options->images || options->image_count == 0)) {
        return "agreement needs images";
    }
    if (options->take_images_word && (!options->images || options->image_count == 0)) {
        return "take_images_word needs images";
    }
    if (!options->images && options->image_count > 0) {
        return "images is NULL and image_count is not 0";
    }
    return NULL;
}

static tnn_status check_options(tnn_refusal *refusal, const tnn_options *options) {
    const char *wrong = wrong_option(options);
    if (wrong && refusal) {
        *refusal = (tnn_refusal){.obstacle = TNN_OBSTACLE_OPTION};
        snprintf(refusal->sentence, sizeof refusal->sentence, "%s", wrong);
    }
    return wrong ? TNN_ERR_MISUSE : TNN_OK;
}

static tnn_requirement requirement_of(const tnn_options *options, tnn_watch *watch) {
    *watch = (tnn_watch){.progress = options->progress, .user = options->user};
    return (tnn_requirement){
        .security = options->security,
        .exact = options->precision == TNN_PRECISION_EXACT,
        .whole_torus = options->whole_torus,
        .position_noise = options->position_noise,
        .logit_noise = options->logit_noise,
        .log2_lookup_error = options->log2_lookup_error,
        .images = options->take_images_word ? options->images : NULL,
        .image_count = options->image_count,
        .most_bytes = options->max_bytes,
        .watch = watch,
    };
}

/* Says why there is no circuit, where a reason was found. agreed: what was, where agreement was asked for; else below
 * 0.
 */
static void explain_failure(tnn_refusal *refusal, tnn_status status, const tnn_shortfall *shortfall, double agreed,
                            const tnn_options *options) {
    if (!refusal) {
        return;
    }
    if (status == TNN_ERR_LIMIT) {
        refuse_bytes(refusal, shortfall, options->max_bytes);
    } else if (status == TNN_ERR_UNSATISFIABLE && agreed >= 0) {
        refuse_agreement(refusal, agreed, options);
    } else if (status == TNN_ERR_UNSATISFIABLE) {
        refuse(refusal, shortfall, options->precision == TNN_PRECISION_EXACT);
    }
}

/* The circuit with its name, or none. */
static tnn_status finish(tnn_circuit **circuit, tnn_status status, const tnn_model *model) {
    status = status == TNN_OK ? tnn_spec_set_fingerprint(&(*circuit)->spec, model->fingerprint) : status;
    if (status != TNN_OK) {
        tnn_circuit_free(*circuit);
        *circuit = NULL;
    }
    return status;
}

tnn_status tnn_compile(tnn_circuit **out, tnn_refusal *refusal, const tnn_model *model, const tnn_options *options) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!model) {
        return TNN_ERR_MISUSE;
    }
    tnn_options chosen;
    tnn_options_for(&chosen, model);
    chosen = options ? *options : chosen;
    if (check_options(refusal, &chosen) != TNN_OK) {
        return TNN_ERR_MISUSE;
    }
    tnn_watch watch;
    const tnn_requirement requirement = requirement_of(&chosen, &watch);
    if ((requirement.images || chosen.agreement > 0) && chosen.pixels != tnn_model_pixels(model)) {
        return TNN_ERR_SHAPE;
    }
    tnn_shortfall shortfall;
    double agreed = -1;
    tnn_status status = chosen.agreement > 0
                            ? tnn_compile_agreeing(out, &agreed, &shortfall, model, &requirement, &chosen)
                            : tnn_circuit_compile_simplified(out, &shortfall, model, &requirement);
    status = finish(out, status, model);
    explain_failure(refusal, status, &shortfall, agreed, &chosen);
    return status;
}

tnn_status tnn_compile_for_spec(tnn_circuit **out, tnn_refusal *refusal, const tnn_model *model, const tnn_spec *spec) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    tnn_status status = model && spec ? tnn_spec_check_model(spec, model) : TNN_ERR_MISUSE;
    if (status != TNN_OK) {
        return status;
    }
    tnn_options chosen;
    tnn_options_for(&chosen, model);
    chosen.precision = spec->exact ? TNN_PRECISION_EXACT : TNN_PRECISION_TOLERANT;
    tnn_watch watch;
    const tnn_requirement requirement = requirement_of(&chosen, &watch);
    tnn_shortfall shortfall;
    status = tnn_circuit_recompile(out, &shortfall, model, spec, &requirement);
    if (status == TNN_OK) {
        (*out)->spec.version = spec->version;
    }
    status = finish(out, status, model);
    explain_failure(refusal, status, &shortfall, -1, &chosen);
    return status;
}
