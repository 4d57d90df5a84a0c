/*
 * From a model and a parameter set to a circuit: the last step of compiling, which chooses nothing (lower.c).
 */
#ifndef TNN_NN_LOWER_H
#define TNN_NN_LOWER_H

#include "circuit.h"
#include "search.h"

/*
 * A circuit of the model under `params`, which the shape has been found to fit. Of the requirement the contract and
 * whole_torus count, and the watch. Returns TNN_ERR_MEMORY; TNN_ERR_CANCELLED; TNN_ERR_UNSATISFIABLE with *shortfall
 * filled where a range leaves no unit or a table cannot take the whole torus.
 */
TNN_MUST_USE tnn_status tnn_lower(tnn_circuit **circuit, tnn_shortfall *shortfall, const tnn_model *model,
                                  const tnn_shape *shape, const tnn_params *params, const tnn_requirement *requirement);

/* Is there a ring where there are tables, and nowhere else, and a key switch where layers of tables follow each other,
 * and is no table split where several share a rotation?
 */
bool tnn_params_serve(const tnn_params *params, const tnn_model *model);

/* Bytes that a circuit of the model takes with tables of this many positions, near enough to refuse it before they are
 * taken.
 */
uint64_t tnn_lowered_bytes(const tnn_model *model, uint32_t positions);

/* A circuit of the model as it stands under given parameters, whatever precision they give; tables take half the torus.
 * TNN_ERR_UNSATISFIABLE where they do not serve, or a range leaves no unit. */
TNN_MUST_USE tnn_status tnn_circuit_compile_with(tnn_circuit **circuit, const tnn_model *model,
                                                 const tnn_params *params, bool exact);

#endif
