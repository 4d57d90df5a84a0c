#include "common/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/input_file.h"
#include "common/interrupt.h"
#include "common/report.h"

static bool report_unwritten(const char *path) {
    return report_error("%s: cannot be written: %s; check the folder, its permissions and the space left", path,
                        strerror(errno));
}

/* ------------------------------------------------------------------------------------------- what may be replaced --
 */

/* The first four bytes of a secret key, plain or sealed (docs/FORMATS.md). */
static bool is_secret_magic(const char magic[4]) {
    return memcmp(magic, "TNNS", 4) == 0 || memcmp(magic, "TNNK", 4) == 0;
}

static bool check_no_secret_key(const char *path) {
    char magic[4] = {0};
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    const bool examined = descriptor >= 0 && read(descriptor, magic, sizeof magic) >= 0;
    const int error = errno;
    if (descriptor >= 0) {
        close(descriptor);
    }
    if (!examined) {
        return report_error("%s: exists and cannot be examined: %s; choose another name", path, strerror(error));
    }
    return !is_secret_magic(magic) ||
           report_error("%s: holds a secret key, which nothing here replaces; choose another name", path);
}

static bool check_present(const char *path, const struct stat *about, output_kind kind) {
    if (S_ISLNK(about->st_mode)) {
        return report_error("%s: is a symbolic link; name the file that it leads to, or another", path);
    }
    if (!S_ISREG(about->st_mode)) {
        return report_error("%s: is not a regular file; choose another name", path);
    }
    if (kind == OUTPUT_SECRET) {
        return report_error("%s: exists, and if it is a secret key nothing else reads what was encrypted under it; "
                            "choose another name or remove it",
                            path);
    }
    if (input_file_was_read(about)) {
        return report_error("%s: is read by this command; choose another name", path);
    }
    return check_no_secret_key(path);
}

bool output_file_check(const char *path, output_kind kind) {
    struct stat about;
    if (lstat(path, &about) != 0) {
        return errno == ENOENT || report_unwritten(path);
    }
    return check_present(path, &about, kind);
}

/* ---------------------------------------------------------------------------------------------------------- folders --
 */

static const char *last_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* The folder that holds the path's last name, to be freed; NULL where memory ran out. */
static char *folder_of(const char *path) {
    const size_t length = (size_t)(last_name(path) - path);
    return length > 0 ? strndup(path, length) : strdup(".");
}

static bool stat_folder(struct stat *about, const char *path) {
    char *folder = folder_of(path);
    const bool found = folder != NULL && stat(folder, about) == 0;
    free(folder);
    return found;
}

bool output_file_same(const char *a, const char *b) {
    struct stat folder_a, folder_b;
    return stat_folder(&folder_a, a) && stat_folder(&folder_b, b) && folder_a.st_dev == folder_b.st_dev &&
           folder_a.st_ino == folder_b.st_ino && strcmp(last_name(a), last_name(b)) == 0;
}

/* Some file systems cannot sync a folder, and say so with EINVAL; what they promise is all there is. */
static bool sync_folder(const char *path) {
    char *folder = folder_of(path);
    if (folder == NULL) {
        return false;
    }
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (descriptor < 0) {
        return errno == EACCES; /* a folder that may be written but not read */
    }
    const bool synced = fsync(descriptor) == 0 || errno == EINVAL;
    const int error = errno;
    close(descriptor);
    errno = error;
    return synced;
}

/* --------------------------------------------------------------------------------------------------- temporary file --
 */

static void remove_path(const void *path) {
    unlink(path);
}

static void forget(output_file *file) {
    if (file->temporary_path != NULL) {
        interrupt_forget(file->ticket);
    }
    free(file->temporary_path);
    file->temporary_path = NULL;
}

void output_file_discard(output_file *file) {
    if (file->temporary_path != NULL) {
        unlink(file->temporary_path);
    }
    forget(file);
}

/* A shared file gets what open would have given it. */
static bool apply_access(int descriptor, output_kind kind) {
    if (kind == OUTPUT_SECRET) {
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

static bool fill_temporary(int descriptor, output_kind kind, const bytes *contents) {
    bool filled = apply_access(descriptor, kind) && write_fully(descriptor, contents) && fsync(descriptor) == 0;
    int first_error = errno;
    bool closed = close(descriptor) == 0;
    errno = filled ? errno : first_error;
    return filled && closed;
}

/* A random name, registered before the file exists: a signal finds it whenever it comes. Returns a descriptor or -1. */
static int create_temporary(output_file *file) {
    uint64_t number;
    if (getentropy(&number, sizeof number) != 0) {
        return -1;
    }
    if (asprintf(&file->temporary_path, "%s.%016" PRIx64, file->path, number) < 0) {
        file->temporary_path = NULL;
        errno = ENOMEM;
        return -1;
    }
    file->ticket = interrupt_register(remove_path, file->temporary_path);
    return open(file->temporary_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool output_file_stage(output_file *file, const char *path, output_kind kind, const bytes *contents) {
    *file = (output_file){.path = path, .kind = kind, .ticket = INTERRUPT_NONE};
    if (!output_file_check(path, kind)) {
        return false;
    }
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error of write */
    int descriptor = create_temporary(file);
    if (descriptor < 0) {
        report_unwritten(path);
        forget(file);
        return false;
    }
    if (!fill_temporary(descriptor, kind, contents)) {
        report_unwritten(path);
        output_file_discard(file);
        return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ names --
 */

/* EEXIST where something has the name. Not every file system knows RENAME_NOREPLACE; a link serves as well. */
static bool take_new_name(const output_file *file) {
    if (renameat2(AT_FDCWD, file->temporary_path, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return false;
    }
    if (link(file->temporary_path, file->path) != 0) {
        return false;
    }
    unlink(file->temporary_path);
    return true;
}

/* What has the name is examined after the name was found taken: a secret key can only have been there before. */
static bool take_name(output_file *file) {
    file->created = take_new_name(file);
    if (!file->created && errno != EEXIST) {
        return report_unwritten(file->path);
    }
    if (!file->created && !output_file_check(file->path, file->kind)) {
        return false;
    }
    return file->created || rename(file->temporary_path, file->path) == 0 || report_unwritten(file->path);
}

static bool commit_one(output_file *file) {
    if (!take_name(file)) {
        output_file_discard(file);
        return false;
    }
    forget(file);
    return sync_folder(file->path) || report_unwritten(file->path);
}

static void take_back(output_file *files, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (files[i].created) {
            unlink(files[i].path);
        }
        output_file_discard(&files[i]);
    }
}

bool output_files_commit(output_file *files, size_t count) {
    sigset_t before;
    interrupt_hold(&before);
    size_t done = 0;
    while (done < count && commit_one(&files[done])) {
        done++;
    }
    if (done < count) {
        take_back(files, count);
    }
    interrupt_resume(&before);
    return done == count;
}

bool output_file_write(const char *path, const bytes *contents) {
    output_file file = {0};
    return output_file_stage(&file, path, OUTPUT_SHARED, contents) && output_files_commit(&file, 1);
}
