/*
 * torusnn/tfhe.h: the TFHE core, usable without any network.
 *
 * CONVENTIONS
 *
 * Arguments come in this order: context (parameters, key, workspace), outputs, in/out, inputs; a length stands after
 * its array. Functions that can fail return tnn_status; functions that cannot are void. All array arguments are
 * borrowed for the length of the call; a function named *_create, *_generate or *_expand gives an object that the
 * caller frees with the matching *_free (NULL is allowed there). Unless an entry says otherwise, const objects may be
 * shared by any number of threads, and objects passed without const must be used by one thread at a time.
 *
 * NULL. A pointer may be NULL only where its entry says so. For any other one, and for an entry that is NULL in an
 * array of pointers, functions that return a tnn_status return TNN_ERR_MISUSE, those that return nothing do nothing,
 * those that return a pointer return NULL, and those that return a number return 0, but a variance is then NaN. Arrays
 * of length 0 may be NULL where a length of 0 is allowed.
 *
 * SYMBOLS (the same in every file of this library)
 *
 *   n         dimension of the small LWE key s, uniform in {0,1}^n
 *   N, k      ring degree (a power of two) and rank of the GLWE key S, uniform in {0,1}^(k N)
 *   N', k'    ring degree and rank of the small key seen as a module key, N' k' = n
 *   q         modulus; the torus T is Z/q with q = 2^32 unless said otherwise, and t in Z/q stands for t/q in R/Z
 *   sigma     standard deviation of encryption noise, as a fraction of the torus (that is, divided by q)
 *   Bg, l     gadget base (Bg = 2^bs_base_log) and number of levels of the bootstrapping key
 *   B, t      gadget base (B = 2^ks_base_log) and number of levels of the key-switching key
 *   v         log2 of the polynomials that a table is split into
 *   phase     b - <a, s>: message plus noise
 *
 * SHAPES (all uint32_t on the torus Z/2^32)
 *
 *   small LWE ciphertext    [n + 1]       mask a, then body b
 *   big LWE ciphertext      [k N + 1]     the same under S read as one long LWE key (S_1's coefficients first)
 *   GLWE ciphertext         [k + 1][N]    mask polynomials, then body polynomial, over Z[X]/(X^N + 1)
 *   test polynomial         [2^v N]       the table a blind rotation reads; see tnn_bootstrap
 *   accumulator             [2^v][k + 1][N]   what a blind rotation turns: GLWE ciphertexts, one of each residue r of a
 *                                         polynomial of degree 2^v N, of its coefficients 2^v t + r
 *
 * Every ciphertext decrypts to its message plus noise. Each operation states its noise variance as a function of the
 * parameters; nothing here is exact.
 */
#ifndef TORUSNN_TFHE_H
#define TORUSNN_TFHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torusnn/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------- parameters -- */

/** Which row of the security curve parameters are held against. */
typedef enum tnn_security {
    TNN_SECURITY_128_MARGIN = 0, /* the 132-bit row: 128 bits with a margin for sample optimization; the default */
    TNN_SECURITY_128 = 1,        /* the 128-bit row, which is to be relied on for 125 bits (docs/DESIGN.md) */
} tnn_security;

/* Limits that every parameter set, from code or from bytes, must respect. */

/** Most n. */
#define TNN_MAX_LWE_DIMENSION 2048u
/** Least n. */
#define TNN_MIN_LWE_DIMENSION 600u
/** Most N. */
#define TNN_MAX_RING_DEGREE 16384u
/** Least N. */
#define TNN_MIN_RING_DEGREE 256u
/** Most k. */
#define TNN_MAX_RANK 6u
/** Most v; a table has at most TNN_MAX_RING_DEGREE positions. */
#define TNN_MAX_LOG2_SPLIT 3u
/** Most l and t. */
#define TNN_MAX_LEVELS 16u

/** The numbers that define a parameter set. Checked once, by tnn_params_create.
 *
 * A set may do without bootstraps: k, N, glwe_log2_sigma, bs_*, ks_* are then 0 and shared_prefix is false. It has no
 * S, its keys hold s alone, and of the operations below only those of small LWE ciphertexts and of packed inputs are
 * for it; the others that can fail return TNN_ERR_MISUSE. */
