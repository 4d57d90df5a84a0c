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
