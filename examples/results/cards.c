#include "results/cards.h"

#include <math.h>
#include <string.h>

static const cJSON *member(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static double number(const cJSON *object, const char *name) {
    return cJSON_GetNumberValue(member(object, name)); /* NAN where there is none */
}

static void print_text(FILE *out, const char *title, const char *text) {
    if (text != NULL) {
        fprintf(out, "- %s: %s\n", title, text);
    }
}

/* A list of numbers as 1, 2, 3. */
static void print_numbers(FILE *out, const cJSON *list) {
    const char *comma = "";
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        fprintf(out, "%s%.0f", comma, item->valuedouble);
        comma = ", ";
    }
}

void cards_print_head(FILE *out) {
    fputs("# Model cards\n\n"
          "Written by `cmake --build --preset release --target measure-results` from what each model file says of its "
          "origin "
          "and from the measured figures; do not edit.\n",
          out);
}

static void print_origin(FILE *out, const cJSON *provenance) {
    print_text(out, "data", cJSON_GetStringValue(member(provenance, "set")));
    print_text(out, "cite", cJSON_GetStringValue(member(provenance, "citation")));
    print_text(out, "licence of the data", cJSON_GetStringValue(member(provenance, "licence")));
    print_text(out, "protocol", cJSON_GetStringValue(member(provenance, "protocol")));
    const cJSON *images = member(provenance, "images");
    if (images != NULL) {
        fprintf(out, "- images: %.0f train, %.0f validation, %.0f test\n", number(images, "train"),
                number(images, "val"), number(images, "test"));
    }
    if (member(provenance, "seed") != NULL) {
        fprintf(out, "- seed %.0f of ", number(provenance, "seed"));
        print_numbers(out, member(provenance, "seeds_tried"));
        fputc('\n', out);
    }
}

static void print_figures(FILE *out, const char *title, double accuracy, double auc) {
    if (!isnan(accuracy)) {
        fprintf(out, "| %s | %.2f %% | %.3f |\n", title, 100 * accuracy, auc);
    }
}

/* Mean and deviation over the seeds of one split. */
static void print_seeds(FILE *out, const char *title, const cJSON *split) {
    const cJSON *accuracy = member(split, "accuracy");
    const cJSON *auc = member(split, "auc");
    if (cJSON_IsNumber(member(accuracy, "sd"))) {
        fprintf(out, "| %s | %.2f ± %.2f %% | %.3f ± %.3f |\n", title, 100 * number(accuracy, "mean"),
                100 * number(accuracy, "sd"), number(auc, "mean"), number(auc, "sd"));
    }
}

static void print_baselines(FILE *out, const cJSON *baselines) {
    const cJSON *baseline;
    cJSON_ArrayForEach(baseline, baselines) {
        print_figures(out, baseline->string, number(baseline, "accuracy"), number(baseline, "auc"));
    }
}

static void print_measured(FILE *out, const cJSON *figures) {
    const cJSON *simulated = member(figures, "simulated");
    char title[64];
    print_figures(out, "this model, in the clear", number(figures, "clear_accuracy"), number(figures, "clear_auc"));
    print_figures(out, "simulated", number(simulated, "accuracy"), number(simulated, "auc"));
    snprintf(title, sizeof title, "encrypted, mean of %d keys", cJSON_GetArraySize(member(figures, "keys")));
    print_figures(out, title, number(figures, "encrypted_accuracy"), number(figures, "encrypted_auc"));
}

/* Figures that were not measured come from training. */
static void print_quality(FILE *out, const cJSON *provenance, const cJSON *figures) {
    const cJSON *metrics = member(provenance, "metrics");
    const cJSON *seeds = member(provenance, "all_seeds");
    fputs("\n| | accuracy | AUC |\n|---|---|---|\n", out);
    print_figures(out, "validation, this model", number(member(metrics, "val"), "accuracy"),
                  number(member(metrics, "val"), "auc"));
    print_seeds(out, "validation, all seeds", member(seeds, "val"));
    fprintf(out, "| **test**%s | | |\n", figures == NULL ? ", not measured encrypted yet" : "");
    print_baselines(out, member(member(provenance, "baselines"), "test"));
    print_seeds(out, "all seeds, in the clear", member(seeds, "test"));
    if (figures != NULL) {
        print_measured(out, figures);
        return;
    }
    print_figures(out, "this model, in the clear", number(member(metrics, "test"), "accuracy"),
                  number(member(metrics, "test"), "auc"));
}

void cards_print(FILE *out, const shipped_model *model, const cJSON *provenance, const cJSON *figures) {
    fprintf(out, "\n## %s.tnn\n\n", model->name);
    print_text(out, "intended use", model->purpose);
    print_text(out, "must not be used for", model->warning);
    print_origin(out, provenance);
    print_quality(out, provenance, figures);
}