typedef struct tnn_params_literal {
    uint32_t n;             /* small LWE dimension, TNN_MIN_LWE_DIMENSION to TNN_MAX_LWE_DIMENSION */
    uint32_t input_N;       /* N', a power of two that divides n */
    uint32_t input_bits;    /* inputs live on Z/2^input_bits: 16 or 32 */
    double lwe_log2_sigma;  /* log2 of the small key's noise */
    uint32_t k;             /* GLWE rank, 1 to TNN_MAX_RANK; 0 without bootstraps */
    uint32_t N;             /* ring degree, TNN_MIN_RING_DEGREE to TNN_MAX_RING_DEGREE */
    double glwe_log2_sigma; /* log2 of the bootstrapping key's noise */
    uint32_t bs_base_log;   /* log2 Bg; bs_base_log * bs_levels is at most 31 */
    uint32_t bs_levels;     /* l */
    uint32_t ks_base_log;   /* log2 B; 0 where no key-switching key is wanted */
    uint32_t ks_levels;     /* t; 0 where no key-switching key is wanted */
    bool shared_prefix;     /* s is the first n coordinates of S (eprint 2023/979, section 3); key switch needs it */
    uint32_t log2_split;    /* v, 0 to TNN_MAX_LOG2_SPLIT; of no concern to keys, which leave it out */
} tnn_params_literal;

/** A checked, immutable parameter set. */
typedef struct tnn_params tnn_params;

/**
 * Checks a literal against the limits and the security curve.
 *
 * Args:    literal   the numbers; copied
 *          security  the row of the curve that both keys' noise must reach
 * Out:     params    the checked set; free with tnn_params_free
 * Returns: TNN_ERR_MISUSE for an unknown row; TNN_ERR_MALFORMED for a value outside its bound; TNN_ERR_INSECURE for
 *          noise below the curve; TNN_ERR_LIMIT, on machines of 32 bits, for keys beyond their memory; TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_params_create(tnn_params **params, const tnn_params_literal *literal,
                                                  tnn_security security);
/** Frees a parameter set; NULL is allowed. */
TNN_API void tnn_params_free(tnn_params *params);

/** The numbers of a set, which live as long as it. */
TNN_API const tnn_params_literal *tnn_params_get(const tnn_params *params);

/** Coordinates of a big LWE mask: k N; 0 without bootstraps. */
TNN_API size_t tnn_params_big_dimension(const tnn_params *params);

/** Bytes in memory, known before anything exists: server key, workspace, expanded masks. */
TNN_API size_t tnn_params_server_key_bytes(const tnn_params *params);
/** Bytes of a workspace for `batch` ciphertexts. */
TNN_API size_t tnn_params_workspace_bytes(const tnn_params *params, size_t batch);
/** Bytes of the expanded masks of `count` packed elements. */
TNN_API size_t tnn_params_packed_masks_bytes(const tnn_params *params, size_t count);

/**
 * How external products are computed under a set on this processor. Results differ in rounding only.
 *
 * Returns: "quad" for up to four polynomials at once, "single" for one at a time, "none" without bootstraps; static.
 */
TNN_API const char *tnn_params_engine(const tnn_params *params);

/**
 * How many bootstraps of one thread are cheapest together: enough to share each fetch of the bootstrapping key, few
 * enough for the processor's caches. More at once are done in parts, so more gain nothing.
 *
 * Returns: at least 1.
 */
TNN_API size_t tnn_params_batch(const tnn_params *params);

/** One shipped set and what it is for. */
typedef struct tnn_shipped_params {
    const char *name;           /* short */
    const char *purpose;        /* a sentence */
    tnn_params_literal literal; /* the set */
} tnn_shipped_params;

/** The shipped sets, cheapest bootstrap first; all are on or above the 132-bit row. Static. */
TNN_API const tnn_shipped_params *tnn_shipped_params_list(size_t *count);

/**
 * The smallest noise that a uniform binary secret of this dimension may have.
 *
 * Interpolates lattice-estimator results (commit 27a581b, MATZOV cost model, minimum over uSVP, BDD, dual hybrid) on
 * the side of more noise.
 *
 * Args:    dimension  LWE dimension (or k N), 450 to 4096; beyond 4096 the value at 4096 holds; below 450, or for an
 *                     unknown row, +infinity
 * Returns: log2 of sigma.
 */
TNN_API double tnn_security_min_log2_sigma(uint32_t dimension, tnn_security security);

/* ---------------------------------------------------------------------------------------------------- keys -- */

/** The client's secret: s and S, in guarded memory, wiped when freed. */
typedef struct tnn_secret_key tnn_secret_key;

/** What the server needs, as it crosses the wire: one public seed and the bodies of every mask it expands to. */
typedef struct tnn_eval_key tnn_eval_key;

