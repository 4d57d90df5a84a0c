#include "common/model_file.h"

#include "common/bytes.h"
#include "common/object_file.h"
#include "common/report.h"

bool model_file_load(tnn_model **model, const char *path) {
    *model = NULL;
    bytes contents = {0};
    tnn_fault fault;
    bool loaded = object_file_read(&contents, path, "M") &&
                  (tnn_model_load(model, &fault, contents.data, contents.length) == TNN_OK ||
                   report_error("%s: %s", path, fault.sentence));
    bytes_free(&contents);
    return loaded;
}
