/*
 * torusnn/torusnn.h: run a quantized fully connected network on an encrypted image.
 *
 *     server                                          client
 *     tnn_model_load -> tnn_compile -> circuit
 *     tnn_circuit_spec ------------ spec -----------> tnn_spec_load
 *                                                     tnn_keygen -> secret key (stays), evaluation key
 *     tnn_evaluator_create <----- evaluation key ---- tnn_eval_key_save
 *     tnn_infer <-------------------- input --------- tnn_encrypt
 *               --------------------- output -------> tnn_decrypt -> logits, class
 *
 * In one process the same calls chain without bytes in between.
 *
 * WHAT IS PROTECTED. The server learns nothing about the image or the result (IND-CPA, semi-honest server). The client
 * never receives the weights, but logits reveal what logits reveal, and the noise of a result is not hidden from the
 * key's owner; results of a net of one layer give its weights away. Results are approximate: do not send decrypted
 * values, or whether they were right, back to the server (IND-CPA^D).
 *
 * CONVENTIONS. Arguments: context, outputs, in/out, inputs; lengths after their arrays. Every function that can fail
 * returns tnn_status; on failure object outputs are NULL and buffers are untouched. Objects that a function gives out
 * belong to the caller and are freed with the matching *_free (NULL allowed). Const objects may be shared by threads.
 *
 * NULL. A pointer may be NULL only where its entry says so. For any other one, and for an entry that is NULL in an
 * array of pointers, functions that return a tnn_status return TNN_ERR_MISUSE, those that return nothing do nothing,
 * those that return a pointer return NULL, and those that return a number return 0. An array whose length is given as 0
 * may be NULL where a length of 0 is allowed.
 *
 * BYTES. *_size says how many bytes *_save writes; *_load reads exactly one object and rejects anything else with
 * TNN_ERR_TRUNCATED, _MAGIC, _VERSION, _CORRUPT, _LIMIT, _MALFORMED or _INSECURE before it allocates by what it read.
 * docs/FORMATS.md has every layout; all are little-endian.
 */
#ifndef TORUSNN_TORUSNN_H
#define TORUSNN_TORUSNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torusnn/status.h>
#include <torusnn/tfhe.h> /* tnn_secret_key, tnn_eval_key and their *_free */

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------------------------------------- model -- */

/** Most layers of a model. */
#define TNN_MAX_LAYERS 64u
/** Most inputs, neurons or table outputs of one layer. */
#define TNN_MAX_WIDTH 65536u
/** Most weights of a whole model. */
#define TNN_MAX_WEIGHTS (1u << 28)
/** Most cells of a table. */
#define TNN_MAX_TABLE_CELLS 32768u
/** Most bytes of provenance. */
#define TNN_MAX_PROVENANCE 65536u

/** A quantized network: integer weights, a table for each neuron. Immutable. */
typedef struct tnn_model tnn_model;

/** Shape of a model, for people and for buffers. */
typedef struct tnn_model_info {
    uint32_t height;        /* of the image, in pixels */
    uint32_t width;         /* of the image, in pixels */
    uint32_t channels;      /* of a pixel, a byte each, innermost */
    uint32_t input_levels;  /* that the values of a pixel are mapped to */
    uint32_t layers;        /* linear layers, the last one, which may be all there is, without tables */
    uint32_t outputs;       /* logits */
    uint64_t table_lookups; /* neurons with tables: the most bootstraps an image */
    uint32_t classes;       /* that the logits tell apart: as many, or 2 for one logit */
    bool states_contract;   /* whether the file says for which precision the network was made */
    const char *provenance; /* JSON text, lives as long as the model */
} tnn_model_info;

/** What is wrong with the bytes of a model: the first thing that was found. */
typedef struct tnn_fault {
    tnn_status status;  /* what tnn_model_load returned */
    uint32_t layer;     /* from 0; UINT32_MAX where no one layer is at fault */
    const char *field;  /* of the model; empty where the file as a whole is at fault. Static text */
    char sentence[192]; /* the same in words */
} tnn_fault;