/** What the server computes with: the bootstrapping key in the Fourier domain and the key-switching key. */
typedef struct tnn_server_key tnn_server_key;

/**
 * Draws a fresh secret key.
 *
 * Returns: TNN_ERR_MISUSE, TNN_ERR_MEMORY, TNN_ERR_RANDOM.
 */
TNN_API TNN_MUST_USE tnn_status tnn_secret_key_generate(tnn_secret_key **secret, const tnn_params *params);
/** Frees a secret key, and wipes it; NULL is allowed. */
TNN_API void tnn_secret_key_free(tnn_secret_key *secret);

/**
 * Encrypts s under S (bootstrapping key) and the tail of S under s (key-switching key), seeded.
 *
 * Args:    secret   the key pair's secret half
 *          threads  1 to TNN_MAX_THREADS; started for this call and joined before it returns
 * Returns: TNN_ERR_MISUSE, TNN_ERR_MEMORY, TNN_ERR_THREADS.
 */
TNN_API TNN_MUST_USE tnn_status tnn_eval_key_generate(tnn_eval_key **eval, const tnn_secret_key *secret,
                                                      unsigned threads);
/** Frees an evaluation key; NULL is allowed. */
TNN_API void tnn_eval_key_free(tnn_eval_key *eval);

/**
 * Expands the seed and takes the bootstrapping key to the Fourier domain. Costs n (k+1)^2 l FFTs.
 *
 * The evaluation key is not needed afterwards.
 * Returns: TNN_ERR_MISUSE, TNN_ERR_MEMORY, TNN_ERR_THREADS.
 */
TNN_API TNN_MUST_USE tnn_status tnn_server_key_expand(tnn_server_key **server, const tnn_eval_key *eval,
                                                      unsigned threads);
/** Frees a server key; NULL is allowed. */
TNN_API void tnn_server_key_free(tnn_server_key *server);

/** The parameters an object was made with, but for log2_split, which is 0; live as long as the object. */
TNN_API const tnn_params *tnn_secret_key_params(const tnn_secret_key *secret);
/** The parameters of the key, which live as long as it. */
TNN_API const tnn_params *tnn_eval_key_params(const tnn_eval_key *eval);
/** The parameters of the key, which live as long as it. */
TNN_API const tnn_params *tnn_server_key_params(const tnn_server_key *server);

/* --------------------------------------------------------------------------------------------- LWE and GLWE -- */

/** Which half of the secret key an LWE ciphertext is under. */
typedef enum tnn_key_part {
    TNN_KEY_SMALL, /* s: ciphertexts of n + 1 words */
    TNN_KEY_BIG,   /* S read as an LWE key: ciphertexts of k N + 1 words */
} tnn_key_part;

/**
 * Encrypts one torus element. Noise variance sigma^2 of that key part, where sigma is at least 2^-30: on Z/2^32
 * anything narrower would be rounded away.
 *
 * Out:     lwe  [n + 1] or [k N + 1]
 * Returns: TNN_ERR_MISUSE for an unknown part, or TNN_KEY_BIG without bootstraps.
 */
TNN_API TNN_MUST_USE tnn_status tnn_lwe_encrypt(const tnn_secret_key *secret, tnn_key_part part, uint32_t *lwe,
                                                uint32_t message);

/** The phase of an LWE ciphertext: message plus noise. Runs in time independent of the key. */
TNN_API uint32_t tnn_lwe_phase(const tnn_secret_key *secret, tnn_key_part part, const uint32_t *lwe);

/**
 * The dot product of big LWE ciphertexts with integer weights. Noise variance: sum of weights^2 times each input's.
 *
 * Out:     lwe      [k N + 1]
 * Args:    inputs   [count][k N + 1]
 *          weights  [count]
 */
TNN_API void tnn_lwe_dot(const tnn_params *params, uint32_t *lwe, const uint32_t *inputs, const int16_t *weights,
                         size_t count);

/**
 * Encrypts a polynomial under S. Noise variance sigma^2 a coefficient, where sigma is at least 2^-30.
 *
 * Out:     glwe     [k + 1][N]
 * Args:    message  [N]
 * Returns: TNN_ERR_MISUSE, TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_glwe_encrypt(const tnn_secret_key *secret, uint32_t *glwe, const uint32_t *message);

/** The phase polynomial [N] of a GLWE ciphertext [k + 1][N]. Returns TNN_ERR_MISUSE, TNN_ERR_MEMORY. */
TNN_API TNN_MUST_USE tnn_status tnn_glwe_phase(const tnn_secret_key *secret, uint32_t *phase, const uint32_t *glwe);

