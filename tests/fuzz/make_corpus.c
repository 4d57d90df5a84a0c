/*
 * make_corpus folder: writes the corpus of each target to folder/target. Keys, images and results are fresh each time;
 * what else is there stays the same, and what a fuzzer found is kept in files whose names begin with "found-".
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jpeglib.h>
#include <png.h>
#include <zip.h>

#include "file_formats.h"
#include "key_fixture.h"
#include "memory.h"
#include "objects.h"
#include "sizes.h"
#include "testing.h"
#include "tiny_world.h"

enum { SIDE = 16 };

static const char *folder;

/* The path of a file of a target, whose folder is made. */
static const char *path_of(const char *target, const char *name) {
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    return path;
}

static void write_bytes(const char *target, const char *name, const void *data, size_t length) {
    FILE *file = fopen(path_of(target, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *target, const char *name, const char *text) {
    write_bytes(target, name, text, strlen(text));
}

/* Takes the file over. */
static void write_file(const char *target, const char *name, file_bytes file) {
    write_bytes(target, name, file.bytes, file.length);
    free_file(&file);
}

/* ------------------------------------------------------------------------------------------------------ library -- */

static void write_models(void) {
    write_file("model", "version-1", tiny_model_file((tiny_form){.version = 1, .table_layers = 1}));
    write_file("model", "version-1-deep", tiny_model_file((tiny_form){.version = 1, .table_layers = 3}));
    write_file("model", "version-2", tiny_model_file((tiny_form){.version = 2, .table_layers = 1}));
    write_file("model", "thresholds",
               tiny_model_file((tiny_form){.version = 2, .table_layers = 2, .thresholds = true}));
    write_file("model", "exact", tiny_model_file((tiny_form){.version = 2, .table_layers = 1, .exact = true}));
    write_file("model", "no-tables", tiny_model_file((tiny_form){.version = 2}));
}

static void write_spec(const char *name, tiny_form form) {
    file_bytes file = tiny_model_file(form);
    tnn_model *model;
    tnn_circuit *circuit;
    tnn_spec *spec;
    assert_ok(tnn_model_load(&model, NULL, file.bytes, file.length));
    assert_ok(tnn_compile(&circuit, NULL, model, NULL));
    assert_ok(tnn_circuit_spec(&spec, circuit));
    write_file("spec", name, saved_file(&SPEC_FORMAT, spec));
    tnn_spec_free(spec);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
    free_file(&file);
}

/* The same words without map, offsets and names: docs/FORMATS.md. */
static void write_spec_of_version_1(const tnn_spec *spec) {
    file_bytes two = saved_file(&SPEC_FORMAT, spec);
    file_bytes one = copy_file(&two, FILE_HEADER_BYTES + 64 + 40 + 8 + TNN_FINGERPRINT_BYTES);
    set_field(&one, FILE_HEADER_BYTES + 64 + 36, 0, 4);
    set_field(&one, FILE_HEADER_BYTES + 64 + 40, UINT64_C(0x3fe0000000000000), 8); /* 0.5 */
    one.bytes[4] = 1;
    seal_file(&one, 'C');
    write_file("spec", "version-1", one);
    free_file(&two);
}

/* The words of version 2, with two polynomials a table. */
static void write_split_spec(const tnn_spec *spec) {
    file_bytes two = saved_file(&SPEC_FORMAT, spec);
    file_bytes split = copy_file(&two, two.length);
    set_field(&split, FILE_HEADER_BYTES + 44, 1, 4);
    split.bytes[4] = 3;
    seal_file(&split, 'C');
    write_file("spec", "split", split);
    free_file(&two);
}

/* The start of an evaluation key's file, as eval_key.c takes it. */
static void write_eval_key_start(const char *name, const tnn_params_literal *literal) {
    tnn_params *params = params_of(literal);
    tnn_eval_key *eval;
    assert_ok(tnn_eval_key_new(&eval, params));
    file_bytes file = saved_file(&EVAL_KEY_FORMAT, eval);
    file.bytes[FILE_HEADER_BYTES - 1] = 0;
    write_bytes("eval_key", name, file.bytes + FILE_HEADER_BYTES - 1, 1 + 64 + TNN_KEY_ID_BYTES + TNN_SEED_BYTES + 16);
    free_file(&file);
    tnn_eval_key_free(eval);
    tnn_params_free(params);
}

static void write_eval_keys(void) {
    tnn_params_literal literal = tiny_literal();
    write_eval_key_start("with-switch", &literal);
    literal = (tnn_params_literal){.n = 600,
                                   .input_N = 8,
                                   .input_bits = 16,
                                   .lwe_log2_sigma = -12.2,
                                   .k = 2,
                                   .N = 256,
                                   .glwe_log2_sigma = -10,
                                   .bs_base_log = 8,
                                   .bs_levels = 1};
    write_eval_key_start("smallest", &literal);
    literal.k = 1;
    literal.N = 512;
    literal.bs_levels = 2;
    write_eval_key_start("two-levels", &literal);
}

static void write_secret_keys(const tiny_world *world) {
    tnn_params *params = shipped_params("fast");
    tnn_secret_key *apart;
    assert_ok(tnn_secret_key_generate(&apart, params));
    write_file("secret_key", "shared-prefix", saved_file(&SECRET_KEY_FORMAT, world->secret));
    write_file("secret_key", "apart", saved_file(&SECRET_KEY_FORMAT, apart));
    tnn_secret_key_free(apart);
    tnn_params_free(params);
}

/* As cheap as may be; the passphrase is the target's. */
static void write_sealed_key(const tiny_world *world) {
    const tnn_seal_options cheap = {.memory_kib = TNN_MIN_SEAL_KIB, .passes = 1};
    file_bytes file = new_file(tnn_secret_key_sealed_size(world->secret));
    assert_ok(tnn_secret_key_seal(world->secret, file.bytes, file.length, "fuzz", 4, &cheap));
    write_file("sealed_key", "sealed", file);
}

/* Without fingerprint and key id: those of whoever uses them. */
static void write_ciphertexts(const tiny_world *world) {
    tnn_input *input = tiny_input(world);
    tnn_output *output = tiny_output(world);
    memset(input->fingerprint, 0, sizeof input->fingerprint);
    memset(&input->packed->id, 0, sizeof input->packed->id);
    memset(output->fingerprint, 0, sizeof output->fingerprint);
    memset(&output->id, 0, sizeof output->id);
    write_file("input", "image", saved_file(&INPUT_FORMAT, input));
    write_file("output", "logits", saved_file(&OUTPUT_FORMAT, output));
    tnn_output_free(output);
    tnn_input_free(input);
}

static void write_objects(void) {
    tiny_world world;
    make_tiny_world(&world);
    write_models();
    write_file("spec", "tiny", saved_file(&SPEC_FORMAT, world.spec));
    write_spec_of_version_1(world.spec);
    write_split_spec(world.spec);
    write_spec("version-2", (tiny_form){.version = 2, .table_layers = 1});
    write_spec("exact", (tiny_form){.version = 2, .table_layers = 1, .exact = true});
    write_secret_keys(&world);
    write_sealed_key(&world);
    write_eval_keys();
    write_ciphertexts(&world);
    free_tiny_world(&world);
}

/* ----------------------------------------------------------------------------------------------------- examples -- */

/* A .npy file of version 1; `header` is its dictionary. */
static file_bytes npy_of(const char *header, const void *data, size_t length) {
    const size_t text = strlen(header);
    file_bytes file = new_file(10 + text + length);
    memcpy(file.bytes, "\x93NUMPY\1", 7);
    set_field(&file, 8, text, 2);
    memcpy(file.bytes + 10, header, text);
    memcpy(file.bytes + 10 + text, data, length);
    return file;
}

static const uint8_t IMAGES[12] = {0, 1, 2, 3, 40, 50, 60, 70, 252, 253, 254, 255};
static const uint8_t LABELS[3] = {0, 1, 1};
static const char IMAGES_HEADER[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 2), }\n";
static const char LABELS_HEADER[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1), }\n";

