#include "common/picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>

#include "testing.h"

#define SIDE 16u

static char path[] = "/tmp/test_picture_XXXXXX";
static uint8_t grey[SIDE * SIDE];
static const picture_shape GREY = {SIDE, SIDE, 1};
static const picture_shape COLOUR = {SIDE, SIDE, 3};

static int make_file(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof grey; i++) {
        grey[i] = (uint8_t)(i / 2 + 40);
    }
    const int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int remove_file(void **state) {
    (void)state;
    return remove(path);
}

static size_t file_length(void) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long length = ftell(file);
    assert_int_equal(fclose(file), 0);
    return (size_t)length;
}

static void write_png(const void *pixels, png_uint_32 format, uint32_t width) {
    png_image image = {.version = PNG_IMAGE_VERSION, .width = width, .height = SIDE, .format = format};
    assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
}

static void write_jpeg(const uint8_t *pixels, int channels) {
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    jpeg_stdio_dest(&encoder, file);
    encoder.image_width = SIDE;
    encoder.image_height = SIDE;
    encoder.input_components = channels;
    encoder.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, 100, TRUE);
    jpeg_start_compress(&encoder, TRUE);
    while (encoder.next_scanline < SIDE) {
        JSAMPROW row = (JSAMPROW)pixels + (size_t)encoder.next_scanline * SIDE * (size_t)channels;
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *head, size_t pixels) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(head, file);
    for (size_t i = 0; i < pixels; i++) {
        fputc(grey[i % sizeof grey], file);
    }
    assert_int_equal(fclose(file), 0);
}

/* A .npy file of version 1, its header filled up with blanks to 128 bytes. */
static void write_npy(const char *dictionary, size_t bytes) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file), 10);
    fprintf(file, "%-117s\n", dictionary);
    for (size_t i = 0; i < bytes; i++) {
        fputc(grey[i % sizeof grey], file);
    }
    assert_int_equal(fclose(file), 0);
}

static void assert_read(const picture_shape *shape, const uint8_t *expected, int tolerance) {
    uint8_t pixels[3 * SIDE * SIDE];
    assert_true(picture_read(pixels, shape, path));
    for (size_t i = 0; i < (size_t)shape->height * shape->width * shape->channels; i++) {
        assert_true(abs(pixels[i] - expected[i]) <= tolerance);
    }
}

static void assert_refused(const picture_shape *shape) {
    uint8_t pixels[3 * SIDE * SIDE];
    assert_false(picture_read(pixels, shape, path));
}

/* Refused, and the one sentence on stderr says so. */
static void assert_refused_saying(const picture_shape *shape, const char *expected) {
    char said[512] = "";
    const int kept = dup(STDERR_FILENO);
    FILE *caught = tmpfile();
    assert_non_null(caught);
    fflush(stderr);
    assert_true(dup2(fileno(caught), STDERR_FILENO) >= 0);
    assert_refused(shape);
    fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    rewind(caught);
    const size_t length = fread(said, 1, sizeof said - 1, caught);
    said[length] = 0;
    assert_int_equal(fclose(caught), 0);
    if (strstr(said, expected) == NULL) {
        fail_msg("says '%s', not '%s'", said, expected);
    }
}

static void in_three_channels(uint8_t *colour) {
    for (size_t i = 0; i < 3 * sizeof grey; i++) {
        colour[i] = grey[i / 3];
    }
}

static void png_gives_its_pixels(void **state) {
    (void)state;
    uint8_t colour[3 * SIDE * SIDE];
    in_three_channels(colour);
    write_png(grey, PNG_FORMAT_GRAY, SIDE);
    assert_read(&GREY, grey, 0);
    assert_read(&COLOUR, colour, 0);
    write_png(colour, PNG_FORMAT_RGB, SIDE);
    assert_read(&COLOUR, colour, 0);
    assert_read(&GREY, grey, 1);
}

/* Opacity from 0 to 255, pixel by pixel. */
static void transparent_pixels_lie_on_white(void **state) {
    (void)state;
    uint8_t rgba[4 * SIDE * SIDE];
    uint8_t expected[3 * SIDE * SIDE];
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) {
        for (size_t c = 0; c < 4; c++) {
            rgba[4 * i + c] = (uint8_t)(c < 3 ? 31 * i + 7 * c : i);
        }
        for (size_t c = 0; c < 3; c++) {
            expected[3 * i + c] = (uint8_t)lround((rgba[4 * i + c] * (double)i + 255.0 * (255.0 - (double)i)) / 255.0);
        }
    }
    write_png(rgba, PNG_FORMAT_RGBA, SIDE);
    assert_read(&COLOUR, expected, 0);
}

