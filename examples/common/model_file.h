/* model_file.h: a model from a file. */
#ifndef EXAMPLES_MODEL_FILE_H
#define EXAMPLES_MODEL_FILE_H

#include <stdbool.h>

#include <torusnn/torusnn.h>

/** Loads a model. On failure reports and the model is NULL. */
bool model_file_load(tnn_model **model, const char *path);

#endif
