/* What every kind of file must stand: round trips, each malformed field, cut bytes and random mutations. */
#ifndef SUPPORT_FILE_CHECKS_H
#define SUPPORT_FILE_CHECKS_H

#include "file_formats.h"

/* One field of a good file set to a bad value. */
typedef struct bad_field {
    size_t offset; /* in the payload */
    unsigned width;
    uint64_t value;
    tnn_status expected;
} bad_field;

/* The bits of a double, for bad_field. */
uint64_t f64_bits(double value);

/* Loads a file that must be refused, and the output must be NULL. */
void assert_refused(const file_format *format, const file_bytes *file, tnn_status expected);

/* Saving a loaded object gives the file back; buffers too small, NULLs. */
void check_round_trip(const file_format *format, const void *object);

/* Saving to buffers too small, and NULLs, of a file of `size` bytes: a status, and nothing is written. */
void check_small_buffers(const file_format *format, const void *object, size_t size);

/* Magic of every other kind, version, reserved bytes, length, digest; bytes behind the file. */
void check_header_fields(const file_format *format, const file_bytes *file);

/* Every field in turn, sealed again with a right digest. */
void check_bad_fields(const file_format *format, const file_bytes *file, const bad_field *fields, size_t count);

/* Files cut at every `stride`-th length: as they are, TNN_ERR_TRUNCATED; sealed again, a data status. */
void check_truncations(const file_format *format, const file_bytes *file, size_t stride);

/*
 * `rounds` files with up to 8 changed bytes, most of them in the first `hot_bytes` of the payload, some cut or grown,
 * all sealed again: a documented data status, or TNN_OK and an object that saves to the same bytes. Prints its seed
 * first; TORUSNN_FUZZ_SEED=<seed> repeats a run.
 */
void check_mutations(const file_format *format, const file_bytes *file, size_t hot_bytes, size_t rounds);

#endif