static void jpeg_gives_its_pixels_nearly(void **state) {
    (void)state;
    uint8_t colour[3 * SIDE * SIDE];
    in_three_channels(colour);
    write_jpeg(grey, 1);
    assert_read(&GREY, grey, 4);
    assert_read(&COLOUR, colour, 4);
    write_jpeg(colour, 3);
    assert_read(&GREY, grey, 4);
}

static void netpbm_gives_its_pixels(void **state) {
    (void)state;
    write_text("P5\n16 16\n255\n", sizeof grey);
    assert_read(&GREY, grey, 0);
    uint8_t colour[3 * SIDE * SIDE];
    in_three_channels(colour);
    assert_read(&COLOUR, colour, 0);
}

/* Pure and mixed colours, whose luma is by hand: 0.299 R + 0.587 G + 0.114 B. */
static void colours_become_their_luma_in_every_format(void **state) {
    (void)state;
    const uint8_t colours[5][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {10, 20, 30}, {200, 100, 50}};
    const uint8_t lumas[5] = {76, 150, 29, 18, 124};
    for (size_t c = 0; c < 5; c++) {
        uint8_t colour[3 * SIDE * SIDE];
        uint8_t expected[SIDE * SIDE];
        for (size_t i = 0; i < sizeof colour; i++) {
            colour[i] = colours[c][i % 3];
        }
        memset(expected, lumas[c], sizeof expected);
        write_png(colour, PNG_FORMAT_RGB, SIDE);
        assert_read(&GREY, expected, 0);
        write_jpeg(colour, 3);
        assert_read(&GREY, expected, 3);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs("P6\n16 16\n255\n", file);
        assert_int_equal(fwrite(colour, 1, sizeof colour, file), sizeof colour);
        assert_int_equal(fclose(file), 0);
        assert_read(&GREY, expected, 0);
        assert_read(&COLOUR, colour, 0);
    }
}

/* `grey` with each number twice in a word of 16 bits. */
static void write_png_of_16_bits(int interlace) {
    uint8_t words[SIDE][2 * SIDE];
    png_bytep rows[SIDE];
    for (size_t i = 0; i < sizeof words; i++) {
        words[i / (2 * SIDE)][i % (2 * SIDE)] = grey[i / 2];
    }
    for (size_t row = 0; row < SIDE; row++) {
        rows[row] = words[row];
    }
    png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(writer);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    png_init_io(writer, file);
    png_set_IHDR(writer, info, SIDE, SIDE, 16, PNG_COLOR_TYPE_GRAY, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_gAMA(writer, info, 1.0); /* which changes no number */
    png_write_info(writer, info);
    png_write_image(writer, rows);
    png_write_end(writer, NULL);
    png_destroy_write_struct(&writer, &info);
    assert_int_equal(fclose(file), 0);
}

/* Interlaced files of 16 bits are where libpng's simplified interface gives wrong numbers. */
static void numbers_of_16_bits_keep_their_upper_8(void **state) {
    (void)state;
    write_png_of_16_bits(PNG_INTERLACE_NONE);
    assert_read(&GREY, grey, 0);
    write_png_of_16_bits(PNG_INTERLACE_ADAM7);
    assert_read(&GREY, grey, 0);
}

static void arrays_give_their_values(void **state) {
    (void)state;
    uint8_t turned[SIDE * SIDE];
    for (size_t i = 0; i < sizeof turned; i++) {
        turned[i] = grey[i % SIDE * SIDE + i / SIDE];
    }
    write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (16, 16), }", sizeof grey);
    assert_read(&GREY, grey, 0);
    write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (16, 16, 1), }", sizeof grey);
    assert_read(&GREY, grey, 0);
    write_npy("{'descr': '|u1', 'fortran_order': True, 'shape': (16, 16), }", sizeof grey);
    assert_read(&GREY, turned, 0);
    write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4, 8, 8), }", sizeof grey);
    assert_read(&(picture_shape){4, 8, 8}, grey, 0);
}

static void other_arrays_are_refused(void **state) {
    (void)state;
    const picture_shape volume = {4, 8, 8};
    write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (8, 4, 8), }", sizeof grey);
    assert_refused_saying(&volume, "is of shape (8, 4, 8), the model reads (4, 8, 8); save one image of that shape");
    write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 4, 8, 8), }", sizeof grey);
    assert_refused_saying(&volume, "is of shape (1, 4, 8, 8)");
    write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (16, 16), }", sizeof grey);
    assert_refused_saying(&COLOUR, "is of shape (16, 16), the model reads (16, 16, 3)");
    write_npy("{'descr': '<i2', 'fortran_order': False, 'shape': (16, 16), }", 2 * sizeof grey);
    assert_refused_saying(&GREY, "holds pixels of type '<i2'; save them as uint8");
    write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (16, 16), }", sizeof grey - 1);
    assert_refused_saying(&GREY, "has 255 bytes of data, not what its shape (16, 16) needs");
}

