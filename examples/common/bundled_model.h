/* bundled_model.h: the models that come with torusnn. */
#ifndef EXAMPLES_BUNDLED_MODEL_H
#define EXAMPLES_BUNDLED_MODEL_H

/** Path of the bundled model of that name: beside an installed program, otherwise in the source tree. The file need not
 * exist. The caller frees the path; on failure reports and returns NULL. */
char *bundled_model_path(const char *name);

#endif
