#include <string.h>

#include "gadget.h"
#include "kernels.h"
#include "server_key.h"

/* Coordinate i of the mask is about sum over levels of digit B^-(level+1); ciphertext (i, level) encrypts
 * S_i B^-(level+1) under s, and phase = body - sum of a_i S_i takes them away. */
tnn_status tnn_key_switch(const tnn_server_key *server, uint32_t *small, const uint32_t *big) {
    const tnn_params *params = &server->execution.params;
    const tnn_params_literal *p = &params->literal;
    if (!server->switching) {
        return TNN_ERR_MISUSE;
    }
    const tnn_kernels *kernels = tnn_kernels_best();
    const tnn_gadget gadget = tnn_gadget_of(p->ks_base_log, p->ks_levels);
    const size_t dimension = tnn_params_big_dimension(params);
    const uint32_t *row = server->switching;
    memcpy(small, big, p->n * sizeof *small);
    small[p->n] = big[dimension];
    for (size_t i = p->n; i < dimension; i++) {
        uint32_t word = big[i] + gadget.offset;
        for (uint32_t level = 0; level < p->ks_levels; level++, row += p->n + 1) {
            kernels->add_scaled(small, row, 0 - (uint32_t)tnn_gadget_digit(&gadget, word, level), p->n + 1);
        }
    }
    return TNN_OK;
}
