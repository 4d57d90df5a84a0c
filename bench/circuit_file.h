/* circuit_file.h: a circuit from a model's file. */
#ifndef BENCH_CIRCUIT_FILE_H
#define BENCH_CIRCUIT_FILE_H

#include <stdbool.h>

#include <torusnn/torusnn.h>

/** Loads and compiles a model for the precision that its file states. On failure reports and the circuit is NULL. */
bool circuit_from_file(tnn_circuit **circuit, const char *path);

#endif
