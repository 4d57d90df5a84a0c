/*
 * Blind rotation: accumulators times X^-phase, whose exponent stays unknown (eprint 2018/421, section 4).
 *
 * A small LWE ciphertext modulo 2N has the phase b - sum of a_i s_i. So
 *
 *     X^-phase = X^-b * product over i of X^(a_i s_i),        X^(a s) = 1 + s (X^a - 1)  for a bit s.
 *
 * X^-b is public: a shift. Each factor is a CMux between the accumulator and X^a_i times it, with the GGSW encryption
 * of s_i to choose: n external products, nearly all the time of a bootstrap. Exponents count modulo 2N because X^N =
 * -1.
 *
 * Every CMux adds its noise whatever the bit: tnn_variance_blind_rotation.
 */
#include "keys.h"
#include "workspace.h"

/* X^-body on every polynomial, by way of the scratch of an external product: the kernel gives (X^e - 1) poly with e =
 * 2N - body modulo 2N, and adding poly leaves X^e poly. */
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

/* Word n of each row of positions is the body: it is used here, and the n mask words behind this call. */
void tnn_blind_rotate(const tnn_server_key *server, tnn_workspace *workspace, uint32_t *accumulators,
                      const uint32_t *positions, size_t count) {
    const uint32_t n = server->params.literal.n;
    const size_t glwe_words = tnn_params_glwe_words(&server->params);
    for (size_t b = 0; b < count; b++) {
        rotate_by_body(workspace, accumulators + b * glwe_words, positions[b * (n + 1) + n]);
    }
    workspace->calls->rotate(workspace->engine, accumulators, server->bootstrapping, positions, count);
}
