/*
 * output_file.h: writes files that are either complete or not there.
 *
 * The bytes go to a temporary file in the same folder, reach the disk (fsync), and take their name by rename; then the
 * folder is synced. Several files that belong together are all staged before any takes its name. A signal that ends
 * the program takes the temporary files along; SIGKILL and a power cut may leave one, <name>.<16 hexadecimal digits>.
 *
 * No file ever takes the place of a secret key, of a file that this command has read, of a symbolic link, or of
 * anything but a regular file.
 */
#ifndef EXAMPLES_OUTPUT_FILE_H
#define EXAMPLES_OUTPUT_FILE_H

#include <stdbool.h>

#include "common/bytes.h"

typedef enum output_kind {
    OUTPUT_SHARED, /* readable as the umask allows; takes the place of an earlier file */
    OUTPUT_SECRET, /* mode 0600 from its first byte, under a name that nothing has: secret keys */
} output_kind;

/** A file that is written but has not taken its name yet. Start from {0}. */
typedef struct output_file {
    char *temporary_path; /* NULL where nothing is staged */
    const char *path;     /* borrowed */
    output_kind kind;
    int ticket;   /* of interrupt_register */
    bool created; /* it took a name that nothing had */
} output_file;

/** Whether a file of this kind may take the name, as things stand: to be asked before work begins. Reports if not. */
bool output_file_check(const char *path, output_kind kind);

/** Whether two paths, of which neither need exist, name one file. False where it cannot be told. */
bool output_file_same(const char *a, const char *b);

/** Writes the temporary file. On failure reports and nothing is staged. */
bool output_file_stage(output_file *file, const char *path, output_kind kind, const bytes *contents);

/**
 * Gives staged files [count] their names, in order. Where one fails it reports, removes those that had taken a name
 * which nothing had, and all temporary files. What a file took the place of before that is gone.
 */
bool output_files_commit(output_file *files, size_t count);

/** Removes the temporary file. A file that is not staged is allowed. */
void output_file_discard(output_file *file);

/** Stages and commits one shared file. */
bool output_file_write(const char *path, const bytes *contents);

#endif
