/* The smallest model, circuit and keys that there can be, for many evaluations of many damaged objects. */
#ifndef SUPPORT_TINY_WORLD_H
#define SUPPORT_TINY_WORLD_H

#include <torusnn/torusnn.h>

#include "file_bytes.h"

/* Which forms of the format a model's file uses. */
typedef struct tiny_form {
    uint32_t version;      /* 1 or 2 */
    uint32_t table_layers; /* of 2 neurons, in front of 2 logits; images have 2 x 2 pixels */
    bool exact;            /* version 2 */
    bool thresholds;       /* version 2 */
} tiny_form;

/* The same bytes each time, sealed. */
file_bytes tiny_model_file(tiny_form form);

#define TINY_PIXELS ((size_t)4)

/* Two table layers, with a key switch between them. Keys are fresh, their noise drowns what they carry. */
typedef struct tiny_world {
    tnn_model *model;
    tnn_circuit *circuit;
    tnn_spec *spec;
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    tnn_evaluator *evaluator; /* of one thread and one image */
} tiny_world;

void make_tiny_world(tiny_world *world);
void free_tiny_world(tiny_world *world);

/* An image's encryption and a result. Free with tnn_input_free and tnn_output_free. */
tnn_input *tiny_input(const tiny_world *world);
tnn_output *tiny_output(const tiny_world *world);

#endif
