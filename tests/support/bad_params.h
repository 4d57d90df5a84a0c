/* One bad value for each field of the 64 bytes of parameters that open specs and keys. */
#ifndef SUPPORT_BAD_PARAMS_H
#define SUPPORT_BAD_PARAMS_H

#include "file_checks.h"

/* Bad fields of the payload of a file that starts with tiny_literal's parameters. */
const bad_field *bad_params_fields(size_t *count);

#endif
