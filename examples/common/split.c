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

/* Where a split stands. */
typedef struct source {
    const npz_file *file;
    const char *path, *split;
} source;

/* kind: images or labels */
static bool read_array(const source *from, bytes *contents, npy_array *array, const char *kind) {
    char name[LONGEST_NAME];
    snprintf(name, sizeof name, "%s_%s", from->split, kind);
    return npz_read(from->file, contents, array, name);
}

/* Bytes of shape (count, height, width) or, in colour, (count, height, width, channels). */
static bool check_images(const npy_array *images, const source *from) {
    char shape[NPY_LONGEST_SHAPE];
    if (images->item_bytes != 1 || images->is_signed) {
        return report_error("%s: %s_images.npy: holds pixels of type '%s'; save them as uint8 from 0 to 255",
                            from->path, from->split, images->type);
    }
    if (images->dimensions < 3 || images->dimensions > 4 || images->elements == 0) {
        return report_error("%s: %s_images.npy: is of shape %s; images are (count, height, width) or (count, height, "
                            "width, channels), at least one of them",
                            from->path, from->split, npy_shape_text(shape, images));
    }
    return true;
}

static bool check_size(const npy_array *images, const tnn_model_info *model, const source *from) {
    size_t channels = images->dimensions == 4 ? images->shape[3] : 1;
    if (images->shape[1] == model->height && images->shape[2] == model->width && channels == model->channels) {
        return true;
    }
    return report_error("%s: %s_images.npy: holds images of %zu x %zu with %zu channels, the model reads %u x %u with "
                        "%u; choose the model or the data to fit",
                        from->path, from->split, images->shape[2], images->shape[1], channels, model->width,
                        model->height, model->channels);
}

/* (count), (count, 1) or (1, count) of class numbers. */
static bool check_labels(const npy_array *labels, size_t images, const source *from) {
    char shape[NPY_LONGEST_SHAPE];
    bool along_one_side = false;
    for (size_t d = 0; d < labels->dimensions; d++) {
        along_one_side |= labels->shape[d] == images;
    }
    if (along_one_side && labels->elements == images) {
        return true;
    }
    return report_error("%s: %s_labels.npy: is of shape %s for %zu images; each image needs one class number",
                        from->path, from->split, npy_shape_text(shape, labels), images);
}

static bool check_label(int64_t label, size_t image, size_t classes, const source *from) {
    if (label < 0) {
        return report_error("%s: %s_labels.npy: image %zu has label %lld; classes count from 0", from->path,
                            from->split, image, (long long)label);
    }
    if ((uint64_t)label >= classes) {
        return report_error("%s: %s_labels.npy: image %zu has label %lld, the model knows %zu classes; choose the "
                            "model of this data set",
                            from->path, from->split, image, (long long)label, classes);
    }
    return true;
}

/* Every label is checked, also of images that are not looked at. */
static bool copy_labels(split *data, const npy_array *labels, size_t classes, const source *from) {
    data->labels = calloc(data->count, sizeof *data->labels);
    if (data->labels == NULL) {
        return report_out_of_memory();
    }
    for (size_t i = 0; i < labels->elements; i++) {
        int64_t label = npy_integer(labels, i);
        if (!check_label(label, i, classes, from)) {
            return false;
        }
        if (i < data->count) {
            data->labels[i] = (uint32_t)label;
        }
    }
    return true;
}

static bool read_images(split *data, npy_array *images, const source *from, const tnn_model_info *model) {
    if (!read_array(from, &data->images_file, images, "images") || !check_images(images, from)) {
        return false;
    }
    data->images = images->data;
    data->pixels = images->elements / images->shape[0];
    return check_size(images, model, from);
}

static bool read_labels(split *data, const source *from, const tnn_model_info *model, size_t available) {
    npy_array labels;
    bytes contents = {0};
    bool done = read_array(from, &contents, &labels, "labels") && check_labels(&labels, available, from) &&
                copy_labels(data, &labels, metrics_classes(model->outputs), from);
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
    npy_array images = {0};
    const source from = {.file = &file, .path = path, .split = name};
    bool done = check_present(path) && npz_open(&file, path) && read_images(data, &images, &from, model);
    data->count = images.shape[0] < limit ? images.shape[0] : limit;
    done = done && read_labels(data, &from, model, images.shape[0]);
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

static bool ends_with(const char *text, const char *ending) {
    size_t length = strlen(text), ending_length = strlen(ending);
    return length > ending_length && strcmp(text + length - ending_length, ending) == 0;
}

bool split_is_file(const char *place) {
    struct stat about;
    return stat(place, &about) == 0 ? !S_ISDIR(about.st_mode) : ends_with(place, ".npz");
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
    *set = strndup(name, strlen(name) - (ends_with(name, ".npz") ? strlen(".npz") : 0));
    return *set != NULL || report_out_of_memory();
}

void split_free(split *data) {
    bytes_free(&data->images_file);
    free(data->labels);
    *data = (split){0};
}
