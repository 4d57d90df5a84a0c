/*
 * A circuit for a spec that clients already have keys for: the library, its calibration or its search may change, and
 * keys in use stay in use (recompile.c has how what the spec leaves open is found).
 */
#ifndef TNN_NN_RECOMPILE_H
#define TNN_NN_RECOMPILE_H

#include "circuit.h"
#include "search.h"

/*
 * A circuit of the model with the spec's parameters and units. A spec does not say whether neurons were simplified
 * away, whether tables take the whole torus, or how far accumulators were taken to reach: of all ways that have room,
 * the one is taken that would choose the spec's units by itself, and of those one that meets the requirement, what the
 * model was made for. A circuit's own spec gives it back.
 *
 * The spec is one of this model. Of the requirement the contract does not count, the spec's does.
 * TNN_ERR_MODEL_MISMATCH where no way can be evaluated under the spec's parameters, TNN_ERR_UNSATISFIABLE with
 * *shortfall filled where none has room, TNN_ERR_LIMIT, TNN_ERR_MEMORY, TNN_ERR_CANCELLED.
 */
TNN_MUST_USE tnn_status tnn_circuit_recompile(tnn_circuit **circuit, tnn_shortfall *shortfall, const tnn_model *model,
                                              const tnn_spec *spec, const tnn_requirement *requirement);

#endif
