/* A split of an .npz data set, as medmnist and explain read it. */
#include <stdlib.h>

#include "common/split.h"
#include "fuzz.h"

/* Of the corpus: images of 2 x 2 pixels, two classes. */
static const tnn_model_info MODEL = {.height = 2, .width = 2, .channels = 1, .outputs = 2, .classes = 2};

/* Images that are asked for. */
#define LIMIT ((size_t)3)

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    fuzz_start();
    return 0;
}

/* Reads all of it. */
static bool holds_what_it_should(const split *data) {
    size_t sum = 0;
    bool labels_fit = true;
    for (size_t i = 0; i < data->count; i++) {
        sum += data->images[i * data->pixels + 3];
        labels_fit = labels_fit && data->labels[i] < MODEL.classes;
    }
    return labels_fit && data->pixels == 4 && data->count <= LIMIT && sum <= 255 * data->count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    split found;
    fuzz_count(FUZZ_RUN);
    if (split_read(&found, fuzz_file(data, size), "test", &MODEL, LIMIT)) {
        fuzz_count(FUZZ_LOADED);
        fuzz_remember(data, size);
        if (!holds_what_it_should(&found)) {
            abort();
        }
    }
    split_free(&found);
    return 0;
}