/**
 * Reads a model file of version 1 or 2.
 *
 * Out:     model  the caller's
 *          fault  may be NULL; filled where the bytes are refused, and left alone otherwise
 * Args:    bytes  [length], borrowed for the call
 * Returns: see BYTES above, TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_model_load(tnn_model **model, tnn_fault *fault, const uint8_t *bytes,
                                               size_t length);
/** Frees a model; NULL is allowed. */
TNN_API void tnn_model_free(tnn_model *model);
/** Fills *info. */
TNN_API void tnn_model_describe(const tnn_model *model, tnn_model_info *info);

/** The name of a class, from 0, in UTF-8; NULL where the model has none for it. It lives as long as the model. */
TNN_API const char *tnn_model_class_name(const tnn_model *model, size_t index);

/**
 * The integer reference: what the network says in the clear.
 *
 * Out:     logits  [outputs]
 * Args:    image   [pixels] = height * width * channels
 * Returns: TNN_ERR_MISUSE, TNN_ERR_SHAPE for another number of pixels, TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_model_predict(const tnn_model *model, double *logits, const uint8_t *image,
                                                  size_t pixels);

/** The class that logits [outputs] name: the largest, or for one output whether it is above 0. */
TNN_API size_t tnn_class_of(const double *logits, size_t outputs);

/* ------------------------------------------------------------------------------------------------- compile -- */

/** How precise table lookups must be (docs/DESIGN.md, "Precision"). */
typedef enum tnn_precision {
    TNN_PRECISION_TOLERANT = 0, /* a table is read at a position with noise of stated standard deviation */
    TNN_PRECISION_EXACT = 1,    /* every lookup is right except with stated probability */
} tnn_precision;

/** Called on the calling thread as work goes on, with what is done of it. Returns true to go on. */
typedef bool (*tnn_progress)(void *user, uint64_t done, uint64_t total);

/** What to compile for. Start from tnn_options_default. */
typedef struct tnn_options {
    tnn_security security;    /* row of the security curve that both keys must reach */
    tnn_precision precision;  /* which of the following count */
    double position_noise;    /* tolerant: most standard deviation of a table position, as a fraction of the table
                                 range, for any neuron; above 0, below 0.25 */
    double logit_noise;       /* tolerant: most standard deviation of a logit's own noise, as a fraction of the logit's
                                 spread: its deviation where each cell of each table, or in a net of one layer each
                                 level of a pixel, is as likely; above 0 */
    bool whole_torus;         /* spread each table over the whole torus, which halves position noise; only for tables
                                 that are negacyclic about the mean of their ends, such as sign; an accumulator that
                                 noise takes past either end is read as at the other end */
    double log2_lookup_error; /* exact: most failure probability of one lookup, as log2; -1 to -256 */
    const uint8_t *images;    /* [image_count][pixels] calibration images, borrowed for the call; NULL for none */
    size_t pixels;            /* of an image */
    size_t image_count;       /* images; 0 where images is NULL */
    bool take_images_word;    /* exact: where weights let accumulators reach further than tables can be right, go by how
                                 far the images reach; the circuit then states 1 as the bound of its error */
    size_t max_bytes;         /* most memory of the circuit and of what it takes to compile it; 0: no limit */
    double agreement;      /* tolerant, above 0: instead of the two noises, the least share of the images on which the
                              simulated circuit names the clear network's class, with 95 % confidence (Wilson's bound
                              over the images: n images that all agree show n / (n + 2.7)); below 1 */
    tnn_progress progress; /* may be NULL; called every few hundredths of a second with the parameter sets, neurons or,
                              with agreement, images of the stage at hand that are done, and how many it has */
    void *user;            /* handed to progress; may be NULL */
} tnn_options;

/** Defaults: 128 bits with margin, tolerant, position noise 0.015, logit noise 0.05, lookup error 2^-40,
 * 256 MiB. */
TNN_API void tnn_options_default(tnn_options *options);

/** The same, but for the precision that the model's file states, where it does. model: NULL for the defaults. */
TNN_API void tnn_options_for(tnn_options *options, const tnn_model *model);

/** A model with parameters, scales and noise budget: everything but a key. Immutable. */
typedef struct tnn_circuit tnn_circuit;

