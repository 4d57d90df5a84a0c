/*
 * Programmable bootstrap: a table is read at an encrypted position (eprint 2018/421, section 4; several tables of one
 * rotation: eprint 2018/622).
 *
 * The table is the test polynomial v, and the accumulator starts as the trivial GLWE ciphertext (0, ..., 0, v). Blind
 * rotation multiplies it by X^-p, where p in [0, 2N) is the phase of the positions. Coefficient 0 of X^-p v is
 *
 *     v[p] for p < N,        -v[p - N] for p >= N,
 *
 * and sample extract takes it out. What noise the input had decides which entry is read; the output's is the blind
 * rotation's alone.
 *
 *     small [count][n+1] -> positions [count][n+1] -> accumulators [count][k+1][N] -> big [count][k N + 1]
 *
 * A split table is longer, an accumulator several ciphertexts, and the coefficient is residue 0's: split.h.
 */
#include <string.h>

#include "server_key.h"
#include "split.h"
#include "workspace.h"

/* The positions of a batch of small ciphertexts, in the workspace. */
static void switch_batch(tnn_workspace *w, const uint32_t *small, size_t count) {
    const size_t words = (size_t)w->execution.params.literal.n + 1;
    for (size_t b = 0; b < count; b++) {
        tnn_modulus_switch(&w->execution.params, w->positions + b * words, small + b * words);
    }
}

/* GLWE ciphertexts of a table's residues without mask or noise: their phase is the table under every key. */
static void set_trivial(const tnn_params *params, uint32_t *accumulator, const uint32_t *table) {
    const size_t mask_words = tnn_params_big_dimension(params);
    const uint32_t residues = tnn_split_residues(params);
    for (uint32_t r = 0; r < residues; r++, accumulator += tnn_params_glwe_words(params)) {
        memset(accumulator, 0, mask_words * sizeof *accumulator);
        for (size_t t = 0; t < params->literal.N; t++) {
            accumulator[mask_words + t] = table[t * residues + r];
        }
    }
}

static bool holds_null(const void *const *pointers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!pointers[i]) {
            return true;
        }
    }
    return false;
}

/* One table each. Three steps for the whole batch, so that the key is read once: switch, rotate, extract. */
void tnn_bootstrap(const tnn_server_key *server, tnn_workspace *w, uint32_t *big, const uint32_t *small,
                   const uint32_t *const *tests, size_t count) {
    if (!server || !w || !big || !small || !tests || holds_null((const void *const *)tests, count)) {
        return;
    }
    const size_t split_words = tnn_split_words(&w->execution.params);
    const size_t big_words = tnn_params_big_dimension(&w->execution.params) + 1;
    switch_batch(w, small, count);
    for (size_t b = 0; b < count; b++) {
        set_trivial(&w->execution.params, w->accumulators + b * split_words, tests[b]);
    }
    tnn_blind_rotate(server, w, w->accumulators, w->positions, count);
    for (size_t b = 0; b < count; b++) {
        tnn_sample_extract(&w->execution.params, big + b * big_words, w->accumulators + b * split_words, 0);
    }
}

/* reversed [2N] from A [N]: A[-t] at t, with A[-t] = -A[N - t]. What is read of A at falling places lies in a row. */
static void reverse(uint32_t *reversed, const uint32_t *polynomial, uint32_t N) {
    reversed[0] = polynomial[0];
    reversed[N] = 0 - polynomial[0];
    for (uint32_t t = 1; t < N; t++) {
        reversed[N - t] = 0 - polynomial[t];
        reversed[2 * N - t] = polynomial[t];
    }
}

/* The products of one rotation with its tables' steps, of which only coefficient 0 is wanted. A sample extract at 0
 * reads A[-i] for word i of the mask and A[0] for the body; from X^p A it reads A[-i - p]. Takes steps (k N + 1)
 * multiply-adds. lwe [tables_each][k N + 1]; the workspace's difference, free after a rotation, has room for 2N. */
static void extract_tables(tnn_workspace *w, uint32_t *lwe, const uint32_t *glwe, const tnn_step_table *tables,
                           size_t tables_each) {
    const uint32_t N = w->execution.params.literal.N;
    const uint32_t k = w->execution.params.literal.k;
    const size_t big_words = (size_t)k * N + 1;
    memset(lwe, 0, tables_each * big_words * sizeof *lwe);
    for (uint32_t j = 0; j <= k; j++) {
        reverse(w->difference, glwe + (size_t)j * N, N);
        for (size_t m = 0; m < tables_each; m++) {
            uint32_t *out = lwe + m * big_words + (size_t)j * N;
            for (size_t i = 0; i < tables[m].count; i++) {
                w->kernels->add_scaled(out, w->difference + tables[m].positions[i], (uint32_t)tables[m].steps[i],
                                       j < k ? N : 1);
            }
        }
    }
}

/* The trivial GLWE ciphertext of value (1 + X + ... + X^(N-1)). */
static void set_constant(const tnn_params *params, uint32_t *glwe, uint32_t value) {
    const size_t mask_words = tnn_params_big_dimension(params);
    memset(glwe, 0, mask_words * sizeof *glwe);
    for (size_t t = 0; t < params->literal.N; t++) {
        glwe[mask_words + t] = value;
    }
}

/* With v = (unit / 2)(1 + X + ... + X^(N-1)) and (1 - X)(1 + ... + X^(N-1)) = 1 - X^N = 2, the table unit g is v (1 -
 * X) g. Coefficient p of (1 - X) g is the step g[p] - g[p-1], with g[-1] = -g[N-1] at p = 0. So X^-phase v is the one
 * rotation that all tables share, and each table is a product with its few steps. The product multiplies the rotation's
 * noise by the steps as well: tnn_variance_steps. */
void tnn_bootstrap_many(const tnn_server_key *server, tnn_workspace *w, uint32_t *big, const uint32_t *small,
                        const tnn_step_table *const *tables, size_t tables_each, uint32_t unit, size_t count) {
    if (!server || !w || !big || !small || !tables || holds_null((const void *const *)tables, count) ||
        w->execution.params.literal.log2_split > 0) {
        return;
    }
    const size_t glwe_words = tnn_params_glwe_words(&w->execution.params);
    const size_t big_words = tnn_params_big_dimension(&w->execution.params) + 1;
    switch_batch(w, small, count);
    for (size_t b = 0; b < count; b++) {
        set_constant(&w->execution.params, w->accumulators + b * glwe_words, unit / 2);
    }
    tnn_blind_rotate(server, w, w->accumulators, w->positions, count);
    for (size_t b = 0; b < count; b++) {
        extract_tables(w, big + b * tables_each * big_words, w->accumulators + b * glwe_words, tables[b], tables_each);
    }
}
