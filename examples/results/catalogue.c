#include "results/catalogue.h"

#include "common/json_file.h"
#include "common/report.h"

static const char *text_of(const catalogue *list, size_t index, const char *key) {
    const cJSON *item = cJSON_GetArrayItem(list->root, (int)index);
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, key));
}

const char *catalogue_name(const catalogue *list, size_t index) {
    return text_of(list, index, "name");
}

const char *catalogue_command(const catalogue *list, size_t index) {
    return text_of(list, index, "make");
}

bool catalogue_read(catalogue *list, const char *path) {
    *list = (catalogue){0};
    if (!json_file_read(&list->root, path)) {
        return false;
    }
    list->count = (size_t)cJSON_GetArraySize(list->root);
    for (size_t i = 0; i < list->count; i++) {
        if (catalogue_name(list, i) == NULL) {
            return report_error("%s: entry %zu lacks its name", path, i);
        }
    }
    return true;
}

void catalogue_free(catalogue *list) {
    cJSON_Delete(list->root);
    *list = (catalogue){0};
}