/** What stands in the way of a compilation. */
typedef enum tnn_obstacle {
    TNN_OBSTACLE_OPTION = 0,     /* an option is outside its range, contradicts another, or is max_bytes */
    TNN_OBSTACLE_NOISE,          /* tolerant: no parameters are quiet enough */
    TNN_OBSTACLE_BITS,           /* exact: an accumulator has more values than lookups can tell apart */
    TNN_OBSTACLE_WIDTH,          /* a range has more accumulators than the torus has points */
    TNN_OBSTACLE_REACH,          /* exact: weights carry an accumulator further beyond its table than the table can be
                                    right; it would fit if images were taken at their word */
    TNN_OBSTACLE_RANGE,          /* no image's accumulator lies inside the neuron's table */
    TNN_OBSTACLE_NOT_NEGACYCLIC, /* the whole torus was asked for, and the neuron's table does not allow it */
    TNN_OBSTACLE_AGREEMENT,      /* no circuit that was tried agrees on the images as often as asked */
} tnn_obstacle;

/** Why a model cannot be compiled as asked: what stood in the way under the parameters that came closest. */
typedef struct tnn_refusal {
    tnn_obstacle obstacle; /* what stood in the way */
    uint32_t layer;        /* from 0 */
    uint32_t neuron;       /* from 0; of the last layer: the logit */
    double asked;       /* _NOISE: the noise allowed; _BITS, _REACH, _WIDTH: bits of its accumulators; _AGREEMENT: the
                           share; else 0 */
    double reachable;   /* _NOISE: the least noise; _BITS, _REACH, _WIDTH: bits that there is room for; _AGREEMENT: the
                           most that was shown; else 0 */
    char sentence[320]; /* the same in words, with what would help */
} tnn_refusal;

/**
 * Searches the cheapest parameters that give a model the precision asked for, and fits scales and tables to them.
 * Neurons that can do without a bootstrap get none (docs/DESIGN.md, "Fewer rotations").
 *
 * Out:     refusal  may be NULL; filled where TNN_ERR_UNSATISFIABLE or TNN_ERR_LIMIT is returned, or TNN_ERR_MISUSE
 *                   for an option
 * Args:    model    borrowed for the call
 *          options  NULL for tnn_options_for the model
 * Returns: TNN_ERR_MISUSE for options outside their range; TNN_ERR_SHAPE for images of another size;
 *          TNN_ERR_UNSATISFIABLE where no parameters reach the precision; TNN_ERR_LIMIT where the circuit would take
 *          more than max_bytes; TNN_ERR_CANCELLED, TNN_ERR_MEMORY, TNN_ERR_RANDOM.
 */
TNN_API TNN_MUST_USE tnn_status tnn_compile(tnn_circuit **circuit, tnn_refusal *refusal, const tnn_model *model,
                                            const tnn_options *options);
/** Frees a circuit; NULL is allowed. */
TNN_API void tnn_circuit_free(tnn_circuit *circuit);

/** What a circuit costs and promises, known before any key exists. Tolerant circuits state averages over keys: a key
 * whose Hamming weight lies deviations off its mean is noisier. Exact circuits state what one key in 2^20 passes. */
typedef struct tnn_circuit_info {
    tnn_params_literal parameters; /* that were found */
    unsigned security_bits;        /* the level promised: 128, or 125 on the lower row of the curve */
    unsigned estimated_bits;       /* the row of the security curve it stands on: 132 or 128 */
    uint32_t layers;               /* of the model; tnn_circuit_layer has each */
    uint32_t outputs;              /* logits */
    uint64_t neurons;              /* of the model, with tables */
    uint64_t bootstraps;           /* blind rotations an image: one for each neuron that could not be simplified away; 0
                                      for a net of one layer, which then has no server key */
    double predicted_ms;           /* an image on one thread of the machine that calibrated the cost model */
    size_t spec_bytes;             /* on the wire */
    size_t secret_key_bytes;       /* on the wire */
    size_t eval_key_bytes;         /* on the wire */
    size_t input_bytes;            /* on the wire */
    size_t output_bytes;           /* on the wire */
    size_t server_key_bytes;       /* in the server's memory */
    size_t server_bytes;           /* server key, circuit and scratch of one image on one thread */
    double worst_position_noise;   /* standard deviation of the noisiest table position, fraction of its range */
    double worst_lookup_log2;      /* log2 of the probability that the worst lookup reads beside its accumulator */
    double circuit_error_log2;     /* log2 of a bound on the probability that any lookup of an image does; at most 0 */
    double logit_noise;            /* standard deviation of a logit's own noise, in logit units, at most */
    double logit_noise_share;      /* the largest over that logit's spread, as tnn_options.logit_noise counts */
    uint64_t unproven_neurons; /* neurons whose accumulator the weights alone do not keep where its table is right */
    bool exact_proven;         /* exact, and right for all that the weights allow */
    uint64_t taken_on_word;    /* exact: neurons for which the images were taken at their word; not 0: error bound 1 */
} tnn_circuit_info;

