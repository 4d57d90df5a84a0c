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

/* One table each. Three steps for the whole batch, so that the key is read once: switch, rotate, extract. */
static bool holds_null(const void *const *pointers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!pointers[i]) {
            return true;
        }
    }
    return false;
}

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

/* lwe += step times coefficient 0 of X^position glwe. Coefficient 0 of X^p A is -A[N - p], and the mask at i of a
 * sample extract at 0 is A[-i]: extract from X^p glwe reads A[-i - p]. */
static void add_shifted_extract(const tnn_workspace *w, uint32_t *lwe, const uint32_t *glwe, uint32_t position,
                                uint32_t step) {
    const uint32_t N = w->execution.params.literal.N;
    const uint32_t k = w->execution.params.literal.k;
    for (uint32_t j = 0; j < k; j++) {
        const uint32_t *mask = glwe + (size_t)j * N;
        uint32_t *out = lwe + (size_t)j * N;
        for (uint32_t i = 0; i < N; i++) {
            uint32_t back = i + position; /* A[-back]: -A[N - back] up to N, then A[2N - back] */
            uint32_t value = back == 0 ? mask[0] : back <= N ? 0 - mask[N - back] : mask[2 * N - back];
            out[i] += step * value;
        }
    }
    const uint32_t *body = glwe + (size_t)k * N;
    lwe[(size_t)k * N] += step * (position == 0 ? body[0] : 0 - body[N - position]);
}

/* The product with a table's steps, of which only coefficient 0 is wanted: count (k N + 1) multiply-adds. */
static void extract_table(const tnn_workspace *w, uint32_t *lwe, const uint32_t *glwe, const tnn_step_table *table) {
    memset(lwe, 0, (tnn_params_big_dimension(&w->execution.params) + 1) * sizeof *lwe);
    for (size_t i = 0; i < table->count; i++) {
        add_shifted_extract(w, lwe, glwe, table->positions[i], (uint32_t)table->steps[i]);
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
    for (size_t i = 0; i < count * tables_each; i++) {
        const tnn_step_table *table = &tables[i / tables_each][i % tables_each];
        extract_table(w, big + i * big_words, w->accumulators + i / tables_each * glwe_words, table);
    }
}
