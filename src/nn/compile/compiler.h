/*
 * From a model and the precision asked for to a circuit, under the cheapest parameters that give it (compiler.c has the
 * order of decisions). What comes out depends on the model, the requirement and the committed cost table alone: not on
 * the processor, the build or the number of threads.
 */
#ifndef TNN_NN_COMPILER_H
#define TNN_NN_COMPILER_H

#include "circuit.h"
#include "search.h"

/* A circuit of the model as it stands, under the cheapest parameters that meet the requirement. TNN_ERR_UNSATISFIABLE
 * or TNN_ERR_LIMIT with *shortfall filled, TNN_ERR_MEMORY, TNN_ERR_CANCELLED. */
TNN_MUST_USE tnn_status tnn_circuit_compile(tnn_circuit **circuit, tnn_shortfall *shortfall, const tnn_model *model,
                                            const tnn_requirement *requirement);

/* The same of an equal model with fewer neurons (simplify.h), where that is cheaper. Reports and *shortfall name layers
 * and neurons of the model that was given. */
TNN_MUST_USE tnn_status tnn_circuit_compile_simplified(tnn_circuit **circuit, tnn_shortfall *shortfall,
                                                       const tnn_model *model, const tnn_requirement *requirement);

#endif
