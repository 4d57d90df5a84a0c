/*
 * What the keys that a client makes hold. S is k polynomials of N bits, or k N bits in a row; s has n bits and is the
 * start of S where parameters ask for a shared prefix, so that a key switch has only k N - n coordinates to bring over
 * (eprint 2023/979, section 3). The evaluation key is all that a server gets: encryptions of s under S, and of the rest
 * of S under s, as bodies. That encryptions of keys under each other are safe is the circular security that all of TFHE
 * assumes.
 */
#ifndef TNN_TFHE_KEYS_H
#define TNN_TFHE_KEYS_H

#include "params.h"
#include "random.h"

#define TNN_KEY_ID_BYTES 16u

/* Drawn at key generation and carried by everything made with the key, so that mixed-up objects are noticed. Public. */
typedef struct tnn_key_id {
    uint8_t bytes[TNN_KEY_ID_BYTES];
} tnn_key_id;

struct tnn_secret_key {
    tnn_params params;
    tnn_key_id id;
    uint32_t *big;   /* S: [k N] bits, secret memory; NULL where nothing is bootstrapped */
    uint32_t *small; /* s: [n] bits; the start of `big` where the prefix is shared, else secret memory of its own */
};

struct tnn_eval_key {
    tnn_params params;
    tnn_key_id id;
    tnn_seed seed;
    uint8_t *bootstrapping; /* [n][(k+1) l][N] coefficients of bsk_bytes bytes: bodies on Z/2^(8 bsk_bytes); NULL where
                               nothing is bootstrapped */
    uint32_t *switching;    /* [k N - n][t] bodies on Z/2^32, NULL without key switch */
};

/* Empty keys with memory for their parameters, for generation and for reading from bytes. */
TNN_MUST_USE tnn_status tnn_secret_key_new(tnn_secret_key **secret, const tnn_params *params);
TNN_MUST_USE tnn_status tnn_eval_key_new(tnn_eval_key **eval, const tnn_params *params);

/* Told on the calling thread how many of the n GGSW ciphertexts are made; false ends the work. */
typedef struct tnn_key_watch {
    bool (*progress)(void *user, uint64_t done, uint64_t total); /* may be NULL */
    void *user;
} tnn_key_watch;

/* tnn_eval_key_generate with a watch: TNN_ERR_CANCELLED where it ends the work. */
TNN_MUST_USE tnn_status tnn_eval_key_generate_watched(tnn_eval_key **eval, const tnn_secret_key *secret,
                                                      unsigned threads, tnn_key_watch watch);

/* Bytes of tnn_eval_key's two arrays. */
size_t tnn_bootstrapping_body_bytes(const tnn_params *params);
size_t tnn_switching_body_words(const tnn_params *params);

/* Streams of the evaluation key's seed: one for each row of each GGSW, then one for each key-switching ciphertext. */
static inline uint64_t tnn_bootstrapping_stream(size_t ggsw_row) {
    return ggsw_row;
}
static inline uint64_t tnn_switching_stream(size_t ciphertext) {
    return ((uint64_t)1 << 32) + ciphertext;
}

bool tnn_key_id_equal(const tnn_key_id *a, const tnn_key_id *b);

#endif
