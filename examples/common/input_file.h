/* input_file.h: reads a whole file into memory. */
#ifndef EXAMPLES_INPUT_FILE_H
#define EXAMPLES_INPUT_FILE_H

#include <stdbool.h>

#include "common/bytes.h"

/** Reads a regular file of at most 2 GiB. On failure reports and leaves contents empty. Free with bytes_free. */
bool input_file_read(bytes *contents, const char *path);

#endif
