/* Parameters, keys and noise measures that the tests of the TFHE core share. */
#ifndef SUPPORT_KEY_FIXTURE_H
#define SUPPORT_KEY_FIXTURE_H

#include "keys.h"

struct tnn_execution; /* server/engine.h: left open, so that tests of the client room can include this file */
struct tnn_engine;

const tnn_params_literal *shipped_literal(const char *name);
tnn_params *shipped_params(const char *name);
tnn_params *params_of(const tnn_params_literal *literal);

/* The engine of a name, "single" or "quad", for programs that are run once for each; NULL for another name. */
const struct tnn_engine *engine_named(const char *name);

/* Whether the instruction set that the library chooses here runs it: single always, quad from four doubles a register
 * on. */
bool engine_runs(const struct tnn_engine *engine);

/* What a program returns that is run for an engine which does not run here. */
#define SKIPPED 77

/*
 * The cheapest set that the checks let pass, with a key switch: keys take milliseconds. Its GLWE noise is so large that
 * external products do not decrypt; key switches and encryptions do.
 */
tnn_params_literal tiny_literal(void);

/*
 * A secret key of exactly half ones in s, in the tail of S beyond a shared prefix, and (with k > 1 up to one bit) in
 * each S_j. The formulas average over keys; with n bits the weight of a random key is off by 1/sqrt(n), 4 % at n = 640,
 * which would hide an error of 10 % in a measured variance.
 */
tnn_secret_key *balanced_secret_key(const tnn_params *params);

/* The same with as many more ones in each as `deviations` standard deviations are. */
tnn_secret_key *secret_key_off(const tnn_params *params, double deviations);

/* A secret key, balanced unless its deviations say otherwise, and what the server computes with. */
typedef struct key_set {
    tnn_params *params;
    double deviations;
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    tnn_server_key *server;
    tnn_workspace *workspace;
} key_set;

/* Takes over the parameters. On the faster engine, or for an execution of the same parameters. */
void make_keys(key_set *keys, tnn_params *params, size_t batch);
void make_keys_off(key_set *keys, tnn_params *params, double deviations, size_t batch);
void make_keys_for(key_set *keys, tnn_params *params, const struct tnn_execution *execution, size_t batch);
void make_keys_off_for(key_set *keys, tnn_params *params, double deviations, const struct tnn_execution *execution,
                       size_t batch);
void free_keys(key_set *keys);

/* A fresh seed. */
tnn_seed draw_seed(void);

/* The difference a - b on the torus, in [-1/2, 1/2). */
double torus_difference(uint32_t a, uint32_t b);

/* Positions [n + 1] below 2N with a random mask whose phase is `target`. */
void draw_positions(const tnn_secret_key *secret, uint32_t *positions, uint32_t target);

/* b - <a, s> modulo 2^(v+1) N of the parameters, of which keys leave v out. */
uint32_t position_phase(const tnn_params *params, const tnn_secret_key *secret, const uint32_t *positions);

/*
 * A random test polynomial without mask, and positions [n + 1] that rotate it to a random place: accumulator [k +
 * 1][N], and the body that comes out, expected [N].
 */
void prepare_rotation_of(const tnn_secret_key *secret, uint32_t *accumulator, uint32_t *expected, uint32_t *positions);

/* Phase of one coefficient of a GLWE ciphertext. */
uint32_t coefficient_phase(const tnn_secret_key *secret, const uint32_t *glwe, size_t index);

/* Mean square, over coefficients spread evenly, of the phase's distance from `expected` [N]. */
double mean_square_error(const tnn_secret_key *secret, const uint32_t *glwe, const uint32_t *expected);

#endif
