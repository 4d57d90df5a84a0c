/* What fuzz targets share. Each is a program of libFuzzer, or, without it, one that runs files given to it. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's names. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* How far executions got; counts are printed when the program ends. */
typedef enum fuzz_stage { FUZZ_RUN, FUZZ_PAST_DIGEST, FUZZ_LOADED, FUZZ_USED_IN_FULL, FUZZ_STAGES } fuzz_stage;

void fuzz_start(void);
void fuzz_count(fuzz_stage stage);

/* Set where files are run once each, and time is no matter. */
extern bool fuzz_is_replay;

/* A file of these bytes, as its path; the same file at each call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* Inputs that loaded, to begin anew from: of what libFuzzer collects most is refused, and so would be its mutants. */
void fuzz_remember(const uint8_t *data, size_t size);

/* Every second time one of them in place of the bytes that are there. Returns the size. */
size_t fuzz_recall(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Changes a few bytes or numbers where they stand, so that sizes that other fields announce still hold. */
void fuzz_change_in_place(uint8_t *data, size_t size, unsigned seed);

/* CRC-32 as PNG and zip have it. */
uint32_t fuzz_crc32(const uint8_t *data, size_t size);

#endif
