#include "tiny_world.h"

#include "bytes.h"
#include "circuits.h"
#include "key_fixture.h"
#include "spec_file.h"
#include "testing.h"

#define MOST_BYTES ((size_t)1024)
#define CELLS 4u
#define WIDTH 2u
#define PROVENANCE "{\"made\": \"by a test\"}"

static const uint8_t IMAGE[TINY_PIXELS] = {0, 80, 160, 255};

static void write_words(tnn_writer *w, const uint32_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        tnn_write_u32(w, words[i]);
    }
}

static void write_head(tnn_writer *w, tiny_form form) {
    const uint32_t head[7] = {2, 2, 1, 4, form.table_layers + 1, sizeof PROVENANCE - 1, 2};
    write_words(w, head, form.version == 1 ? 6 : 7);
    if (form.version == 1) {
        tnn_write_f64(w, 0.125);
        return;
    }
    const uint32_t contract[3] = {1, form.exact, 0};
    tnn_write_copy(w, "a tiny test salt", 16);
    write_words(w, contract, 3);
    tnn_write_f64(w, 0.02);
    tnn_write_f64(w, 0.2);
    tnn_write_f64(w, -20);
    tnn_write_u32(w, 1);
}

/* Ranges of -8 to 8, thresholds at -4, 0 and 4, tables that rise by 2. */
static void write_tables(tnn_writer *w, tiny_form form) {
    for (uint32_t j = 0; j < WIDTH; j++) {
        write_words(w, (const uint32_t[2]){(uint32_t)-8, 8}, 2);
    }
    for (uint32_t j = 0; form.thresholds && j < WIDTH; j++) {
        write_words(w, (const uint32_t[3]){(uint32_t)-4, 0, 4}, 3);
    }
    for (uint32_t i = 0; i < WIDTH * CELLS; i++) {
        tnn_write_le(w, (uint16_t)(2 * (int)(i % CELLS) - 3), 2);
    }
}

static void write_layer(tnn_writer *w, tiny_form form, uint32_t inputs, bool has_tables) {
    const uint32_t weight_bytes = form.version == 2 && has_tables ? 2 : 1;
    const uint32_t sizes[6] = {
        inputs, WIDTH, has_tables, has_tables ? CELLS : 0, weight_bytes, has_tables && form.thresholds};
    write_words(w, sizes, form.version == 1 ? 4 : 6);
    for (uint32_t i = 0; i < WIDTH * inputs; i++) {
        tnn_write_le(w, (uint16_t)(i % 2 ? -1 : 1), weight_bytes);
    }
    write_words(w, (const uint32_t[WIDTH]){0, 1}, WIDTH);
    if (has_tables) {
        write_tables(w, form);
    }
}

static void write_readout(tnn_writer *w) {
    for (uint32_t i = 0; i < WIDTH; i++) {
        tnn_write_f64(w, 0.5);
        tnn_write_f64(w, -1);
    }
    tnn_write_u32(w, 3);
    tnn_write_copy(w, "cat", 3);
    tnn_write_u32(w, 4);
    tnn_write_copy(w, "bird", 4);
}

file_bytes tiny_model_file(tiny_form form) {
    file_bytes room = new_file(MOST_BYTES);
    tnn_writer w = {room.bytes + FILE_HEADER_BYTES};
    write_head(&w, form);
    tnn_write_copy(&w, PROVENANCE, sizeof PROVENANCE - 1);
    for (uint32_t i = 0; i <= form.table_layers; i++) {
        write_layer(&w, form, i == 0 ? (uint32_t)TINY_PIXELS : WIDTH, i < form.table_layers);
    }
    if (form.version == 2) {
        write_readout(&w);
    }
    file_bytes file = copy_file(&room, (size_t)(w.next - room.bytes));
    free_file(&room);
    file.bytes[4] = (uint8_t)form.version;
    seal_file(&file, 'M');
    return file;
}

void make_tiny_world(tiny_world *world) {
    const tnn_params_literal literal = tiny_literal();
    tnn_params *params = params_of(&literal);
    file_bytes file = tiny_model_file((tiny_form){.version = 2, .table_layers = 2, .thresholds = true});
    assert_ok(tnn_model_load(&world->model, NULL, file.bytes, file.length));
    world->circuit = circuit_under(world->model, params, false);
    assert_ok(tnn_spec_set_fingerprint(&world->circuit->spec, world->model->fingerprint));
    assert_ok(tnn_circuit_spec(&world->spec, world->circuit));
    assert_ok(tnn_keygen(&world->secret, &world->eval, world->spec, 1, NULL));
    assert_ok(tnn_evaluator_create(&world->evaluator, world->circuit, world->eval, 1, 1));
    free_file(&file);
    tnn_params_free(params);
}

void free_tiny_world(tiny_world *world) {
    tnn_evaluator_free(world->evaluator);
    tnn_eval_key_free(world->eval);
    tnn_secret_key_free(world->secret);
    tnn_spec_free(world->spec);
    tnn_circuit_free(world->circuit);
    tnn_model_free(world->model);
}

tnn_input *tiny_input(const tiny_world *world) {
    tnn_input *input;
    assert_ok(tnn_encrypt(&input, world->spec, world->secret, IMAGE, sizeof IMAGE));
    return input;
}

tnn_output *tiny_output(const tiny_world *world) {
    tnn_input *input = tiny_input(world);
    const tnn_input *const inputs[] = {input};
    tnn_output *output;
    assert_ok(tnn_infer(world->evaluator, &output, inputs, 1, NULL, NULL));
    tnn_input_free(input);
    return output;
}
