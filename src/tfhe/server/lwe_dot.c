/*
 * The dot product of integer weights and big LWE ciphertexts c_i = (a_i, b_i), all under S:
 *
 *     c = sum over i of w_i c_i,        phase(c) = sum of w_i phase(c_i),        Var(c) = sum of w_i^2 Var(c_i)
 *
 * modulo 2^32, where errors of the c_i are independent; tables of one neuron share a rotation, and budget.c has what
 * that adds. A leveled operation: no bootstrap, no rounding of its own. k N + 1 multiply-adds for each weight that is
 * not 0.
 */
#include <string.h>

#include <torusnn/tfhe.h>

#include "kernels.h"

void tnn_lwe_dot(const tnn_params *params, uint32_t *lwe, const uint32_t *inputs, const int16_t *weights,
                 size_t count) {
    if (!params || !lwe || (count > 0 && (!inputs || !weights))) {
        return;
    }
    const size_t words = tnn_params_big_dimension(params) + 1;
    const tnn_kernels *kernels = tnn_kernels_best();
    memset(lwe, 0, words * sizeof *lwe);
    for (size_t i = 0; i < count; i++) {
        if (weights[i] != 0) {
            kernels->add_scaled(lwe, inputs + i * words, (uint32_t)weights[i], words);
        }
    }
}