/** Fills *info. */
TNN_API void tnn_circuit_describe(const tnn_circuit *circuit, tnn_circuit_info *info);

/** What simulating one circuit on the images showed. */
typedef struct tnn_agreement_point {
    double predicted_ms;   /* an image on one thread of the reference machine */
    double position_noise; /* worst_position_noise of that circuit */
    double logit_noise;    /* its logit_noise_share */
    double agreement;      /* share of images and runs that kept their class */
    double agreement_low;  /* the share that new images would have, at least, with 95 % confidence */
} tnn_agreement_point;

/** Points of the agreement-cost curve, cheapest first, the last one this circuit's; 0 where it was compiled by noise.
 */
TNN_API size_t tnn_circuit_agreement_points(const tnn_circuit *circuit);

/** Fills *point. Returns TNN_ERR_MISUSE for an index that is not below tnn_circuit_agreement_points. */
TNN_API TNN_MUST_USE tnn_status tnn_circuit_agreement(const tnn_circuit *circuit, tnn_agreement_point *point,
                                                      size_t index);

/** One layer of a model, and how its circuit evaluates it. Noise and rates are of the neurons with a bootstrap. */
typedef struct tnn_layer_info {
    uint32_t inputs;             /* values that it reads */
    uint32_t neurons;            /* of the model, with a bootstrap or without */
    uint32_t tables_per_neuron;  /* 0 for the layer of the logits */
    uint32_t table_cells;        /* of a table */
    uint64_t bootstraps;         /* at most `neurons`; 0 for the logits, and where the next layer took this one over */
    double position_noise;       /* of its noisiest neuron: standard deviation, fraction of the table range */
    double position_noise_cells; /* the same in table cells */
    double off_by_one_rate;      /* share of lookups that read another cell, accumulators even over the range */
    double lookup_log2;          /* of its worst neuron: log2 of the probability to read beside its accumulator */
    uint32_t worst_neuron;       /* the noisiest one with a bootstrap */
    uint64_t unproven_neurons;   /* as tnn_circuit_info counts them */
} tnn_layer_info;

/** Fills *info. Returns TNN_ERR_MISUSE for an index that is not below tnn_circuit_info.layers. */
TNN_API TNN_MUST_USE tnn_status tnn_circuit_layer(const tnn_circuit *circuit, tnn_layer_info *info, uint32_t index);

/** What the weights prove of one neuron, and what images showed. */
typedef struct tnn_neuron_range {
    int64_t table_low;  /* least accumulator that its table tells apart */
    int64_t table_high; /* largest one */
    int64_t reach_low;  /* least accumulator that some image can reach, by the weights alone */
    int64_t reach_high; /* largest one */
    bool proven;        /* the table, which goes on past its ends as far as it is flat there, is right for
                           the second */
    uint64_t left;      /* calibration images whose accumulator left the table */
} tnn_neuron_range;

/**
 * The range proof of one table layer.
 *
 * Out:     ranges  [neurons of the layer]
 * Args:    index   a layer with tables
 *          images  [count][pixels] calibration images; NULL where count is 0
 * Returns: TNN_ERR_MISUSE; TNN_ERR_SHAPE where pixels is not the model's; TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_model_ranges(const tnn_model *model, tnn_neuron_range *ranges, uint32_t index,
                                                 const uint8_t *images, size_t pixels, size_t count);

/**
 * Evaluates the circuit in the clear with the noise that encryption would add: the distribution of tnn_infer's results,
 * thousands of times as fast, without a key.
 *
 * Out:     logits  [outputs]
 * Args:    image   [pixels]
 *          seed    same seed, same noise
 * Returns: TNN_ERR_MISUSE, TNN_ERR_SHAPE, TNN_ERR_MEMORY, TNN_ERR_RANDOM.
 */
