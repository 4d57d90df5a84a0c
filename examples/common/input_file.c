#include "common/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/report.h"

static const size_t LARGEST_FILE = (size_t)1 << 31;

/* ------------------------------------------------------------------------------------------ files that were read -- */

/* Kept until the program ends. */
static struct {
    struct identity {
        dev_t device;
        ino_t inode;
    } * files; /* [count] */
    size_t count;
} were_read;

bool input_file_was_read(const struct stat *about) {
    for (size_t i = 0; i < were_read.count; i++) {
        if (were_read.files[i].device == about->st_dev && were_read.files[i].inode == about->st_ino) {
            return true;
        }
    }
    return false;
}

static bool remember(const struct stat *about) {
    if (input_file_was_read(about)) {
        return true;
    }
    struct identity *files = realloc(were_read.files, (were_read.count + 1) * sizeof *files);
    if (files == NULL) {
        return report_out_of_memory();
    }
    files[were_read.count++] = (struct identity){about->st_dev, about->st_ino};
    were_read.files = files;
    return true;
}

/* --------------------------------------------------------------------------------------------------------- reading --
 */

static bool check_regular(int descriptor, const char *path) {
    struct stat about;
    if (fstat(descriptor, &about) != 0) {
        return report_error("%s: cannot be examined: %s; check the path", path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return report_error("%s: is not a regular file; name a file", path);
    }
    return remember(&about);
}

/* O_NONBLOCK: a pipe opens though nothing writes to it, and is then refused. Regular files know no such mode. */
int input_file_open(const char *path) {
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) {
        report_error("%s: cannot be opened: %s; check the path", path, strerror(errno));
        return -1;
    }
    if (!check_regular(descriptor, path)) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static bool read_fully(int descriptor, uint8_t *out, size_t length, const char *path) {
    size_t done = 0;
    while (done < length) {
        ssize_t count = read(descriptor, out + done, length - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return report_error("%s: cannot be read: %s; check the disk", path, strerror(errno));
        }
        if (count == 0) {
            return report_error("%s: became shorter while it was read; try again when nothing writes to it", path);
        }
        done += (size_t)count;
    }
    return true;
}

static bool find_length(int descriptor, size_t *length, const char *path) {
    struct stat about;
    if (fstat(descriptor, &about) != 0) {
        return report_error("%s: cannot be examined: %s; check the path", path, strerror(errno));
    }
    *length = (size_t)about.st_size;
    return true;
}

/* The body, behind a head that was let through. */
static bool read_body(int descriptor, bytes *contents, const input_head *head, const char *path) {
    if (head->file_length > LARGEST_FILE) {
        return report_error("%s: is larger than 2 GiB; check which file was passed", path);
    }
    if (!bytes_allocate(contents, head->file_length)) {
        return false;
    }
    memcpy(contents->data, head->bytes, head->length);
    return read_fully(descriptor, contents->data + head->length, head->file_length - head->length, path);
}

static bool read_opened(int descriptor, bytes *contents, const char *path, input_head_check check,
                        const void *context) {
    uint8_t start[INPUT_HEAD_BYTES];
    input_head head = {.bytes = start};
    if (!find_length(descriptor, &head.file_length, path)) {
        return false;
    }
    head.length = head.file_length < sizeof start ? head.file_length : sizeof start;
    bool done = read_fully(descriptor, start, head.length, path) && (check == NULL || check(&head, path, context)) &&
                read_body(descriptor, contents, &head, path);
    explicit_bzero(start, sizeof start);
    return done;
}

bool input_file_read_checked(bytes *contents, const char *path, input_head_check check, const void *context) {
    *contents = (bytes){0};
    int descriptor = input_file_open(path);
    if (descriptor < 0) {
        return false;
    }
    bool done = read_opened(descriptor, contents, path, check, context);
    close(descriptor);
    if (!done) {
        bytes_free(contents);
    }
    return done;
}

bool input_file_read(bytes *contents, const char *path) {
    return input_file_read_checked(contents, path, NULL, NULL);
}
