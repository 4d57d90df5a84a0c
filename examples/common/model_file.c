#include "common/model_file.h"

#include "common/bytes.h"
#include "common/input_file.h"
#include "common/report.h"

bool model_file_load(tnn_model **model, const char *path) {
    *model = NULL;
    bytes contents = {0};
    bool loaded = input_file_read(&contents, path) &&
                  status_ok(tnn_model_load(model, NULL, contents.data, contents.length), path);
    bytes_free(&contents);
    return loaded;
}
