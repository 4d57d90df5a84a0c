/* evaluation.h: a whole split, in the clear and encrypted. */
#ifndef MEDMNIST_EVALUATION_H
#define MEDMNIST_EVALUATION_H

#include <stdbool.h>
#include <stddef.h>

#include <torusnn/torusnn.h>

#include "common/spread.h"
#include "medmnist/options.h"
#include "medmnist/split.h"

typedef struct evaluation {
    size_t images;
    double clear_accuracy, encrypted_accuracy;
    double agreement;                /* share of images with the same class in both */
    double clear_auc, encrypted_auc; /* NAN where the images are all of one class */
    double logit_rms_error;          /* encrypted against clear */
    spread latency_ms;               /* an image, from its encrypted bytes to those of its result */
    double keygen_ms;
    size_t evaluation_key_bytes, input_bytes, output_bytes;
    size_t peak_rss_bytes; /* of client and server together */
    tnn_circuit_info circuit;
} evaluation;

/** Evaluates a model on a split. On failure reports. */
bool evaluation_run(evaluation *result, const tnn_model *model, const split *data, const options *chosen);

#endif