TNN_API TNN_MUST_USE tnn_status tnn_simulate(const tnn_circuit *circuit, double *logits, const uint8_t *image,
                                             size_t pixels, uint64_t seed);

/* --------------------------------------------------------------------------------------------- client spec -- */

/** What a client must know to encrypt for a circuit and read its result: parameters and encodings, no weights. */
typedef struct tnn_spec tnn_spec;

/** Returns TNN_ERR_MISUSE, TNN_ERR_MEMORY. The spec does not refer to the circuit. */
TNN_API TNN_MUST_USE tnn_status tnn_circuit_spec(tnn_spec **spec, const tnn_circuit *circuit);
/** Frees a spec; NULL is allowed. */
TNN_API void tnn_spec_free(tnn_spec *spec);

/**
 * Compiles for a spec that clients have keys for: a circuit with the spec's parameters and encodings, which takes their
 * keys and inputs and gives results that they read. A circuit's own spec gives the circuit back; one of a library that
 * would choose otherwise today is served as it is, and tnn_circuit_describe says with what noise.
 *
 * Out:     refusal  may be NULL; filled where TNN_ERR_UNSATISFIABLE or TNN_ERR_LIMIT is returned
 * Args:    model    borrowed for the call
 *          spec     borrowed for the call
 * Returns: TNN_ERR_MISUSE; TNN_ERR_MODEL_MISMATCH for a spec that is not of this model, or has parameters under which
 *          no circuit of it can be evaluated; TNN_ERR_UNSATISFIABLE where a layer has no room under the spec's
 *          encodings; TNN_ERR_LIMIT where the circuit would take more than the 256 MiB of tnn_options_default;
 *          TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_compile_for_spec(tnn_circuit **circuit, tnn_refusal *refusal,
                                                     const tnn_model *model, const tnn_spec *spec);

/** The shape of the image and the number of logits. Each output may be NULL. */
TNN_API void tnn_spec_shape(const tnn_spec *spec, uint32_t *height, uint32_t *width, uint32_t *channels,
                            uint32_t *outputs);

/** What a spec asks a client for, known before any key is made. */
typedef struct tnn_spec_info {
    tnn_params_literal parameters; /* of the keys */
    unsigned security_bits;        /* the level promised */
    unsigned estimated_bits;       /* the row of the security curve it stands on */
    uint32_t height;               /* of the image, in pixels */
    uint32_t width;                /* of the image, in pixels */
    uint32_t channels;             /* of a pixel */
    uint32_t input_levels;         /* that the values of a pixel are mapped to */
    uint32_t outputs;              /* logits */
    uint32_t classes;              /* that the logits tell apart */
    bool exact;                    /* logits are rounded to what the model says */
    size_t secret_key_bytes;       /* on the wire */
    size_t eval_key_bytes;         /* on the wire */
    size_t input_bytes;            /* on the wire */
    size_t output_bytes;           /* on the wire */
} tnn_spec_info;

/** Fills *info. */
TNN_API void tnn_spec_describe(const tnn_spec *spec, tnn_spec_info *info);

/** The name of a class, from 0, in UTF-8; NULL where the spec has none for it. It lives as long as the spec. */
TNN_API const char *tnn_spec_class_name(const tnn_spec *spec, size_t index);

/* -------------------------------------------------------------------------------------------- the four verbs -- */

/** What a client is ready to make. A spec comes from a server, who may ask for anything. */
typedef struct tnn_keygen_options {
    size_t most_eval_key_bytes; /* on the wire */
    tnn_security least;         /* TNN_SECURITY_128_MARGIN refuses specs that stand on the lower row of the curve */
    tnn_progress progress;      /* may be NULL; counts the key's n GGSW ciphertexts, and is not called for none */
    void *user;                 /* handed to progress; may be NULL */
} tnn_keygen_options;

/** Defaults: 128 MiB, either row, no progress. */
TNN_API void tnn_keygen_options_default(tnn_keygen_options *options);

