#include "results/catalogue.h"

#include "common/json_file.h"
#include "common/report.h"

static const char *text_of(const cJSON *item, const char *member) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, member));
}

shipped_model catalogue_at(const catalogue *list, size_t index) {
    const cJSON *item = cJSON_GetArrayItem(list->root, (int)index);
    return (shipped_model){
        .name = text_of(item, "name"), .purpose = text_of(item, "purpose"), .warning = text_of(item, "warning")};
}

bool catalogue_read(catalogue *list, const char *path) {
    *list = (catalogue){0};
    if (!json_file_read(&list->root, path)) {
        return false;
    }
    list->count = (size_t)cJSON_GetArraySize(list->root);
    for (size_t i = 0; i < list->count; i++) {
        shipped_model model = catalogue_at(list, i);
        if (model.name == NULL || model.purpose == NULL || model.warning == NULL) {
            return report_error("%s: entry %zu lacks name, purpose or warning", path, i);
        }
    }
    return true;
}

void catalogue_free(catalogue *list) {
    cJSON_Delete(list->root);
    *list = (catalogue){0};
}
