/* catalogue.h: the models that ship, and those that a user can make of data that could not be had: models.json. */
#ifndef RESULTS_CATALOGUE_H
#define RESULTS_CATALOGUE_H

#include <cJSON.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct catalogue {
    cJSON *root;
    size_t count;
} catalogue;

/** Reads the list; each entry has a name. On failure reports. Free with catalogue_free either way. */
bool catalogue_read(catalogue *list, const char *path);

/** Of a model's file, without .tnn; lives as long as the catalogue. */
const char *catalogue_name(const catalogue *list, size_t index);

/** The command that makes a model of which no file ships; NULL for others. Lives as long as the catalogue. */
const char *catalogue_command(const catalogue *list, size_t index);

void catalogue_free(catalogue *list);

#endif