/**
 * The big LWE ciphertext of one coefficient of a GLWE ciphertext. Adds no noise.
 *
 * Out:     lwe    [k N + 1]
 * Args:    glwe   [k + 1][N]
 *          index  the coefficient, below N
 */
TNN_API void tnn_sample_extract(const tnn_params *params, uint32_t *lwe, const uint32_t *glwe, size_t index);

/* ---------------------------------------------------------------------------------------------- packed input -- */

/**
 * A vector of small integers under the small key seen as a module key of rank k' and degree N': a seed and one word
 * per element. Its dot product with integer weights is a small LWE ciphertext, ready for blind rotation.
 */
typedef struct tnn_packed tnn_packed;

/** A packed ciphertext whose masks are expanded, ready for many dot products. */
typedef struct tnn_packed_masks tnn_packed_masks;

/**
 * Encrypts a vector. Noise variance sigma^2 an element, of the small key.
 *
 * Args:    messages  [count], on Z/2^input_bits
 *          count     1 to 2^24
 * Returns: TNN_ERR_MISUSE, TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_packed_encrypt(const tnn_secret_key *secret, tnn_packed **packed,
                                                   const uint32_t *messages, size_t count);
/** Frees packed inputs; NULL is allowed. */
TNN_API void tnn_packed_free(tnn_packed *packed);

/** Scratch for tnn_packed_dot over vectors of `count` elements. Returns TNN_ERR_MISUSE, TNN_ERR_MEMORY. */
TNN_API TNN_MUST_USE tnn_status tnn_packed_masks_create(tnn_packed_masks **masks, const tnn_params *params,
                                                        size_t count);
/** Frees expanded inputs; NULL is allowed. */
TNN_API void tnn_packed_masks_free(tnn_packed_masks *masks);

/** Expands the masks of a ciphertext. Returns TNN_ERR_MISUSE for another length or other input_bits. */
TNN_API TNN_MUST_USE tnn_status tnn_packed_expand(tnn_packed_masks *masks, const tnn_packed *packed);

/**
 * The dot product of encrypted elements with integer weights.
 *
 * Noise variance |weights|_2^2 sigma^2.
 * Out:     lwe      [n + 1] on Z/2^32 (input_bits = 16 is shifted up)
 * Args:    weights  [count]
 */
TNN_API void tnn_packed_dot(const tnn_packed_masks *masks, uint32_t *lwe, const int16_t *weights);

/* ---------------------------------------------------------------------------- GGSW, external product, CMux -- */

/** A GGSW encryption of a small integer, in the Fourier domain. */
typedef struct tnn_ggsw tnn_ggsw;

/** Scratch of one thread: everything the operations below write, allocated once. */
typedef struct tnn_workspace tnn_workspace;

/** Returns TNN_ERR_MISUSE, TNN_ERR_MEMORY. batch: the most ciphertexts a blind rotation will advance together. */
TNN_API TNN_MUST_USE tnn_status tnn_workspace_create(tnn_workspace **workspace, const tnn_params *params, size_t batch);
/** Frees a workspace; NULL is allowed. */
TNN_API void tnn_workspace_free(tnn_workspace *workspace);

/** Encrypts a bit as GGSW. Returns TNN_ERR_MISUSE, TNN_ERR_MEMORY. */
TNN_API TNN_MUST_USE tnn_status tnn_ggsw_encrypt(const tnn_secret_key *secret, tnn_ggsw **ggsw, bool message);
/** Frees a GGSW ciphertext; NULL is allowed. */
TNN_API void tnn_ggsw_free(tnn_ggsw *ggsw);

/**
 * product = ggsw (x) glwe: a GLWE encryption of the product of both messages (eprint 2018/421, section 3).
 *
 * Noise: tnn_variance_external_product, plus the input's where the GGSW message is 1.
 * Out:     product  [k + 1][N]; may be glwe itself
 */
TNN_API void tnn_external_product(tnn_workspace *workspace, uint32_t *product, const tnn_ggsw *ggsw,
                                  const uint32_t *glwe);

/**
 * CMux: chosen = ggsw ? when_one : when_zero, without knowing which (eprint 2018/421, section 3.4).
 *
 * Out:     chosen  [k + 1][N]; none of the inputs
 */
TNN_API void tnn_cmux(tnn_workspace *workspace, uint32_t *chosen, const tnn_ggsw *ggsw, const uint32_t *when_zero,
                      const uint32_t *when_one);

/* --------------------------------------------------------------- key switch, modulus switch, blind rotation -- */

