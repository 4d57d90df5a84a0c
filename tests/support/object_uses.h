/*
 * What a program does with an object that came as bytes, and that some stranger may have made. A status that the
 * headers do not promise, or an object that saves to other bytes, fails the test; a crash is for the sanitizers.
 */
#ifndef SUPPORT_OBJECT_USES_H
#define SUPPORT_OBJECT_USES_H

#include "file_formats.h"
#include "tiny_world.h"

/* How much: what takes microseconds, or also compilations, key generations and expansions. */
typedef enum use_depth { USE_QUICK, USE_FULL } use_depth;

/* One kind of object. `use` may change the object. */
typedef struct object_use {
    const file_format *format;
    void (*use)(const tiny_world *world, void *object, use_depth depth);
} object_use;

extern const object_use USE_MODEL;
extern const object_use USE_SPEC;
extern const object_use USE_SECRET_KEY;
extern const object_use USE_EVAL_KEY;
/* Fingerprint and key id that begin with 0 are taken for the world's. */
extern const object_use USE_INPUT;
extern const object_use USE_OUTPUT;

/* Loads; uses and frees what loaded. */
tnn_status load_and_use(const object_use *kind, const tiny_world *world, const file_bytes *file, use_depth depth);

#endif
