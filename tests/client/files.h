/* Whole files and objects, for programs that end at the first thing that goes wrong. */
#ifndef CLIENT_FILES_H
#define CLIENT_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <torusnn/torusnn.h>

typedef struct blob {
    uint8_t *data;
    size_t length;
} blob;

static inline void must(tnn_status status, const char *what) {
    if (status != TNN_OK) {
        fprintf(stderr, "%s: %s\n", what, tnn_status_text(status));
        exit(1);
    }
}

static inline blob read_blob(const char *path) {
    blob bytes = {NULL, 0};
    FILE *file = fopen(path, "rb");
    if (file && fseek(file, 0, SEEK_END) == 0) {
        bytes.length = (size_t)ftell(file);
        bytes.data = malloc(bytes.length);
        rewind(file);
    }
    if (!bytes.data || fread(bytes.data, 1, bytes.length, file) != bytes.length) {
        perror(path);
        exit(1);
    }
    fclose(file);
    return bytes;
}

static inline tnn_spec *load_spec(const char *path) {
    tnn_spec *spec;
    blob bytes = read_blob(path);
    must(tnn_spec_load(&spec, bytes.data, bytes.length), path);
    free(bytes.data);
    return spec;
}

static inline void write_blob(const char *path, const blob *bytes) {
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes->data, 1, bytes->length, file) != bytes->length || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

#define WRITE_OBJECT(path, type, object)                                                                               \
    do {                                                                                                               \
        blob bytes = {malloc(tnn_##type##_size(object)), tnn_##type##_size(object)};                                   \
        must(tnn_##type##_save(object, bytes.data, bytes.length), path);                                               \
        write_blob(path, &bytes);                                                                                      \
        free(bytes.data);                                                                                              \
    } while (0)

#endif
