/*
 * What model files and client specs of version 2 both hold, as bytes:
 *
 *   input map  u32 1 where levels are the nearest of evenly spaced ones, nothing more then; else 0 and 256 bytes, the
 *              level of each value of a pixel
 *   readout    for each output f64 scale and f64 offset; for each name u32 bytes, at most 63, and UTF-8 without NUL
 */
#ifndef TNN_WIRE_READOUT_FILE_H
#define TNN_WIRE_READOUT_FILE_H

#include <torusnn/status.h>

#include "bytes.h"
#include "readout.h"

size_t tnn_input_map_bytes(const uint8_t *input_map, uint32_t levels);
void tnn_write_input_map(tnn_writer *writer, const uint8_t *input_map, uint32_t levels);

/* input_map [256], every level below `levels`, which lie in 2 to 256. TNN_ERR_TRUNCATED, TNN_ERR_MALFORMED. */
TNN_MUST_USE tnn_status tnn_read_input_map(tnn_reader *reader, uint8_t *input_map, uint32_t levels);

size_t tnn_readout_bytes(const tnn_readout *readout);
void tnn_write_readout(tnn_writer *writer, const tnn_readout *readout);

/* A readout of `outputs` and `named`, memory for which is asked for once the bytes of its scales are there.
 * TNN_ERR_TRUNCATED, TNN_ERR_LIMIT for a long name, TNN_ERR_MALFORMED, TNN_ERR_MEMORY; *readout is empty then. */
TNN_MUST_USE tnn_status tnn_read_readout(tnn_reader *reader, tnn_readout *readout, uint32_t outputs, uint32_t named);

#endif
