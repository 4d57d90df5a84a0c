/*
 * A few neurons that stand in the way of most parameters, so that most are turned down without a look at all others
 * (suspects.c). What is found is the same as without them.
 */
#ifndef TNN_NN_SUSPECTS_H
#define TNN_NN_SUSPECTS_H

#include "budget.h"

typedef struct tnn_suspects tnn_suspects;

/* At first the widest neuron of each layer and the noisiest. The shape is borrowed. Returns TNN_ERR_MEMORY. */
TNN_MUST_USE tnn_status tnn_suspects_create(tnn_suspects **suspects, const tnn_shape *shape);
void tnn_suspects_free(tnn_suspects *suspects);

/*
 * A shape of the suspects alone, as wide as the whole. Its budget is a lower bound of the whole's: of each layer the
 * unit is the one with which the worst neuron is best, and the best over units of the worst of few neurons is no worse
 * than that of the worst of all. Fewer logits leave each no less room.
 */
const tnn_shape *tnn_suspects_shape(const tnn_suspects *suspects);

/* The worst neurons of a budget of the whole shape join; the ones that joined first make room. */
void tnn_suspects_add(tnn_suspects *suspects, const tnn_budget *budget);

#endif
