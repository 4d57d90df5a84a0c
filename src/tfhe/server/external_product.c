#include <string.h>

#include "ggsw.h"
#include "workspace.h"

void tnn_external_product(tnn_workspace *w, uint32_t *product, const tnn_ggsw *ggsw, const uint32_t *glwe) {
    const size_t bytes = tnn_params_glwe_words(&w->execution.params) * sizeof *glwe;
    memcpy(w->difference, glwe, bytes);
    memset(product, 0, bytes);
    w->execution.engine->add_product(w->engine_scratch, product, ggsw->fourier, w->difference);
}

void tnn_cmux(tnn_workspace *w, uint32_t *chosen, const tnn_ggsw *ggsw, const uint32_t *when_zero,
              const uint32_t *when_one) {
    const size_t words = tnn_params_glwe_words(&w->execution.params);
    for (size_t i = 0; i < words; i++) {
        w->difference[i] = when_one[i] - when_zero[i];
    }
    memcpy(chosen, when_zero, words * sizeof *chosen);
    w->execution.engine->add_product(w->engine_scratch, chosen, ggsw->fourier, w->difference);
}
