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
 * tnn_variance_blind_rotation. A split table lies in several polynomials, and is rotated with Y in place of X: split.h.
 */
#include "server_key.h"
#include "split.h"
#include "workspace.h"

/* Y^-body on every polynomial, by way of the scratch of an external product: the difference between what a residue
 * becomes, with e = 2^(v+1) N - body, and what it is. */
static void rotate_by_body(tnn_workspace *w, uint32_t *accumulator, uint32_t body) {
    const tnn_params *params = &w->execution.params;
    const uint32_t exponent = 2 * tnn_params_positions(params) - body;
    for (uint32_t r = 0; r < tnn_split_residues(params); r++) {
        tnn_split_subtract(w->kernels, params, w->difference + r * tnn_params_glwe_words(params), accumulator, r,
                           exponent);
    }
    for (size_t t = 0; t < tnn_split_words(params); t++) {
        accumulator[t] += w->difference[t];
    }
}

/* Word n of each row of positions is the body: it is used here, and the n mask words behind this call. */
void tnn_blind_rotate(const tnn_server_key *server, tnn_workspace *workspace, uint32_t *accumulators,
                      const uint32_t *positions, size_t count) {
    if (!server || !workspace || !accumulators || !positions) {
        return;
    }
    const uint32_t n = server->execution.params.literal.n;
    const size_t split_words = tnn_split_words(&workspace->execution.params);
    for (size_t b = 0; b < count; b++) {
        rotate_by_body(workspace, accumulators + b * split_words, positions[b * (n + 1) + n]);
    }
    workspace->execution.engine->rotate(workspace->engine_scratch, accumulators, server->bootstrapping, positions,
                                        count);
}
