/*
 * input_file.h: reads a whole file into memory, and remembers which files were read.
 *
 * Pipes, folders and devices are refused at once: nothing waits for a writer that may never come.
 */
#ifndef EXAMPLES_INPUT_FILE_H
#define EXAMPLES_INPUT_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/bytes.h"

/** The start of a file whose body has not been read. */
typedef struct input_head {
    const uint8_t *bytes;
    size_t length;      /* INPUT_HEAD_BYTES, less where the file is shorter */
    size_t file_length; /* of the whole file */
} input_head;

enum { INPUT_HEAD_BYTES = 32 };

/** Whether the body is worth reading. Where not, it has reported why. */
typedef bool (*input_head_check)(const input_head *head, const char *path, const void *context);

/** Opens a regular file for reading and remembers it. Returns a descriptor, or -1 where it has reported. */
int input_file_open(const char *path);

/** Reads a regular file of at most 2 GiB. On failure reports and leaves contents empty. Free with bytes_free. */
bool input_file_read(bytes *contents, const char *path);

/** The same, where `check` has seen the start and lets the body be read. */
bool input_file_read_checked(bytes *contents, const char *path, input_head_check check, const void *context);

/** Whether this program has opened the file for reading, under whatever name. */
bool input_file_was_read(const struct stat *about);

#endif
