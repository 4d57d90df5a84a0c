/* In place of libFuzzer: runs each file of the folders that are given, once. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

static int fail(const char *path) {
    perror(path);
    return EXIT_FAILURE;
}

/* The bytes lie in a block of their size, so that a sanitizer sees each read past their end. */
static int run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    struct stat about;
    if (!file || fstat(fileno(file), &about) != 0) {
        return fail(path);
    }
    const size_t size = (size_t)about.st_size;
    uint8_t *data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size) {
        return fail(path);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return EXIT_SUCCESS;
}

/* How many files, or -1. */
static int run_folder(const char *path) {
    DIR *folder = opendir(path);
    int files = 0;
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && run_file(name) != EXIT_SUCCESS) {
            closedir(folder);
            return -1;
        }
        files += entry->d_name[0] != '.';
    }
    return folder && closedir(folder) == 0 ? files : -1;
}

int main(int argc, char **argv) {
    fuzz_is_replay = true;
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        if (run_folder(argv[i]) <= 0) {
            fprintf(stderr, "%s: no corpus, or it cannot be read\n", argv[i]);
            return EXIT_FAILURE;
        }
    }
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
