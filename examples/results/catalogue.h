/* catalogue.h: the models that ship, and what each is for: models.json. */
#ifndef RESULTS_CATALOGUE_H
#define RESULTS_CATALOGUE_H

#include <cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/** One model; its texts live as long as the catalogue. */
typedef struct shipped_model {
    const char *name;    /* of its file, without .tnn */
    const char *purpose; /* what it is for */
    const char *warning; /* what it must not be used for */
} shipped_model;

typedef struct catalogue {
    cJSON *root;
    size_t count;
} catalogue;

/** Reads and checks the list. On failure reports. Free with catalogue_free either way. */
bool catalogue_read(catalogue *list, const char *path);

shipped_model catalogue_at(const catalogue *list, size_t index);

void catalogue_free(catalogue *list);

#endif
