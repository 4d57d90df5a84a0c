/*
 * Blind rotation (eprint 2018/421, section 4.2): accumulators that hold a test polynomial v become GLWE ciphertexts of
 *
 *     X^-(b - sum of a_i s_i) v   modulo X^N + 1,        a_i, b positions modulo 2N, s_i bits that nobody here knows.
 *
 * X^-b is public and turns words in place. Each s_i comes as a GGSW ciphertext, and a CMux chooses between the
 * accumulator and X^(a_i) times it:
 *
 *     acc <- acc + GGSW(s_i) x (X^(a_i) - 1) acc,        i = 0, ..., n - 1,
 *
 * n external products, which is where nearly all of the time goes. Accumulators of a batch pass each GGSW ciphertext
 * together: reading the key, tens of megabytes, is shared among them. Each CMux adds noise:
 * tnn_variance_blind_rotation.
 */
#include "server_key.h"
#include "workspace.h"

/* X^-body on every polynomial, by way of the scratch of an external product: the kernel gives (X^e - 1) poly with e =
 * 2N - body modulo 2N, and adding poly leaves X^e poly. */
static void rotate_by_body(tnn_workspace *w, uint32_t *accumulator, uint32_t body) {
    const uint32_t N = w->execution.params.literal.N;
    for (uint32_t c = 0; c <= w->execution.params.literal.k; c++) {
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
    if (!server || !workspace || !accumulators || !positions) {
        return;
    }
    const uint32_t n = server->execution.params.literal.n;
    const size_t glwe_words = tnn_params_glwe_words(&server->execution.params);
    for (size_t b = 0; b < count; b++) {
        rotate_by_body(workspace, accumulators + b * glwe_words, positions[b * (n + 1) + n]);
    }
    workspace->execution.engine->rotate(workspace->engine_scratch, accumulators, server->bootstrapping, positions,
                                        count);
}
