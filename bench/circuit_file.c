#include "bench/circuit_file.h"

#include "common/compile.h"
#include "common/model_file.h"

bool circuit_from_file(tnn_circuit **circuit, const char *path) {
    tnn_model *model = NULL;
    *circuit = NULL;
    bool compiled = model_file_load(&model, path) && compile_model(circuit, model, NULL, path);
    tnn_model_free(model);
    return compiled;
}
