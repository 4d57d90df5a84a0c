#include <string.h>

#include "ggsw.h"
#include "workspace.h"

/* (k+1) l forward transforms of the digits of workspace->difference. */
static void transform_digits(tnn_workspace *w) {
    const uint32_t N = w->params.literal.N;
    const double *twist = tnn_fft_twist(w->fft);
    double *digits = w->digits;
    for (uint32_t c = 0; c <= w->params.literal.k; c++) {
        for (uint32_t level = 0; level < w->gadget.levels; level++, digits += N) {
            w->kernels->decompose_twist(w->folded, w->difference + (size_t)c * N, twist, N, w->gadget.base_log,
                                        tnn_gadget_shift(&w->gadget, level), w->gadget.offset);
            tnn_fft_forward(w->fft, digits, w->folded);
        }
    }
}

/* (k+1) (l+1) FFTs of N/2 points and (k+1)^2 l N/2 complex products: the cost of TFHE. */
void tnn_add_external_product(tnn_workspace *w, uint32_t *accumulator, const double *ggsw) {
    const uint32_t N = w->params.literal.N;
    const uint32_t columns = w->params.literal.k + 1;
    transform_digits(w);
    w->kernels->multiply_rows(w->products, w->digits, ggsw, tnn_params_ggsw_rows(&w->params), columns, N);
    for (uint32_t c = 0; c < columns; c++) {
        tnn_fft_inverse(w->fft, w->folded, w->products + (size_t)c * N);
        w->kernels->untwist_add(accumulator + (size_t)c * N, w->folded, tnn_fft_twist(w->fft), N);
    }
}

void tnn_external_product(tnn_workspace *workspace, uint32_t *product, const tnn_ggsw *ggsw, const uint32_t *glwe) {
    const size_t bytes = tnn_params_glwe_words(&workspace->params) * sizeof *glwe;
    memcpy(workspace->difference, glwe, bytes);
    memset(product, 0, bytes);
    tnn_add_external_product(workspace, product, ggsw->fourier);
}

void tnn_cmux(tnn_workspace *workspace, uint32_t *chosen, const tnn_ggsw *ggsw, const uint32_t *when_zero,
              const uint32_t *when_one) {
    const size_t words = tnn_params_glwe_words(&workspace->params);
    for (size_t i = 0; i < words; i++) {
        workspace->difference[i] = when_one[i] - when_zero[i];
    }
    memcpy(chosen, when_zero, words * sizeof *chosen);
    tnn_add_external_product(workspace, chosen, ggsw->fourier);
}
