#include "common/picture.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#include "common/bytes.h"
#include "common/input_file.h"
#include "common/netpbm.h"
#include "common/npy.h"
#include "common/report.h"

static bool check_size(const picture_shape *shape, uint32_t width, uint32_t height, const char *path) {
    if (width == shape->width && height == shape->height) {
        return true;
    }
    return report_error("%s: is %u x %u, the model reads %u x %u; resize the image", path, width, height, shape->width,
                        shape->height);
}

/* Luma by ITU-R BT.601, as JPEG defines it, to the nearest: 0.299 R + 0.587 G + 0.114 B. */
static uint8_t luma(const uint8_t *rgb) {
    return (uint8_t)((299u * rgb[0] + 587u * rgb[1] + 114u * rgb[2] + 500u) / 1000u);
}

/* Pixels [height][width][channels] of colours [height][width][3]. */
static void from_colours(uint8_t *pixels, const picture_shape *shape, const uint8_t *colours) {
    const size_t count = (size_t)shape->height * shape->width;
    for (size_t i = 0; i < count; i++) {
        if (shape->channels == 1) {
            pixels[i] = luma(colours + 3 * i);
        } else {
            memcpy(pixels + 3 * i, colours + 3 * i, 3);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------ PNG -- */

/* libpng calls `stop_png` where it cannot go on, and ends the program unless that jumps. Its simplified interface
 * would be shorter, but gives wrong pixels for interlaced files of 16 bits a channel (pnggroup/libpng, issue 853). */
typedef struct png_source {
    const uint8_t *next, *end;
    jmp_buf back;
    char sentence[128];
} png_source;

static void stop_png(png_structp reader, png_const_charp sentence) {
    png_source *source = png_get_error_ptr(reader);
    snprintf(source->sentence, sizeof source->sentence, "%s", sentence);
    longjmp(source->back, 1);
}

/* What libpng can do without, such as a comment with a wrong checksum. */
static void pass_over(png_structp reader, png_const_charp sentence) {
    (void)reader;
    (void)sentence;
}

static void take_bytes(png_structp reader, png_bytep out, size_t length) {
    png_source *source = png_get_io_ptr(reader);
    if ((size_t)(source->end - source->next) < length) {
        png_error(reader, "ends early");
    }
    memcpy(out, source->next, length);
    source->next += length;
}

/* Whatever the file holds, rows are of 8 bits a channel: red, green, blue, opacity. */
static void ask_for_rgba(png_structp reader) {
    png_set_expand(reader);
    png_set_scale_16(reader);
    png_set_gray_to_rgb(reader);
    png_set_add_alpha(reader, 255, PNG_FILLER_AFTER);
}

/* rgba: [height][width][4]. An interlaced file has 7 passes over all rows. */
static void read_passes(png_structp reader, png_infop info, uint8_t *rgba, const picture_shape *shape) {
    const int passes = png_set_interlace_handling(reader);
    png_read_update_info(reader, info);
    if (png_get_rowbytes(reader, info) != 4 * (size_t)shape->width) {
        png_error(reader, "has rows of another length than its header says");
    }
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < shape->height; y++) {
            png_read_row(reader, rgba + 4 * (size_t)y * shape->width, NULL);
        }
    }
    png_read_end(reader, NULL);
}

/* colours [count][3] of rgba [count][4], to the nearest, of the numbers as they are stored. Both may start at the same
 * place: no byte is written before it was read. */
static void lay_on_white(uint8_t *colours, const uint8_t *rgba, size_t count) {
    for (size_t i = 0; i < 3 * count; i++) {
        const unsigned opacity = rgba[4 * (i / 3) + 3];
        colours[i] = (uint8_t)((opacity * rgba[4 * (i / 3) + i % 3] + (255 - opacity) * 255 + 127) / 255);
    }
}

/* Into `rgba`, which the caller frees. */
static bool decode_png(bytes *rgba, png_structp reader, png_infop info, const picture_shape *shape, const char *path) {
    png_source *source = png_get_error_ptr(reader);
    if (setjmp(source->back) != 0) {
        report_error("%s: %s; write the file again", path, source->sentence);
        return false;
    }
    png_set_read_fn(reader, source, take_bytes);
    png_set_keep_unknown_chunks(reader, PNG_HANDLE_CHUNK_NEVER, NULL, -1); /* pixels, palette and opacity are read */
    png_read_info(reader, info);
    if (!check_size(shape, png_get_image_width(reader, info), png_get_image_height(reader, info), path) ||
        !bytes_allocate(rgba, 4 * (size_t)shape->height * shape->width)) {
        return false;
    }
    ask_for_rgba(reader);
    read_passes(reader, info, rgba->data, shape);
    return true;
}

static bool read_png(uint8_t *pixels, const picture_shape *shape, const bytes *file, const char *path) {
    png_source source = {.next = file->data, .end = file->data + file->length};
    png_structp reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, stop_png, pass_over);
    png_infop info = reader != NULL ? png_create_info_struct(reader) : NULL;
    bytes rgba = {0};
    bool done = false;
    if (info == NULL) {
        report_out_of_memory();
    } else if (decode_png(&rgba, reader, info, shape, path)) {
        done = true;
        lay_on_white(rgba.data, rgba.data, (size_t)shape->height * shape->width);
        from_colours(pixels, shape, rgba.data);
    }
    bytes_free(&rgba);
    png_destroy_read_struct(&reader, &info, NULL);
    return done;
}

/* ----------------------------------------------------------------------------------------------------- JPEG -- */

/* libjpeg calls `error_exit` where it cannot go on, and ends the program unless that jumps. */
typedef struct jpeg_failure {
    struct jpeg_error_mgr manager;
    jmp_buf back;
    char sentence[JMSG_LENGTH_MAX];
} jpeg_failure;