static void write_npy(void) {
    static const char wide[] = "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }\n";
    static const char longest[] = "{'descr': '<u8', 'fortran_order': False, 'shape': (), }\n";
    write_file("npy", "images", npy_of(IMAGES_HEADER, IMAGES, sizeof IMAGES));
    write_file("npy", "int32", npy_of(wide, IMAGES, sizeof IMAGES));
    write_file("npy", "number", npy_of(longest, IMAGES, 8));
}

static void add_member(zip_t *archive, const char *name, const file_bytes *file, bool packed) {
    zip_source_t *source = zip_source_buffer(archive, file->bytes, file->length, 0);
    const zip_int64_t index = zip_file_add(archive, name, source, 0);
    assert_true(index >= 0);
    const zip_uint64_t at = (zip_uint64_t)index;
    assert_int_equal(zip_set_file_compression(archive, at, packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0), 0);
    assert_int_equal(zip_file_set_mtime(archive, at, 1000000000, 0), 0);
}

static void write_npz(const char *name, bool packed) {
    file_bytes images = npy_of(IMAGES_HEADER, IMAGES, sizeof IMAGES);
    file_bytes labels = npy_of(LABELS_HEADER, LABELS, sizeof LABELS);
    zip_t *archive = zip_open(path_of("npz", name), ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(archive);
    add_member(archive, "test_images.npy", &images, packed);
    add_member(archive, "test_labels.npy", &labels, packed);
    assert_int_equal(zip_close(archive), 0);
    free_file(&labels);
    free_file(&images);
}

static uint8_t pixels[3 * SIDE * SIDE];

static void write_png(const char *name, png_uint_32 format) {
    png_image image = {.version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = format};
    static png_color colours[256];
    assert_true(png_image_write_to_file(&image, path_of("picture", name), 0, pixels, 0, colours));
}

static void write_jpeg(const char *name, int channels, bool progressive) {
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    FILE *file = fopen(path_of("picture", name), "wb");
    assert_non_null(file);
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    jpeg_stdio_dest(&encoder, file);
    encoder.image_width = SIDE;
    encoder.image_height = SIDE;
    encoder.input_components = channels;
    encoder.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&encoder);
    if (progressive) {
        jpeg_simple_progression(&encoder);
    }
    jpeg_start_compress(&encoder, TRUE);
    while (encoder.next_scanline < SIDE) {
        JSAMPROW row = pixels + (size_t)encoder.next_scanline * SIDE * (size_t)channels;
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    assert_int_equal(fclose(file), 0);
}

/* As 8 bits a channel, of `channels`. */
static void write_netpbm(const char *target, const char *name, const char *head, size_t length) {
    const size_t text = strlen(head);
    file_bytes file = new_file(text + length);
    memcpy(file.bytes, head, text);
    memcpy(file.bytes + text, pixels, length);
    write_file(target, name, file);
}

static void write_pictures(void) {
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = (uint8_t)(i / 3 + 40 * (i % 3));
    }
    write_png("grey.png", PNG_FORMAT_GRAY);
    write_png("colour.png", PNG_FORMAT_RGB);
    write_jpeg("grey.jpg", 1, false);
    write_jpeg("colour.jpg", 3, false);
    write_jpeg("progressive.jpg", 3, true);
    write_netpbm("picture", "grey.pgm", "P5 16 16 255\n", (size_t)SIDE * SIDE);
    write_netpbm("netpbm", "grey", "P5\n# a comment\n4 3\n255\n", 12);
    write_netpbm("netpbm", "colour", "P6 2 2 255 ", 12);
}

static void write_json(void) {
    write_text("catalogue", "list",
               "[{\"name\": \"a\", \"purpose\": \"b\", \"warning\": \"c\\u00e9\"},\n"
               " {\"name\": \"d\", \"purpose\": \"e\", \"warning\": \"f\", \"more\": [1e3, true, null]}]\n");
    write_text("catalogue", "origin",
               "{\"set\": \"pneumoniamnist\", \"images\": {\"train\": 4708}, \"licence\": \"CC BY 4.0\",\n"
               " \"metrics\": {\"test\": {\"accuracy\": 0.91, \"auc\": 0.95}}}\n");
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: make_corpus folder\n");
        return EXIT_FAILURE;
    }
    folder = argv[1];
    mkdir(folder, 0777);
    write_objects();
    write_npy();
    write_npz("stored", false);
    write_npz("packed", true);
    write_pictures();
    write_json();
    return EXIT_SUCCESS;
}