/* Nobody guesses what slice a picture is. */
static void pictures_have_one_or_three_channels(void **state) {
    (void)state;
    write_text("P5\n16 16\n255\n", sizeof grey);
    assert_refused_saying(&(picture_shape){SIDE, SIDE, 28}, "the model reads 28 channels, which no picture has");
    write_png(grey, PNG_FORMAT_GRAY, SIDE);
    assert_refused_saying(&(picture_shape){SIDE, SIDE, 2}, "shape (16, 16, 2)");
}

static void another_size_is_refused(void **state) {
    (void)state;
    write_png(grey, PNG_FORMAT_GRAY, SIDE / 2);
    assert_refused_saying(&GREY, "is 8 x 16, the model reads 16 x 16; resize the image");
    write_jpeg(grey, 1);
    assert_refused_saying(&(picture_shape){SIDE, 2 * SIDE, 1}, "is 16 x 16, the model reads 32 x 16");
    write_text("P5\n8 32\n255\n", sizeof grey);
    assert_refused_saying(&GREY, "is 8 x 32, the model reads 16 x 16");
}

/* A size far beyond the shape's is refused by its header, checksum and all right: no such image is ever there. */
static void a_huge_size_is_refused(void **state) {
    (void)state;
    const uint8_t head[] = {0x89, 'P', 'N',  'G',  '\r', '\n', 0x1a, '\n', 0,    0, 0, 13, 'I', 'H', 'D',
                            'R',  0,   0x0f, 0x42, 0x40, 0,    0x0f, 0x42, 0x40, 8, 0, 0,  0,   0};
    uint8_t file_bytes[sizeof head + 4];
    uint32_t crc = ~0u;
    for (size_t i = 12; i < sizeof head; i++) {
        crc ^= head[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        }
    }
    memcpy(file_bytes, head, sizeof head);
    for (size_t i = 0; i < 4; i++) {
        file_bytes[sizeof head + i] = (uint8_t)(~crc >> (24 - 8 * i));
    }
    const uint8_t data[] = {0, 0, 0, 0, 'I', 'D', 'A', 'T', 0x35, 0xaf, 0x06, 0x1e}; /* none, with its checksum */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(file_bytes, 1, sizeof file_bytes, file), sizeof file_bytes);
    assert_int_equal(fwrite(data, 1, sizeof data, file), sizeof data);
    assert_int_equal(fclose(file), 0);
    assert_refused_saying(&GREY, "is 1000000 x 1000000, the model reads 16 x 16");
}

static void every_cut_is_refused(void **state) {
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        kind == 0 ? write_png(grey, PNG_FORMAT_GRAY, SIDE) : write_jpeg(grey, 1);
        const size_t whole = file_length();
        const size_t needed = kind == 0 ? whole - 12 : whole - 2; /* without its end mark it is still all there */
        for (size_t length = 0; length < needed; length += 7) {
            kind == 0 ? write_png(grey, PNG_FORMAT_GRAY, SIDE) : write_jpeg(grey, 1);
            assert_int_equal(truncate(path, (off_t)length), 0);
            assert_refused(&GREY);
        }
    }
}

static void other_bytes_are_refused(void **state) {
    (void)state;
    write_text("GIF89a", 100);
    assert_refused(&GREY);
    write_text("", 0);
    assert_refused(&GREY);
    write_text("P5\n16 16\n255\n", sizeof grey - 1);
    assert_refused(&GREY);
    write_text("\xff\xd8\xff\xd9", 0);
    assert_refused(&GREY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_gives_its_pixels),
        cmocka_unit_test(transparent_pixels_lie_on_white),
        cmocka_unit_test(jpeg_gives_its_pixels_nearly),
        cmocka_unit_test(netpbm_gives_its_pixels),
        cmocka_unit_test(colours_become_their_luma_in_every_format),
        cmocka_unit_test(numbers_of_16_bits_keep_their_upper_8),
        cmocka_unit_test(arrays_give_their_values),
        cmocka_unit_test(other_arrays_are_refused),
        cmocka_unit_test(pictures_have_one_or_three_channels),
        cmocka_unit_test(another_size_is_refused),
        cmocka_unit_test(a_huge_size_is_refused),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(other_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
