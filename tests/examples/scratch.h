/* A folder of its own for each test, which is the current one while it runs. */
#ifndef EXAMPLES_SCRATCH_H
#define EXAMPLES_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testing.h"

static char scratch_folder[64];

static inline int scratch_make(void **state) {
    (void)state;
    strcpy(scratch_folder, "/tmp/torusnn_test_XXXXXX");
    return mkdtemp(scratch_folder) != NULL ? chdir(scratch_folder) : -1;
}

/* Number of entries, removed on the way where that is asked for. */
static inline size_t scratch_entries(bool and_remove) {
    size_t count = 0;
    DIR *folder = opendir(".");
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            count++;
            if (and_remove) {
                assert_int_equal(remove(entry->d_name), 0);
            }
        }
    }
    closedir(folder);
    return count;
}

static inline int scratch_remove(void **state) {
    (void)state;
    scratch_entries(true);
    return chdir("/") == 0 ? rmdir(scratch_folder) : -1;
}

static inline void scratch_write(const char *name, const void *content, size_t length) {
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* Whether a file holds these bytes and no others. */
static inline bool scratch_holds(const char *name, const void *content, size_t length) {
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        return false;
    }
    char *found = malloc(length + 1);
    const bool same = fread(found, 1, length + 1, file) == length && memcmp(found, content, length) == 0;
    free(found);
    fclose(file);
    return same;
}

#endif
