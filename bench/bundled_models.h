/* bundled_models.h: the models that the repository brings, as circuits. */
#ifndef BENCH_BUNDLED_MODELS_H
#define BENCH_BUNDLED_MODELS_H

#include <stdbool.h>
#include <stddef.h>

#include <glob.h>

#include <torusnn/torusnn.h>

/** Finds the models of a folder, by name. On failure, and where there is none, reports. Free with globfree. */
bool bundled_models_find(glob_t *found, const char *folder);

/** Whether a file holds a net of exact lookups: its name ends in -exact.tnn. */
bool bundled_model_is_exact(const char *path);

/** Compiles a file with the options that examples/results/models.json lists for it. On failure reports. */
bool bundled_model_compile(tnn_circuit **circuit, const char *path);

#endif
