#include "common/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/report.h"

static const off_t LARGEST_FILE = (off_t)1 << 31;

static bool check_size(const char *path, int descriptor, size_t *size) {
    struct stat about;
    if (fstat(descriptor, &about) != 0) {
        return report_error("%s: cannot be examined: %s; check the path", path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return report_error("%s: is not a regular file; name a file", path);
    }
    if (about.st_size > LARGEST_FILE) {
        return report_error("%s: is larger than 2 GiB; check which file was passed", path);
    }
    *size = (size_t)about.st_size;
    return true;
}

static bool read_fully(const char *path, int descriptor, bytes *contents) {
    size_t done = 0;
    while (done < contents->length) {
        ssize_t count = read(descriptor, contents->data + done, contents->length - done);
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

bool input_file_read(bytes *contents, const char *path) {
    *contents = (bytes){0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return report_error("%s: cannot be opened: %s; check the path", path, strerror(errno));
    }
    size_t size = 0;
    bool complete =
        check_size(path, descriptor, &size) && bytes_allocate(contents, size) && read_fully(path, descriptor, contents);
    close(descriptor);
    if (!complete) {
        bytes_free(contents);
    }
    return complete;
}
