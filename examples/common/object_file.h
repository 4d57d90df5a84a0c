/* object_file.h: files that hold an object of the library (docs/FORMATS.md). */
#ifndef EXAMPLES_OBJECT_FILE_H
#define EXAMPLES_OBJECT_FILE_H

#include <stdbool.h>

#include "common/bytes.h"

/**
 * Reads the bytes of an object. The kind in its header, and the length that it announces, are held against what is
 * expected and against the file before the body is read; the rest is for the library to check.
 *
 * Args:    kinds  letters of the kinds that will do, such as "M" for a model
 * Returns: false where it has reported; contents are empty then. Free with bytes_free.
 */
bool object_file_read(bytes *contents, const char *path, const char *kinds);

/** The same of the header alone, for a body that is read piece by piece: a descriptor at the file's start, or -1 where
 * it has reported. */
int object_file_open(const char *path, const char *kinds);

#endif
