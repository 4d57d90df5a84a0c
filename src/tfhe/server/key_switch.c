/*
 * Key switch: a big LWE ciphertext, under S of k N bits, becomes a small one under s, the first n bits of S (eprint
 * 2018/421; keys that share a prefix: eprint 2023/979, section 3).
 *
 *     phase = (b - sum over j < n of a_j S_j) - sum over j >= n of a_j S_j
 *
 * The bracket is the phase of (a_0, ..., a_(n-1), b) under s already. Each further a_j is decomposed in base B into t
 * digits, a_j ~ sum over v of d_jv B^-(v+1), and the key holds a ciphertext K_jv of S_j B^-(v+1) under s. So
 *
 *     (a_0, ..., a_(n-1), b) - sum over j >= n and v < t of d_jv K_jv
 *
 * has the phase of the input, up to what the decompositions round away where S_j = 1, and the digits times the noise of
 * the K_jv: tnn_variance_key_switch. That noise is the key's: digits with a mean of -1/2 (gadget.h) would add minus
 * half the sum of it to every phase under this key. The digits of -x are those of x with the other sign: their mean is
 * 0. Cost: (k N - n) t (n + 1) multiply-adds, on a key of as many words.
 */
#include <string.h>

#include "gadget.h"
#include "kernels.h"
#include "server_key.h"

/* All ones where a word stands for a negative number, else 0: value ^ sign - sign is then minus the value, or itself.
 */
static uint32_t sign_of(uint32_t word) {
    return 0 - (word >> 31);
}

static uint32_t with_sign(uint32_t value, uint32_t sign) {
    return (value ^ sign) - sign;
}

/* big [k N + 1], small [n + 1]; rows of the key stand in the order in which they are read: coordinate, then level. */
tnn_status tnn_key_switch(const tnn_server_key *server, uint32_t *small, const uint32_t *big) {
    if (!server || !small || !big || !server->switching) {
        return TNN_ERR_MISUSE;
    }
    const tnn_params *params = &server->execution.params;
    const tnn_params_literal *p = &params->literal;
    const tnn_kernels *kernels = tnn_kernels_best();
    const tnn_gadget gadget = tnn_gadget_of(p->ks_base_log, p->ks_levels);
    const size_t dimension = tnn_params_big_dimension(params);
    const uint32_t *row = server->switching;
    memcpy(small, big, p->n * sizeof *small);
    small[p->n] = big[dimension];
    for (size_t i = p->n; i < dimension; i++) {
        const uint32_t sign = sign_of(big[i]);
        /* One offset for all levels: it rounds at the last digit and centres each (gadget.h). */
        const uint32_t word = with_sign(big[i], sign) + gadget.offset;
        for (uint32_t level = 0; level < p->ks_levels; level++, row += p->n + 1) {
            const uint32_t digit = (uint32_t)tnn_gadget_digit(&gadget, word, level);
            kernels->add_scaled(small, row, with_sign(digit, ~sign), p->n + 1);
        }
    }
    return TNN_OK;
}
