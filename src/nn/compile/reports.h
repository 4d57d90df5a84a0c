/*
 * What a circuit says of the layers of the model that was asked for, whichever of them it still evaluates (reports.c).
 */
#ifndef TNN_NN_REPORTS_H
#define TNN_NN_REPORTS_H

#include "circuit.h"
#include "simplify.h"

/* Reports of the layers of `model`. origins [layer_count] say which of them the circuit's are; NULL: the same ones.
 * shape is that of the model that was lowered. Returns TNN_ERR_MEMORY, or TNN_ERR_CANCELLED where watch, which may be
 * NULL, stops it. */
TNN_MUST_USE tnn_status tnn_circuit_write_reports(tnn_circuit *circuit, const tnn_model *model, const tnn_shape *shape,
                                                  const tnn_origin *origins, tnn_watch *watch);

#endif
