#include "common/split.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/metrics.h"
#include "common/npz.h"
#include "common/report.h"

enum { LONGEST_NAME = 32 };

/* kind: images or labels */
static bool read_array(const npz_file *file, bytes *contents, npy_array *array, const char *split_name,
                       const char *kind) {
    char name[LONGEST_NAME];
    snprintf(name, sizeof name, "%s_%s", split_name, kind);
    return npz_read(file, contents, array, name);
}

/* (count, height, width) or, in colour, (count, height, width, channels) of bytes. */
static bool check_images(const npy_array *images, const tnn_model_info *model, const char *path) {
    if (images->item_bytes != 1 || images->is_signed || images->dimensions < 3 || images->dimensions > 4) {
        return report_error("%s: its images are not of 8 bits a channel; download the data again", path);
    }
    size_t channels = images->dimensions == 4 ? images->shape[3] : 1;
    if (images->shape[1] == model->height && images->shape[2] == model->width && channels == model->channels) {
        return images->shape[0] > 0 || report_error("%s: holds no images of this split; choose another", path);
    }
    return report_error("%s: holds images of %zu x %zu with %zu channels, the model reads %u x %u with %u; choose the "
                        "model or the data to fit",
                        path, images->shape[2], images->shape[1], channels, model->width, model->height,
                        model->channels);
}

/* (count) or (count, 1) of class numbers. */
static bool check_labels(const npy_array *labels, size_t images, const char *path) {
    if (labels->dimensions >= 1 && labels->shape[0] == images && labels->elements == images) {
        return true;
    }
    return report_error("%s: has not one label for each image; use a data set with single labels", path);
}

static bool copy_labels(split *data, const npy_array *labels, size_t classes, const char *path) {
    data->labels = calloc(data->count, sizeof *data->labels);
    if (data->labels == NULL) {
        return report_out_of_memory();
    }
    for (size_t i = 0; i < data->count; i++) {
        int64_t label = npy_integer(labels, i);
        if (label < 0 || (uint64_t)label >= classes) {
            return report_error("%s: image %zu has label %lld, the model knows %zu classes; choose the model of this "
                                "data set",
                                path, i, (long long)label, classes);
        }
        data->labels[i] = (uint32_t)label;
    }
    return true;
}

static bool read_images(split *data, const npz_file *file, const char *name, const tnn_model_info *model,
                        size_t *available) {
    npy_array images;
    if (!read_array(file, &data->images_file, &images, name, "images") || !check_images(&images, model, file->path)) {
        return false;
    }
    *available = images.shape[0];
    data->images = images.data;
    data->pixels = images.elements / images.shape[0];
    return true;
}

static bool read_labels(split *data, const npz_file *file, const char *name, const tnn_model_info *model,
                        size_t available) {
    npy_array labels;
    bytes contents = {0};
    bool done = read_array(file, &contents, &labels, name, "labels") && check_labels(&labels, available, file->path) &&
                copy_labels(data, &labels, metrics_classes(model->outputs), file->path);
    bytes_free(&contents);
    return done;
}

/* What most first runs meet deserves more than libzip's word. */
static bool check_present(const char *path) {
    if (access(path, R_OK) == 0) {
        return true;
    }
    return report_error("%s: cannot be read: %s; name it or its folder with --data; MedMNIST's files are at "
                        "https://zenodo.org/records/10519652",
                        path, strerror(errno));
}

bool split_read(split *data, const char *path, const char *name, const tnn_model_info *model, size_t limit) {
    *data = (split){0};
    npz_file file = {0};
    size_t available = 0;
    bool done = check_present(path) && npz_open(&file, path) && read_images(data, &file, name, model, &available);
    data->count = available < limit ? available : limit;
    done = done && read_labels(data, &file, name, model, available);
    npz_close(&file);
    return done;
}

bool split_name_parse(const char **name, const char *text) {
    if (strcmp(text, "train") != 0 && strcmp(text, "val") != 0 && strcmp(text, "test") != 0) {
        return report_error("--split takes train, val or test, not '%s'", text);
    }
    *name = text;
    return true;
}

bool split_is_file(const char *place) {
    struct stat about;
    return stat(place, &about) == 0 && S_ISREG(about.st_mode);
}

/* asprintf leaves the text undefined where it fails. */
static bool keep_text(char **text, int length) {
    *text = length < 0 ? NULL : *text;
    return length >= 0 || report_out_of_memory();
}

static bool find_in_folder(char **path, const char *folder, const char *set) {
    const char *home = getenv("HOME");
    if (folder == NULL && home == NULL) {
        return report_error("neither MEDMNIST_ROOT nor HOME is set; name the folder of the data with --data");
    }
    int length =
        folder != NULL ? asprintf(path, "%s/%s.npz", folder, set) : asprintf(path, "%s/.medmnist/%s.npz", home, set);
    return keep_text(path, length);
}

bool split_find_file(char **path, const char *place, const char *set) {
    *path = NULL;
    if (place == NULL || !split_is_file(place)) {
        return find_in_folder(path, place != NULL ? place : getenv("MEDMNIST_ROOT"), set);
    }
    *path = strdup(place);
    return *path != NULL || report_out_of_memory();
}

bool split_set_name(char **set, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t length = strlen(name);
    const size_t ending = strlen(".npz");
    length -= length > ending && strcmp(name + length - ending, ".npz") == 0 ? ending : 0;
    *set = strndup(name, length);
    return *set != NULL || report_out_of_memory();
}

void split_free(split *data) {
    bytes_free(&data->images_file);
    free(data->labels);
    *data = (split){0};
}