/**
 * Makes the client's keys.
 *
 * Args:    threads  1 to TNN_MAX_THREADS
 *          options  NULL for the defaults
 * Out:     secret   never leaves the client
 *          eval     for the server
 * Returns: TNN_ERR_MISUSE; TNN_ERR_LIMIT for a larger key than the options allow, TNN_ERR_INSECURE for a lower row of
 *          the curve, both before anything is allocated; TNN_ERR_CANCELLED, TNN_ERR_MEMORY, TNN_ERR_RANDOM,
 *          TNN_ERR_THREADS.
 */
TNN_API TNN_MUST_USE tnn_status tnn_keygen(tnn_secret_key **secret, tnn_eval_key **eval, const tnn_spec *spec,
                                           unsigned threads, const tnn_keygen_options *options);

/** An encrypted image. */
typedef struct tnn_input tnn_input;

/**
 * Encrypts an image.
 *
 * Args:    image  [pixels], uint8, rows first, channels innermost
 * Returns: TNN_ERR_MISUSE, TNN_ERR_SHAPE, TNN_ERR_PARAMS_MISMATCH where the key has other parameters than the spec,
 *          TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_encrypt(tnn_input **input, const tnn_spec *spec, const tnn_secret_key *secret,
                                            const uint8_t *image, size_t pixels);
/** Frees an encrypted image; NULL is allowed. */
TNN_API void tnn_input_free(tnn_input *input);

/** Most images of one tnn_infer. */
#define TNN_MAX_IMAGES ((size_t)4096)

/** A circuit with one client's evaluation key, its threads and all scratch memory. For one caller at a time, in the
 * process that created it. */
typedef struct tnn_evaluator tnn_evaluator;

/**
 * Expands an evaluation key and allocates everything that inference needs.
 *
 * Args:    circuit     borrowed until the evaluator is freed
 *          eval        not needed afterwards
 *          threads     1 to TNN_MAX_THREADS, started here; the result does not depend on their number
 *          max_images  the most images that one tnn_infer will take, 1 to TNN_MAX_IMAGES
 * Returns: TNN_ERR_MISUSE, TNN_ERR_PARAMS_MISMATCH, TNN_ERR_MEMORY, TNN_ERR_THREADS.
 */
TNN_API TNN_MUST_USE tnn_status tnn_evaluator_create(tnn_evaluator **evaluator, const tnn_circuit *circuit,
                                                     const tnn_eval_key *eval, unsigned threads, size_t max_images);
/** Frees an evaluator, its threads and its memory; NULL is allowed. Not while a tnn_infer is at work on it. In a child
 * of fork() it gives back the child's copy of the memory and waits for nobody. */
TNN_API void tnn_evaluator_free(tnn_evaluator *evaluator);

/** Encrypted logits. */
typedef struct tnn_output tnn_output;

/**
 * Evaluates the network on encrypted images.
 *
 * One evaluator takes one call at a time: a second thread's, or one from `progress`, gets TNN_ERR_MISUSE. After fork()
 * the child has the evaluator's memory and none of its threads, and gets TNN_ERR_FORKED: create one there.
 *
 * Out:     outputs   [count]
 * Args:    inputs    [count]
 *          count     1 to max_images
 *          progress  may be NULL; called between batches of bootstraps, which it counts, and not at all where there are
 *                    none
 *          user      handed to progress; may be NULL
 * Returns: TNN_ERR_MISUSE, TNN_ERR_FORKED, TNN_ERR_SHAPE for an input of another number of pixels,
 *          TNN_ERR_PARAMS_MISMATCH, TNN_ERR_MODEL_MISMATCH, TNN_ERR_KEY_MISMATCH, TNN_ERR_CANCELLED, TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_infer(tnn_evaluator *evaluator, tnn_output **outputs,
                                          const tnn_input *const *inputs, size_t count, tnn_progress progress,
                                          void *user);
/** Frees encrypted logits; NULL is allowed. */
TNN_API void tnn_output_free(tnn_output *output);

