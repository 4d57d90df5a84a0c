#include "common/output_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/report.h"

static bool report_unwritten(const char *path) {
    return report_error("%s: cannot be written: %s; check the folder, its permissions and the space left", path,
                        strerror(errno));
}

/* Renaming over a device or a folder would replace it or fail late. */
static bool check_replaceable(const char *path) {
    struct stat about;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
        return report_error("%s: is not a regular file; choose another name", path);
    }
    return true;
}

/* mkstemp gives mode 0600 whatever the umask; a shared file gets what open would have given it. */
static bool apply_access(int descriptor, output_access access) {
    if (access == OUTPUT_OWNER_ONLY) {
        return true;
    }
    mode_t mask = umask(0);
    umask(mask);
    return fchmod(descriptor, 0666 & ~mask) == 0;
}

static bool write_fully(int descriptor, const bytes *contents) {
    size_t done = 0;
    while (done < contents->length) {
        ssize_t count = write(descriptor, contents->data + done, contents->length - done);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

static bool fill_temporary(int descriptor, output_access access, const bytes *contents) {
    bool filled = apply_access(descriptor, access) && write_fully(descriptor, contents) && fsync(descriptor) == 0;
    int first_error = errno;
    bool closed = close(descriptor) == 0;
    errno = filled ? errno : first_error;
    return filled && closed;
}

static void forget(output_file *file) {
    free(file->temporary_path);
    *file = (output_file){0};
}

bool output_file_stage(output_file *file, const char *path, output_access access, const bytes *contents) {
    *file = (output_file){.path = path};
    if (!check_replaceable(path)) {
        return false;
    }
    if (asprintf(&file->temporary_path, "%s.XXXXXX", path) < 0) {
        file->temporary_path = NULL;
        return report_out_of_memory();
    }
    int descriptor = mkstemp(file->temporary_path);
    if (descriptor < 0) {
        report_unwritten(path);
        forget(file);
        return false;
    }
    if (!fill_temporary(descriptor, access, contents)) {
        report_unwritten(path);
        output_file_discard(file);
        return false;
    }
    return true;
}

bool output_file_commit(output_file *file) {
    if (rename(file->temporary_path, file->path) != 0) {
        report_unwritten(file->path);
        output_file_discard(file);
        return false;
    }
    forget(file);
    return true;
}

void output_file_discard(output_file *file) {
    if (file->temporary_path != NULL) {
        unlink(file->temporary_path);
    }
    forget(file);
}

bool output_file_write(const char *path, const bytes *contents) {
    output_file file = {0};
    return output_file_stage(&file, path, OUTPUT_SHARED, contents) && output_file_commit(&file);
}
