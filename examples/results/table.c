#include "results/table.h"

#include <math.h>

static double number(const cJSON *object, const char *member) {
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, member)); /* NAN where there is none */
}

static const cJSON *member(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

void table_print_head(FILE *out) {
    fputs("| model | network | bootstraps | noise allowed | images | clear | simulated | encrypted | same class | "
          "logit error "
          "| ms an image | key / image / result bytes |\n"
          "|---|---|--:|---|---|---|---|---|---|---|---|---|\n",
          out);
}

static void print_network(FILE *out, const cJSON *figures) {
    const cJSON *sizes = member(figures, "layers");
    const char *dash = "";
    const cJSON *size;
    cJSON_ArrayForEach(size, sizes) {
        fprintf(out, "%s%.0f", dash, size->valuedouble);
        dash = "-";
    }
}

/* Images of one class have no AUC. */
static void print_quality(FILE *out, double accuracy, double auc) {
    fprintf(out, isnan(auc) ? " %.2f %% |" : " %.2f %% / %.3f |", 100 * accuracy, auc);
}

void table_print_row(FILE *out, const shipped_model *model, const cJSON *figures) {
    const cJSON *simulated = member(figures, "simulated");
    fprintf(out, "| %s | ", model->name);
    print_network(out, figures);
    const char *contract = cJSON_GetStringValue(member(figures, "contract"));
    fprintf(out, " | %.0f | %s | %.0f |", number(figures, "bootstraps"), contract ? contract : "",
            number(figures, "images"));
    print_quality(out, number(figures, "clear_accuracy"), number(figures, "clear_auc"));
    print_quality(out, number(simulated, "accuracy"), number(simulated, "auc"));
    print_quality(out, number(figures, "encrypted_accuracy"), number(figures, "encrypted_auc"));
    fprintf(out, " %.2f %% | %.3f | %.0f, %.0f | %.0f / %.0f / %.0f |\n", 100 * number(figures, "agreement"),
            number(figures, "logit_rms_error"), number(member(figures, "latency_ms"), "min"),
            number(member(figures, "latency_ms"), "median"), number(figures, "evaluation_key_bytes"),
            number(figures, "input_bytes"), number(figures, "output_bytes"));
}

void table_print_foot(FILE *out, const cJSON *figures) {
    fprintf(
        out,
        "\nAccuracy / AUC on the test split, every image truly encrypted; encrypted figures are means over %d fresh "
        "keys, simulated ones over %.0f runs. Same class: share of images whose encrypted and clear logits name "
        "one class. Logit error: root mean square, in logits. Time: best and median from the encrypted image's bytes "
        "to the result's, one image at a time on %.0f threads. Neurons that no logit depends on take no "
        "bootstrap. Noise allowed is what the model's file states: of a table position as a fraction of the table, of "
        "a "
        "logit as a fraction of its spread.\n",
        cJSON_GetArraySize(member(figures, "keys")), number(member(figures, "simulated"), "runs"),
        number(figures, "threads"));
}
