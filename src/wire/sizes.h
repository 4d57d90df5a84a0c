/* Bytes of each object on the wire, known from parameters and shapes alone. */
#ifndef TNN_WIRE_SIZES_H
#define TNN_WIRE_SIZES_H

#include <stdint.h>

#include "params.h"

size_t tnn_secret_key_file_bytes(const tnn_params *params);
size_t tnn_eval_key_file_bytes(const tnn_params *params);
size_t tnn_input_file_bytes(uint32_t input_bits, size_t count);
size_t tnn_output_file_bytes(uint32_t output_bits, size_t outputs, size_t dimension);

#endif
