/* The list of models that ship, and what a model says of its origin: JSON. */
#include "results/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "explain/provenance.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    fuzz_start();
    return 0;
}

static void read_list(const char *path) {
    catalogue list;
    size_t letters = 0;
    if (catalogue_read(&list, path)) {
        fuzz_count(FUZZ_LOADED);
        for (size_t i = 0; i < list.count; i++) {
            letters += strlen(catalogue_name(&list, i));
        }
    }
    if (list.count == 0 && letters > 0) {
        abort();
    }
    catalogue_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = calloc(size + 1, 1);
    if (!text) {
        abort();
    }
    fuzz_count(FUZZ_RUN);
    read_list(fuzz_file(data, size));
    memcpy(text, data, size);
    provenance_print(text);
    free(text);
    return 0;
}