/**
 * Decrypts the logits. They carry noise of standard deviation tnn_circuit_info.logit_noise and more where a table was
 * read beside its cell.
 *
 * Out:     logits  [capacity]; the spec's number of outputs is written
 * Returns: TNN_ERR_MISUSE, TNN_ERR_BUFFER, TNN_ERR_MODEL_MISMATCH, TNN_ERR_KEY_MISMATCH, TNN_ERR_PARAMS_MISMATCH,
 *          TNN_ERR_MALFORMED for a result of another shape than the spec's, TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_decrypt(const tnn_spec *spec, const tnn_secret_key *secret, double *logits,
                                            size_t capacity, const tnn_output *output);

/* --------------------------------------------------------------------------------------------- save and load -- */

/* *_size returns the exact bytes that *_save writes to out [capacity]; *_save returns TNN_ERR_MISUSE or
 * TNN_ERR_BUFFER. Bytes of a secret key are the secret: seal them (tnn_secret_key_seal) or keep them where only their
 * owner reads, and wipe them after use. */

/** The exact number of bytes of the spec on the wire. */
TNN_API size_t tnn_spec_size(const tnn_spec *spec);
/** Writes it to out [capacity]. Returns TNN_ERR_MISUSE, TNN_ERR_BUFFER. */
TNN_API TNN_MUST_USE tnn_status tnn_spec_save(const tnn_spec *spec, uint8_t *out, size_t capacity);
/** Reads it back, the caller's to free. Returns: see BYTES above, TNN_ERR_MEMORY. */
TNN_API TNN_MUST_USE tnn_status tnn_spec_load(tnn_spec **spec, const uint8_t *bytes, size_t length);

/** The exact number of bytes of the secret key on the wire. */
TNN_API size_t tnn_secret_key_size(const tnn_secret_key *secret);
/** Writes it to out [capacity]. Returns TNN_ERR_MISUSE, TNN_ERR_BUFFER. */
TNN_API TNN_MUST_USE tnn_status tnn_secret_key_save(const tnn_secret_key *secret, uint8_t *out, size_t capacity);
/** Reads it back, the caller's to free. Returns: see BYTES above, TNN_ERR_MEMORY. */
TNN_API TNN_MUST_USE tnn_status tnn_secret_key_load(tnn_secret_key **secret, const uint8_t *bytes, size_t length);

/* A secret key at rest: its bytes encrypted under a key that Argon2id makes from a passphrase, which takes time and
 * memory on purpose. Who finds the bytes must spend as much on every passphrase tried. */

/** Most bytes of a passphrase. */
#define TNN_MAX_PASSPHRASE_BYTES ((size_t)1024)
/** Least memory of a passphrase's key. */
#define TNN_MIN_SEAL_KIB 8u
/** Most memory of a passphrase's key: 1 GiB. */
#define TNN_MAX_SEAL_KIB (1u << 20)
/** Most passes over it. */
#define TNN_MAX_SEAL_PASSES 16u
/** Most memory times passes, 4 GiB: seconds of one core. */
#define TNN_MAX_SEAL_WORK_KIB (1u << 22)

/** What each passphrase tried costs; stored with the key. */
typedef struct tnn_seal_options {
    uint32_t memory_kib; /* TNN_MIN_SEAL_KIB to TNN_MAX_SEAL_KIB; needed again to open */
    uint32_t passes;     /* over that memory, 1 to TNN_MAX_SEAL_PASSES; the product at most TNN_MAX_SEAL_WORK_KIB */
} tnn_seal_options;

/** Defaults: 3 passes over 256 MiB, about a second. */
TNN_API void tnn_seal_options_default(tnn_seal_options *options);

/** The exact number of bytes of the secret key when sealed. */
TNN_API size_t tnn_secret_key_sealed_size(const tnn_secret_key *secret);

/**
 * Writes a secret key sealed with a passphrase to out [capacity].
 *
 * Args:    passphrase  [passphrase_length] bytes, 1 to TNN_MAX_PASSPHRASE_BYTES of them; compared byte by byte, so
 *                      bring text to one Unicode form before. Wiping them is the caller's.
 *          options     NULL for the defaults
 * Returns: TNN_ERR_MISUSE for a NULL, an empty or too long passphrase, or options out of range; TNN_ERR_BUFFER;
 *          TNN_ERR_MEMORY. Nothing is written then.
 * Thread safety: safe from any thread; the key is only read.
 */
