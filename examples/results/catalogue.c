#include "results/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/command_line.h"
#include "common/json_file.h"
#include "common/report.h"

static const char *text_of(const cJSON *item, const char *member) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, member));
}

shipped_model catalogue_at(const catalogue *list, size_t index) {
    const cJSON *item = cJSON_GetArrayItem(list->root, (int)index);
    return (shipped_model){.name = text_of(item, "name"),
                           .options = text_of(item, "options"),
                           .purpose = text_of(item, "purpose"),
                           .warning = text_of(item, "warning")};
}

bool catalogue_read(catalogue *list, const char *path) {
    *list = (catalogue){0};
    if (!json_file_read(&list->root, path)) {
        return false;
    }
    list->count = (size_t)cJSON_GetArraySize(list->root);
    for (size_t i = 0; i < list->count; i++) {
        shipped_model model = catalogue_at(list, i);
        if (model.name == NULL || model.options == NULL || model.purpose == NULL || model.warning == NULL) {
            return report_error("%s: entry %zu lacks name, options, purpose or warning", path, i);
        }
    }
    return true;
}

void catalogue_free(catalogue *list) {
    cJSON_Delete(list->root);
    *list = (catalogue){0};
}

enum { MOST_WORDS = 16 };

static bool apply_words(compile_choice *choice, int count, char **words) {
    static const struct option OPTIONS[] = {COMPILE_LONG_OPTIONS, {NULL, 0, NULL, 0}};
    int key;
    optind = 0; /* another list than the program's own */
    while ((key = next_option(count, words, OPTIONS)) != OPTIONS_END) {
        if (!compile_choice_apply(choice, key, optarg)) {
            return false;
        }
    }
    return compile_choice_check(choice);
}

bool shipped_model_choice(compile_choice *choice, const shipped_model *model) {
    *choice = compile_choice_default();
    char *text = strdup(model->options);
    if (text == NULL) {
        return report_out_of_memory();
    }
    char *words[MOST_WORDS + 2] = {program_invocation_short_name};
    int count = 1;
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word != NULL && count <= MOST_WORDS;
         word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    bool done = apply_words(choice, count, words);
    free(text);
    return done;
}
