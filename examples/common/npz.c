#include "common/npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "common/input_file.h"
#include "common/report.h"

static const zip_uint64_t LARGEST_MEMBER = UINT64_C(1) << 30;

bool npz_open(npz_file *file, const char *path) {
    int code = 0;
    *file = (npz_file){.path = path};
    int descriptor = input_file_open(path);
    if (descriptor < 0) {
        return false;
    }
    file->archive = zip_fdopen(descriptor, 0, &code); /* which then closes it */
    if (file->archive != NULL) {
        return true;
    }
    close(descriptor);
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    report_error("%s: cannot be opened as .npz: %s; check the path or download the data again", path,
                 zip_error_strerror(&error));
    zip_error_fini(&error);
    return false;
}

/* The names below read "archive.npz: member.npy"; libzip wants the member alone. */
static const char *member_of(const npz_file *file, const char *name) {
    return name + strlen(file->path) + strlen(": ");
}

static bool allocate_member(const npz_file *file, bytes *contents, const char *name) {
    zip_stat_t about;
    if (zip_stat(file->archive, member_of(file, name), 0, &about) != 0 || (about.valid & ZIP_STAT_SIZE) == 0) {
        return report_error("%s: is not in the archive; check which file was passed", name);
    }
    if (about.size > LARGEST_MEMBER) {
        return report_error("%s: unpacks to more than 1 GiB; check which file was passed", name);
    }
    return bytes_allocate(contents, (size_t)about.size);
}

/* The read past the end makes libzip compare the checksum. */
static bool read_fully(zip_file_t *member, bytes *contents) {
    size_t done = 0;
    while (done < contents->length) {
        zip_int64_t count = zip_fread(member, contents->data + done, contents->length - done);
        if (count <= 0) {
            return false;
        }
        done += (size_t)count;
    }
    uint8_t beyond;
    return zip_fread(member, &beyond, 1) == 0;
}

static bool unpack(const npz_file *file, bytes *contents, const char *name) {
    zip_file_t *member = zip_fopen(file->archive, member_of(file, name), 0);
    bool complete = member != NULL && read_fully(member, contents);
    if (member != NULL) {
        zip_fclose(member);
    }
    return complete || report_error("%s: cannot be unpacked; download the data again", name);
}

bool npz_read(const npz_file *file, bytes *contents, npy_array *array, const char *name) {
    *contents = (bytes){0};
    char *full_name;
    if (asprintf(&full_name, "%s: %s.npy", file->path, name) < 0) {
        return report_out_of_memory();
    }
    bool done = allocate_member(file, contents, full_name) && unpack(file, contents, full_name) &&
                npy_parse(array, contents, full_name);
    if (!done) {
        bytes_free(contents);
    }
    free(full_name);
    return done;
}

void npz_close(npz_file *file) {
    if (file->archive != NULL) {
        zip_discard(file->archive);
    }
    *file = (npz_file){0};
}
