/* Client specs as bytes, and the fingerprint that binds ciphertexts to one circuit. */
#ifndef TNN_WIRE_SPEC_FILE_H
#define TNN_WIRE_SPEC_FILE_H

#include "header.h"
#include "spec.h"

/* BLAKE2b-128 of the model's fingerprint and of all of the spec but the fingerprint. TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_spec_set_fingerprint(tnn_spec *spec, const uint8_t model[TNN_FINGERPRINT_BYTES]);

/* Is the spec one that circuits of this model have? Its fingerprint is that of the model and of all the rest.
 * TNN_ERR_MODEL_MISMATCH where it is not, TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_spec_check_model(const tnn_spec *spec, const tnn_model *model);

TNN_MUST_USE tnn_status tnn_spec_copy(tnn_spec **copy, const tnn_spec *spec);

#endif
