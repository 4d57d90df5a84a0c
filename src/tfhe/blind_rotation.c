#include "keys.h"
#include "workspace.h"

/* accumulator += ggsw (x) (X^exponent - 1) accumulator: a CMux between the accumulator and its rotation. */
static void rotate_by_key_bit(tnn_workspace *w, uint32_t *accumulator, const double *ggsw, uint32_t exponent) {
    const uint32_t N = w->params.literal.N;
    for (uint32_t c = 0; c <= w->params.literal.k; c++) {
        w->kernels->rotate_minus_one(w->difference + (size_t)c * N, accumulator + (size_t)c * N, N, exponent);
    }
    tnn_add_external_product(w, accumulator, ggsw);
}

/* X^-body on every polynomial, by way of the scratch of an external product. */
static void rotate_by_body(tnn_workspace *w, uint32_t *accumulator, uint32_t body) {
    const uint32_t N = w->params.literal.N;
    for (uint32_t c = 0; c <= w->params.literal.k; c++) {
        uint32_t *poly = accumulator + (size_t)c * N;
        w->kernels->rotate_minus_one(w->difference, poly, N, (2 * N - body) & (2 * N - 1));
        for (uint32_t t = 0; t < N; t++) {
            poly[t] += w->difference[t];
        }
    }
}

/* Key index outside, batch inside: each GGSW, (k+1)^2 l N doubles, is fetched once for the whole batch. Exponents are
 * public, so skipping the zeros tells nothing. */
void tnn_blind_rotate(const tnn_server_key *server, tnn_workspace *workspace, uint32_t *accumulators,
                      const uint32_t *positions, size_t count) {
    const uint32_t n = server->params.literal.n;
    const size_t glwe_words = tnn_params_glwe_words(&server->params);
    const size_t ggsw_doubles = tnn_params_ggsw_doubles(&server->params);
    for (size_t b = 0; b < count; b++) {
        rotate_by_body(workspace, accumulators + b * glwe_words, positions[b * (n + 1) + n]);
    }
    for (uint32_t i = 0; i < n; i++) {
        const double *ggsw = server->bootstrapping + i * ggsw_doubles;
        for (size_t b = 0; b < count; b++) {
            uint32_t exponent = positions[b * (n + 1) + i];
            if (exponent != 0) {
                rotate_by_key_bit(workspace, accumulators + b * glwe_words, ggsw, exponent);
            }
        }
    }
}