TNN_API TNN_MUST_USE tnn_status tnn_secret_key_seal(const tnn_secret_key *secret, uint8_t *out, size_t capacity,
                                                    const char *passphrase, size_t passphrase_length,
                                                    const tnn_seal_options *options);

/**
 * Opens a sealed secret key, the caller's to free. What the bytes ask for is held against the limits above before any
 * memory or time is spent on it.
 *
 * Returns: TNN_ERR_PASSPHRASE for another passphrase than the one it was sealed with; TNN_ERR_UNSEALED for a secret key
 *          that is plain; TNN_ERR_CORRUPT for damaged bytes; TNN_ERR_LIMIT for costs beyond the limits; else see BYTES
 *          above, TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_secret_key_open(tnn_secret_key **secret, const uint8_t *bytes, size_t length,
                                                    const char *passphrase, size_t passphrase_length);

/** Whether bytes are a sealed secret key, by their header's kind alone: whether to ask for a passphrase. */
TNN_API bool tnn_secret_key_is_sealed(const uint8_t *bytes, size_t length);

/** The exact number of bytes of the evaluation key on the wire. */
TNN_API size_t tnn_eval_key_size(const tnn_eval_key *eval);
/** Writes it to out [capacity]. Returns TNN_ERR_MISUSE, TNN_ERR_BUFFER. */
TNN_API TNN_MUST_USE tnn_status tnn_eval_key_save(const tnn_eval_key *eval, uint8_t *out, size_t capacity);
/** Reads it back, the caller's to free. Returns: see BYTES above, TNN_ERR_MEMORY. */
TNN_API TNN_MUST_USE tnn_status tnn_eval_key_load(tnn_eval_key **eval, const uint8_t *bytes, size_t length);

/** Where bytes come from: a file, a socket, a decompressor. */
typedef struct tnn_source {
    size_t (*read)(void *user, uint8_t *out, size_t length);     /* writes at most `length` bytes and says how many;
                                                                    0 at the end, or where it failed */
    bool (*progress)(void *user, uint64_t done, uint64_t total); /* told after each MiB how many bytes of all are
                                                                    read; false ends it; may be NULL */
    void *user;                                                  /* handed to both */
    size_t most_bytes; /* of the key on the wire; 0: as many as parameters allow, about 30 GB */
} tnn_source;
/**
 * Reads an evaluation key from a source, without a second copy of it in memory: header, parameters, length and limit
 * are checked before memory for the key is taken, and the digest before the key is handed out. Reads to the key's end
 * and no further. Both callbacks run on the calling thread.
 *
 * Out:     eval  the caller's; NULL on error
 * Returns: see BYTES above, where a source that ends early is TNN_ERR_TRUNCATED; TNN_ERR_LIMIT for more than
 * most_bytes; TNN_ERR_CANCELLED, TNN_ERR_MEMORY.
 */
TNN_API TNN_MUST_USE tnn_status tnn_eval_key_read(tnn_eval_key **eval, const tnn_source *source);

/** The exact number of bytes of the encrypted image on the wire. */
TNN_API size_t tnn_input_size(const tnn_input *input);
/** Writes it to out [capacity]. Returns TNN_ERR_MISUSE, TNN_ERR_BUFFER. */
TNN_API TNN_MUST_USE tnn_status tnn_input_save(const tnn_input *input, uint8_t *out, size_t capacity);
/** Reads it back, the caller's to free. Returns: see BYTES above, TNN_ERR_MEMORY. */
TNN_API TNN_MUST_USE tnn_status tnn_input_load(tnn_input **input, const uint8_t *bytes, size_t length);

/** The exact number of bytes of the encrypted result on the wire. */
TNN_API size_t tnn_output_size(const tnn_output *output);
/** Writes it to out [capacity]. Returns TNN_ERR_MISUSE, TNN_ERR_BUFFER. */
TNN_API TNN_MUST_USE tnn_status tnn_output_save(const tnn_output *output, uint8_t *out, size_t capacity);
/** Reads it back, the caller's to free. Returns: see BYTES above, TNN_ERR_MEMORY. */
TNN_API TNN_MUST_USE tnn_status tnn_output_load(tnn_output **output, const uint8_t *bytes, size_t length);

#ifdef __cplusplus
}
#endif
#endif
