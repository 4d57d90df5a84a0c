/*
 * output_file.h: writes files that are either complete or not there.
 *
 * The bytes go to a temporary file in the same folder, reach the disk (fsync), and take their name by rename. Several
 * files that belong together are all staged before the first one is committed.
 */
#ifndef EXAMPLES_OUTPUT_FILE_H
#define EXAMPLES_OUTPUT_FILE_H

#include <stdbool.h>

#include "common/bytes.h"

typedef enum output_access {
    OUTPUT_SHARED,     /* readable as the umask allows */
    OUTPUT_OWNER_ONLY, /* mode 0600 from its first byte: secrets */
} output_access;

/** A file that is written but has not taken its name yet. Start from {0}. */
typedef struct output_file {
    char *temporary_path; /* NULL where nothing is staged */
    const char *path;     /* borrowed */
} output_file;

/** Writes the temporary file. On failure reports and nothing is staged. */
bool output_file_stage(output_file *file, const char *path, output_access access, const bytes *contents);

/** Gives a staged file its name, in place of an earlier file. On failure reports and removes the temporary file. */
bool output_file_commit(output_file *file);

/** Removes the temporary file. A file that is not staged is allowed. */
void output_file_discard(output_file *file);

/** Stages and commits one shared file. */
bool output_file_write(const char *path, const bytes *contents);

#endif