/**
 * Brings a big LWE ciphertext under the small key. The coordinates that both keys share pass through (eprint
 * 2023/979, section 3), the others are switched with a gadget decomposition.
 *
 * Noise: tnn_variance_key_switch.
 * Out:     small  [n + 1]
 * Args:    big    [k N + 1]
 * Returns: TNN_ERR_MISUSE where the parameters have no key-switching key.
 */
TNN_API TNN_MUST_USE tnn_status tnn_key_switch(const tnn_server_key *server, uint32_t *small, const uint32_t *big);

/**
 * Centred modulus switch from 2^32 to 2^(v+1) N: the expected part of the rounding error, which is public, goes into
 * the body, ties of the rounding go to even (mean compensation: eprint 2025/809). Noise: tnn_variance_modulus_switch.
 *
 * Out:     positions  [n + 1], each below 2^(v+1) N
 * Args:    lwe        [n + 1]
 */
TNN_API void tnn_modulus_switch(const tnn_params *params, uint32_t *positions, const uint32_t *lwe);

/**
 * Multiplies each accumulator by X^-phase: a batch shares each GGSW of the bootstrapping key while it is in cache
 * (eprint 2018/421, section 4; split accumulators: eprint 2023/402 and eprint 2025/2214). v is the workspace's.
 *
 * In/Out:  accumulators  [count][2^v][k + 1][N]; of the results the first residue, the others hold nothing of use
 * Args:    positions     [count][n + 1], from tnn_modulus_switch
 *          count         at most the workspace's batch
 * Noise:   adds tnn_variance_blind_rotation to every coefficient.
 * Allocates nothing, takes no lock.
 */
TNN_API void tnn_blind_rotate(const tnn_server_key *server, tnn_workspace *workspace, uint32_t *accumulators,
                              const uint32_t *positions, size_t count);

/**
 * Programmable bootstrap of a batch: reads a table at each ciphertext's phase.
 *
 * With P = 2^v N, phase p of the torus reads test[round(2P p)] on the half [0, 1/2) and the negated entry P below it on
 * [1/2, 1).
 * Out:     big    [count][k N + 1], fresh noise of variance tnn_variance_blind_rotation
 * Args:    small  [count][n + 1]
 *          tests  [count] pointers to test polynomials [P]
 *          count  at most the workspace's batch
 */
TNN_API void tnn_bootstrap(const tnn_server_key *server, tnn_workspace *workspace, uint32_t *big, const uint32_t *small,
                           const uint32_t *const *tests, size_t count);

/** One table of a multi-value bootstrap: the steps between its neighbouring entries, those that are not zero. */
typedef struct tnn_step_table {
    const uint32_t *positions; /* [count], rising, below N */
    const int32_t *steps;      /* [count]: g[p] - g[p - 1], and g[0] + g[N - 1] at p = 0, of integer entries g */
    size_t count;              /* steps */
} tnn_step_table;

/**
 * Several tables from one rotation each (eprint 2018/622, section 4): rotates the constant polynomial unit/2 and
 * multiplies the result by each table's steps. Does nothing where v is not 0: a split rotation computes one
 * coefficient.
 *
 * Noise:   tnn_variance_steps of each table; tables of one ciphertext share the noise of its rotation.
 * Out:     big     [count][tables_each][k N + 1], encrypting unit * g(phase)
 * Args:    small   [count][n + 1]
 *          tables  [count] pointers to [tables_each]
 *          unit    torus weight of one, even
 */
TNN_API void tnn_bootstrap_many(const tnn_server_key *server, tnn_workspace *workspace, uint32_t *big,
                                const uint32_t *small, const tnn_step_table *const *tables, size_t tables_each,
                                uint32_t unit, size_t count);

/* ---------------------------------------------------------------------------------------------------- noise -- */

/* Variances are fractions of the torus squared. Each formula stands in src/tfhe/noise.c with its source. */

TNN_API double tnn_variance_small(const tnn_params *params);            /* fresh, small key or packed input */
TNN_API double tnn_variance_external_product(const tnn_params *params); /* added by one, message 1 */
TNN_API double tnn_variance_blind_rotation(const tnn_params *params);   /* added by n CMuxes */
TNN_API double tnn_variance_steps(const tnn_params *params, const tnn_step_table *table); /* of one of several tables */
TNN_API double tnn_variance_key_switch(const tnn_params *params);                         /* added by one */
TNN_API double tnn_variance_modulus_switch(const tnn_params *params);                     /* added by one */

#ifdef __cplusplus
}
#endif
#endif
