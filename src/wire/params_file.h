/* Parameters inside other files: 64 bytes, checked against limits and the security curve when read. */
#ifndef TNN_WIRE_PARAMS_FILE_H
#define TNN_WIRE_PARAMS_FILE_H

#include "header.h"
#include "params.h"

#define TNN_PARAMS_BYTES ((size_t)64)

void tnn_write_params(tnn_writer *writer, const tnn_params *params);

/* Parameters whose tables are split, or, as those of every key, whose tables are not: the others are malformed.
 * TNN_ERR_TRUNCATED, TNN_ERR_MALFORMED, TNN_ERR_INSECURE. */
TNN_MUST_USE tnn_status tnn_read_params(tnn_reader *reader, tnn_params *params, bool split);

#endif
