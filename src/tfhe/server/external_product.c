/*
 * External product and CMux (eprint 2018/421, section 3).
 *
 * A GLWE ciphertext c = (c_0, ..., c_k), body last, is cut into digits, c_i ~ sum over v < l of d_iv Bg^-(v+1). Row (i,
 * v) of a GGSW encryption of m has the phase m Bg^-(v+1) times what c_i counts for in a phase: -S_(i+1), or 1 for the
 * body. Hence
 *
 *     GGSW(m) (x) c = sum over i, v of d_iv row_iv    has the phase    m phase(c) + noise.
 *
 * Noise: digits times the noise of the rows, and, where m is not 0, what the decomposition rounds away, less the half of
 * the masks' part that gadget.h puts into the body. The noise of c itself is multiplied by m, a bit here.
 *
 *     CMux: c_0 + GGSW(m) (x) (c_1 - c_0)    is c_0 for m = 0, c_1 for m = 1
 */
#include <string.h>

#include "ggsw.h"
#include "workspace.h"

void tnn_external_product(tnn_workspace *w, uint32_t *product, const tnn_ggsw *ggsw, const uint32_t *glwe) {
    if (!w || !product || !ggsw || !glwe) {
        return;
    }
    const size_t bytes = tnn_params_glwe_words(&w->execution.params) * sizeof *glwe;
    memcpy(w->difference, glwe, bytes);
    memset(product, 0, bytes);
    w->execution.engine->add_product(w->engine_scratch, product, ggsw->fourier, w->difference);
}

/* The difference is what the GGSW ciphertext multiplies; its product is added to when_zero. */
void tnn_cmux(tnn_workspace *w, uint32_t *chosen, const tnn_ggsw *ggsw, const uint32_t *when_zero,
              const uint32_t *when_one) {
    if (!w || !chosen || !ggsw || !when_zero || !when_one) {
        return;
    }
    const size_t words = tnn_params_glwe_words(&w->execution.params);
    for (size_t i = 0; i < words; i++) {
        w->difference[i] = when_one[i] - when_zero[i];
    }
    memcpy(chosen, when_zero, words * sizeof *chosen);
    w->execution.engine->add_product(w->engine_scratch, chosen, ggsw->fourier, w->difference);
}
