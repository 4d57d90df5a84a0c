#include "bench/bundled_models.h"

#include <stdio.h>
#include <string.h>

#include "common/compile.h"
#include "common/model_file.h"
#include "common/report.h"

static const char EXACT_END[] = "-exact.tnn";

bool bundled_models_find(glob_t *found, const char *folder) {
    char pattern[4096];
    *found = (glob_t){0};
    snprintf(pattern, sizeof pattern, "%s/*.tnn", folder);
    return glob(pattern, 0, NULL, found) == 0 || report_error("%s: holds no model (*.tnn)", folder);
}

bool bundled_model_is_exact(const char *path) {
    size_t length = strlen(path), end = sizeof EXACT_END - 1;
    return length >= end && strcmp(path + length - end, EXACT_END) == 0;
}

bool bundled_model_compile(tnn_circuit **circuit, const char *path) {
    tnn_model *model = NULL;
    bool compiled = model_file_load(&model, path) && compile_model(circuit, model, NULL, path);
    tnn_model_free(model);
    return compiled;
}