static void jump_back(j_common_ptr decoder) {
    jpeg_failure *failure = (jpeg_failure *)decoder->err;
    decoder->err->format_message(decoder, failure->sentence);
    longjmp(failure->back, 1);
}

/* A warning is what libjpeg says of data that are cut or damaged; it would go on with grey. */
static void treat_warning_as_error(j_common_ptr decoder, int level) {
    if (level < 0) {
        jump_back(decoder);
    }
}

static void read_rows(struct jpeg_decompress_struct *decoder, uint8_t *pixels, const picture_shape *shape) {
    decoder->out_color_space = shape->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(decoder);
    while (decoder->output_scanline < decoder->output_height) {
        JSAMPROW row = pixels + (size_t)decoder->output_scanline * shape->width * shape->channels;
        jpeg_read_scanlines(decoder, &row, 1);
    }
    jpeg_finish_decompress(decoder);
}

static bool read_jpeg(uint8_t *pixels, const picture_shape *shape, const bytes *file, const char *path) {
    struct jpeg_decompress_struct decoder;
    jpeg_failure failure;
    decoder.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = jump_back;
    failure.manager.emit_message = treat_warning_as_error;
    if (setjmp(failure.back) != 0) {
        jpeg_destroy_decompress(&decoder);
        return report_error("%s: %s; write the file again", path, failure.sentence);
    }
    jpeg_create_decompress(&decoder);
    jpeg_mem_src(&decoder, file->data, file->length);
    jpeg_read_header(&decoder, TRUE);
    const bool fits = check_size(shape, decoder.image_width, decoder.image_height, path);
    if (fits) {
        read_rows(&decoder, pixels, shape);
    }
    jpeg_destroy_decompress(&decoder);
    return fits;
}

/* --------------------------------------------------------------------------------------------------- netpbm -- */

static bool read_netpbm(uint8_t *pixels, const picture_shape *shape, const bytes *file, const char *path) {
    netpbm_image image = {0};
    if (!netpbm_parse(&image, path, file)) {
        return false;
    }
    const bool fits = check_size(shape, image.width, image.height, path);
    if (fits && image.channels == 3) {
        from_colours(pixels, shape, image.pixels.data);
    } else if (fits) {
        for (size_t i = 0; i < (size_t)shape->height * shape->width * shape->channels; i++) {
            pixels[i] = image.pixels.data[i / shape->channels];
        }
    }
    netpbm_free(&image);
    return fits;
}

/* ------------------------------------------------------------------------------------------------------ npy -- */

static bool check_array(const npy_array *array, const picture_shape *shape, const char *path) {
    char text[NPY_LONGEST_SHAPE];
    const size_t channels = array->dimensions == 3 ? array->shape[2] : 1;
    if (array->item_bytes != 1 || array->is_signed) {
        return report_error("%s: holds pixels of type '%s'; save them as uint8 from 0 to 255", path, array->type);
    }
    if ((array->dimensions == 2 || array->dimensions == 3) && array->shape[0] == shape->height &&
        array->shape[1] == shape->width && channels == shape->channels) {
        return true;
    }
    return report_error("%s: is of shape %s, the model reads (%u, %u, %u); save one image of that shape", path,
                        npy_shape_text(text, array), shape->height, shape->width, shape->channels);
}

static bool read_npy(uint8_t *pixels, const picture_shape *shape, bytes *file, const char *path) {
    npy_array array;
    const bool done =
        npy_parse(&array, file, path) && check_array(&array, shape, path) && npy_make_c_ordered(&array, file);
    if (done) {
        memcpy(pixels, array.data, array.elements);
    }
    return done;
}

/* ------------------------------------------------------------------------------------------------------ any -- */

typedef enum picture_format { FORMAT_PNG, FORMAT_JPEG, FORMAT_NETPBM, FORMAT_NPY, FORMAT_UNKNOWN } picture_format;

static picture_format format_of(const uint8_t *start, size_t length) {
    if (length >= 4 && memcmp(start, "\x89PNG", 4) == 0) {
        return FORMAT_PNG;
    }
    if (length >= 2 && memcmp(start, "\xff\xd8", 2) == 0) {
        return FORMAT_JPEG;
    }
    if (length >= 6 && memcmp(start, "\x93NUMPY", 6) == 0) {
        return FORMAT_NPY;
    }
    return length >= 2 && start[0] == 'P' && (start[1] == '5' || start[1] == '6') ? FORMAT_NETPBM : FORMAT_UNKNOWN;
}

static bool check_head(const input_head *head, const char *path, const void *context) {
    (void)context;
    return format_of(head->bytes, head->length) != FORMAT_UNKNOWN || netpbm_refuse_format(path);
}

static bool read_format(uint8_t *pixels, const picture_shape *shape, bytes *file, const char *path) {
    const picture_format format = format_of(file->data, file->length);
    if (format != FORMAT_NPY && shape->channels != 1 && shape->channels != 3) {
        return report_error(
            "%s: the model reads %u channels, which no picture has; save a NumPy array (.npy) of uint8 and "
            "shape (%u, %u, %u)",
            path, shape->channels, shape->height, shape->width, shape->channels);
    }
    switch (format) {
    case FORMAT_PNG: return read_png(pixels, shape, file, path);
    case FORMAT_JPEG: return read_jpeg(pixels, shape, file, path);
    case FORMAT_NPY: return read_npy(pixels, shape, file, path);
    default: return read_netpbm(pixels, shape, file, path);
    }
}

bool picture_read(uint8_t *pixels, const picture_shape *shape, const char *path) {
    bytes file = {0};
    const bool done = input_file_read_checked(&file, path, check_head, NULL) && read_format(pixels, shape, &file, path);
    bytes_free(&file);
    return done;
}
