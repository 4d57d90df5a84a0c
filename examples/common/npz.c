#include "common/npz.h"

#include <zip.h>

#include "common/report.h"

static const zip_uint64_t LARGEST_MEMBER = UINT64_C(1) << 30;

bool npz_open(npz_file **file, const char *path) {
    int code = 0;
    *file = zip_open(path, ZIP_RDONLY, &code);
    if (*file != NULL) {
        return true;
    }
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    report_error("%s: cannot be opened as .npz: %s; check the path or download the data again", path,
                 zip_error_strerror(&error));
    zip_error_fini(&error);
    return false;
}

static bool member_size(npz_file *file, size_t *size, const char *name) {
    zip_stat_t about;
    if (zip_stat(file, name, 0, &about) != 0 || (about.valid & ZIP_STAT_SIZE) == 0) {
        return report_error("%s: is not in the archive; check the data set", name);
    }
    if (about.size > LARGEST_MEMBER) {
        return report_error("%s: unpacks to more than 1 GiB; check which file was passed", name);
    }
    *size = (size_t)about.size;
    return true;
}

/* The read past the end makes libzip compare the checksum. */
static bool unpack(zip_file_t *member, bytes *contents) {
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

bool npz_read(npz_file *file, bytes *contents, const char *name) {
    *contents = (bytes){0};
    size_t size = 0;
    if (!member_size(file, &size, name) || !bytes_allocate(contents, size)) {
        return false;
    }
    zip_file_t *member = zip_fopen(file, name, 0);
    bool complete = member != NULL && unpack(member, contents);
    if (member != NULL) {
        zip_fclose(member);
    }
    if (!complete) {
        bytes_free(contents);
        return report_error("%s: cannot be unpacked; download the data again", name);
    }
    return true;
}

void npz_close(npz_file *file) {
    if (file != NULL) {
        zip_discard(file);
    }
}
