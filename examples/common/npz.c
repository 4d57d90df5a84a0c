#include "common/npz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "common/input_file.h"
#include "common/report.h"

enum { HEAD_BYTES = 512, MOST_MEMBERS = 1000 };

static const zip_uint64_t LARGEST_MEMBER = UINT64_C(1) << 30;

typedef struct file_head {
    char text[HEAD_BYTES];
    size_t length;
} file_head;

static bool starts_with(const file_head *head, const char *magic) {
    size_t length = strlen(magic);
    return head->length >= length && memcmp(head->text, magic, length) == 0;
}

/* Behind a byte order mark and blanks a markup language begins with an angle bracket. */
static bool is_markup(const file_head *head) {
    static const char MARK[] = "\xef\xbb\xbf";
    size_t at = starts_with(head, MARK) ? strlen(MARK) : 0;
    while (at < head->length && memchr(" \t\r\n", head->text[at], 4) != NULL) {
        at++;
    }
    return at < head->length && head->text[at] == '<';
}

/* What is no archive is called what it is. */
static bool check_kind(int descriptor, const char *path) {
    file_head head;
    ssize_t count = pread(descriptor, head.text, HEAD_BYTES, 0);
    if (count < 0) {
        return report_error("%s: cannot be read: %s; check the disk", path, strerror(errno));
    }
    head.length = (size_t)count;
    if (starts_with(&head, "PK\x03\x04") || starts_with(&head, "PK\x05\x06")) {
        return true;
    }
    if (head.length == 0) {
        return report_error("%s: is empty; download the data again", path);
    }
    if (is_markup(&head)) {
        return report_error("%s: is a web page, not data: a login or error page was saved in its place; download the "
                            "data again",
                            path);
    }
    if (starts_with(&head, "\x93NUMPY")) {
        return report_error("%s: is a single .npy array, not an archive of them; save all arrays with numpy.savez",
                            path);
    }
    return report_error("%s: is not an .npz archive; check which file was passed", path);
}

static bool report_damaged(const char *name) {
    return report_error("%s: is cut short or damaged; download the data again", name);
}

/* libzip owns the descriptor where it opens the archive. */
static bool open_archive(npz_file *file, int descriptor) {
    int code = 0;
    file->archive = zip_fdopen(descriptor, 0, &code);
    if (file->archive == NULL) {
        close(descriptor);
        return code == ZIP_ER_MEMORY ? report_out_of_memory() : report_damaged(file->path);
    }
    return true;
}

/* NULL where the archive has no such member. */
static const char *member_name(const npz_file *file, zip_int64_t index) {
    return zip_get_name(file->archive, (zip_uint64_t)index, ZIP_FL_ENC_RAW);
}

/* The first member of a name among `count`, -1 where there is none. */
static zip_int64_t find_member(const npz_file *file, const char *name, zip_int64_t count) {
    for (zip_int64_t i = 0; i < count; i++) {
        const char *other = member_name(file, i);
        if (other != NULL && strcmp(other, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Of two members of one name each program might read another one. */
static bool check_members(const npz_file *file) {
    zip_int64_t count = zip_get_num_entries(file->archive, 0);
    if (count > MOST_MEMBERS) {
        return report_error("%s: holds %lld files, more than %d; check which file was passed", file->path,
                            (long long)count, MOST_MEMBERS);
    }
    for (zip_int64_t i = 1; i < count; i++) {
        const char *name = member_name(file, i);
        if (name == NULL) {
            return report_damaged(file->path);
        }
        if (find_member(file, name, i) >= 0) {
            return report_error("%s: holds two members named %s; save the arrays anew with numpy.savez", file->path,
                                name);
        }
    }
    return true;
}

bool npz_open(npz_file *file, const char *path) {
    *file = (npz_file){.path = path};
    int descriptor = input_file_open(path);
    if (descriptor < 0) {
        return false;
    }
    if (!check_kind(descriptor, path)) {
        close(descriptor);
        return false;
    }
    return open_archive(file, descriptor) && check_members(file);
}

/* A member, and "archive.npz: member.npy" for messages. */
typedef struct member {
    zip_uint64_t index;
    const char *name;
} member;

static bool check_packing(const zip_stat_t *about, const char *name) {
    const bool packed_by_numpy = about->comp_method == ZIP_CM_STORE || about->comp_method == ZIP_CM_DEFLATE;
    if (!packed_by_numpy || about->encryption_method != ZIP_EM_NONE) {
        return report_error("%s: is encrypted or compressed by another method than deflate; save the arrays with "
                            "numpy.savez_compressed",
                            name);
    }
    if (about->size > LARGEST_MEMBER) {
        return report_error("%s: unpacks to more than 1 GiB; check which file was passed", name);
    }
    return true;
}

static bool allocate_member(const npz_file *file, bytes *contents, const member *read) {
    zip_stat_t about;
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(file->archive, read->index, 0, &about) != 0 || (about.valid & needed) != needed) {
        return report_damaged(read->name);
    }
    return check_packing(&about, read->name) && bytes_allocate(contents, (size_t)about.size);
}

/* The read past the end makes libzip compare the checksum. */
static bool read_fully(zip_file_t *opened, bytes *contents) {
    size_t done = 0;
    while (done < contents->length) {
        zip_int64_t count = zip_fread(opened, contents->data + done, contents->length - done);
        if (count <= 0) {
            return false;
        }
        done += (size_t)count;
    }
    uint8_t beyond;
    return zip_fread(opened, &beyond, 1) == 0;
}

static bool unpack(const npz_file *file, bytes *contents, const member *read) {
    zip_file_t *opened = zip_fopen_index(file->archive, read->index, 0);
    bool complete = opened != NULL && read_fully(opened, contents);
    if (opened != NULL) {
        zip_fclose(opened);
    }
    return complete || report_damaged(read->name);
}

static bool read_member(const npz_file *file, bytes *contents, npy_array *array, const char *full_name) {
    const char *name = full_name + strlen(file->path) + strlen(": ");
    zip_int64_t index = find_member(file, name, zip_get_num_entries(file->archive, 0));
    if (index < 0) {
        return report_error("%s: is not in the archive; check which file was passed", full_name);
    }
    const member read = {.index = (zip_uint64_t)index, .name = full_name};
    return allocate_member(file, contents, &read) && unpack(file, contents, &read) &&
           npy_parse(array, contents, full_name) && npy_make_c_ordered(array, contents);
}

bool npz_read(const npz_file *file, bytes *contents, npy_array *array, const char *name) {
    *contents = (bytes){0};
    char *full_name;
    if (asprintf(&full_name, "%s: %s.npy", file->path, name) < 0) {
        return report_out_of_memory();
    }
    bool done = read_member(file, contents, array, full_name);
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
