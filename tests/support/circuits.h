/* Requirements, and circuits of test networks under searched and under given parameters. Any failure fails the test. */
#ifndef SUPPORT_CIRCUITS_H
#define SUPPORT_CIRCUITS_H

#include "circuit.h"

/* 128 bits with margin. tolerant: any noise of logits will do. */
tnn_requirement tolerant(double position_noise);
tnn_requirement exact(double log2_lookup_error);

tnn_shape *shape_of(const tnn_model *model);

tnn_circuit *searched_circuit(const tnn_model *model, const tnn_requirement *requirement);
tnn_circuit *circuit_under(const tnn_model *model, const tnn_params *params, bool is_exact);
tnn_circuit *shipped_circuit(const tnn_model *model, const char *shipped);

/* An image as a client encrypts it. */
tnn_packed *packed_image(const tnn_secret_key *secret, const tnn_spec *spec, const uint8_t *image);

#endif
