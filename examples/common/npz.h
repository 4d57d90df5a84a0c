/* npz.h: members of a NumPy .npz file, which is a zip archive of .npy files. */
#ifndef EXAMPLES_NPZ_H
#define EXAMPLES_NPZ_H

#include <stdbool.h>

#include "common/bytes.h"

typedef struct zip npz_file;

/** Opens an archive. On failure reports and gives NULL. Free with npz_close. */
bool npz_open(npz_file **file, const char *path);

/** Unpacks the member called name, at most 1 GiB. On failure reports and leaves contents empty. */
bool npz_read(npz_file *file, bytes *contents, const char *name);

/** Closes an archive; NULL is allowed. */
void npz_close(npz_file *file);

#endif
