#include "bench/bundled_models.h"

#include <stdio.h>
#include <string.h>

#include "common/compile.h"
#include "common/model_file.h"
#include "common/report.h"
#include "results/catalogue.h"

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

static bool names(const char *path, const char *name) {
    const char *slash = strrchr(path, '/');
    const char *file = slash == NULL ? path : slash + 1;
    return strncmp(file, name, strlen(name)) == 0 && strcmp(file + strlen(name), ".tnn") == 0;
}

/* What models.json says of a model; the defaults where it does not list it. */
static bool find_choice(compile_choice *choice, const char *path) {
    catalogue list;
    bool done = catalogue_read(&list, SHIPPED_MODELS);
    *choice = compile_choice_default();
    for (size_t i = 0; i < list.count && done; i++) {
        const shipped_model model = catalogue_at(&list, i);
        done = !names(path, model.name) || shipped_model_choice(choice, &model);
    }
    catalogue_free(&list);
    return done;
}

bool bundled_model_compile(tnn_circuit **circuit, const char *path) {
    tnn_model *model = NULL;
    compile_choice choice;
    bool compiled = find_choice(&choice, path) && model_file_load(&model, path) &&
                    compile_model(circuit, model, &choice.options, path);
    tnn_model_free(model);
    return compiled;
}
