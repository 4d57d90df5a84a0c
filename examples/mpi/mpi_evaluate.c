/*
 * mpi_evaluate MODEL KEY INPUTS OUTPUTS: a model on many encrypted images, on the machines of an MPI cluster.
 *
 * A rank is an evaluator of one thread. All read the model; rank 0 sends the key to all (MPI_Bcast), to each its share
 * of the images (MPI_Scatterv), and takes the results back in order (MPI_Gatherv). INPUTS are encrypted images one
 * after another, OUTPUTS gets as many results: files as torusnn.evaluate_dataset has them. Where a rank fails all end,
 * and OUTPUTS stays as it was.
 */
#include <stdlib.h>

#include <mpi.h>
#include <torusnn/torusnn.h>

#include "common/bytes.h"
#include "common/compile.h"
#include "common/input_file.h"
#include "common/model_file.h"
#include "common/object_file.h"
#include "common/output_file.h"
#include "common/report.h"

enum { MOST_PIECE = 1 << 30 }; /* bytes of a broadcast, whose count is an int */

/* Ends every rank where one cannot go on, which it has reported. */
static void need(bool done) {
    if (!done) {
        MPI_Abort(MPI_COMM_WORLD, EXIT_REPORTED);
        exit(EXIT_REPORTED); /* MPI_Abort may return */
    }
}

/* Rank 0's block to all. */
static void broadcast(bytes *block, int rank) {
    uint64_t length = block->length;
    MPI_Bcast(&length, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    need(rank == 0 || bytes_allocate(block, length));
    for (uint64_t sent = 0, piece; sent < length; sent += piece) {
        piece = length - sent < MOST_PIECE ? length - sent : MOST_PIECE;
        MPI_Bcast(block->data + sent, (int)piece, MPI_BYTE, 0, MPI_COMM_WORLD);
    }
}

static void create(tnn_evaluator **evaluator, const tnn_circuit *circuit, const char *key_path, int rank) {
    bytes sent = {0};
    tnn_eval_key *key = NULL;
    need(rank != 0 || object_file_read(&sent, key_path, "E"));
    broadcast(&sent, rank);
    need(status_ok(tnn_eval_key_load(&key, sent.data, sent.length), key_path) &&
         status_ok(tnn_evaluator_create(evaluator, circuit, key, 1, 1), key_path));
    tnn_eval_key_free(key);
    bytes_free(&sent);
}

/* in: [info->input_bytes], out: [info->output_bytes] */
static bool infer(tnn_evaluator *evaluator, const tnn_circuit_info *info, uint8_t *out, const uint8_t *in) {
    tnn_input *input = NULL;
    tnn_output *output = NULL;
    bool done = status_ok(tnn_input_load(&input, in, info->input_bytes), "an encrypted image") &&
                status_ok(tnn_infer(evaluator, &output, (const tnn_input *[]){input}, 1, NULL, NULL), "inference") &&
                status_ok(tnn_output_save(output, out, info->output_bytes), "a result");
    tnn_output_free(output);
    tnn_input_free(input);
    return done;
}

/* An object of `length` bytes, so that counts are objects. */
static MPI_Datatype type_of(size_t length) {
    MPI_Datatype type;
    MPI_Type_contiguous((int)length, MPI_BYTE, &type);
    MPI_Type_commit(&type);
    return type;
}

/* counts, firsts: [ranks], each rank's share of the images. */
static void share(int *counts, int *firsts, int images, int ranks) {
    for (int i = 0, first = 0; i < ranks; first += counts[i++]) {
        counts[i] = images / ranks + (i < images % ranks);
        firsts[i] = first;
    }
}

/* Rank 0's inputs to its outputs. shares: [2][ranks] of scratch */
static void run(tnn_evaluator *evaluator, const tnn_circuit_info *info, bytes *outputs, const bytes *inputs, int rank,
                int *shares, int ranks) {
    MPI_Datatype input = type_of(info->input_bytes), output = type_of(info->output_bytes);
    int images = (int)(inputs->length / info->input_bytes), *counts = shares, *firsts = shares + ranks;
    MPI_Bcast(&images, 1, MPI_INT, 0, MPI_COMM_WORLD);
    share(counts, firsts, images, ranks);
    const size_t mine = (size_t)counts[rank], all = (size_t)images;
    bytes in = {0}, out = {0};
    need(bytes_allocate(&in, mine * info->input_bytes) && bytes_allocate(&out, mine * info->output_bytes) &&
         (rank != 0 || bytes_allocate(outputs, all * info->output_bytes)));
    MPI_Scatterv(inputs->data, counts, firsts, input, in.data, counts[rank], input, 0, MPI_COMM_WORLD);
    for (size_t i = 0; i < mine; i++) {
        need(infer(evaluator, info, out.data + i * info->output_bytes, in.data + i * info->input_bytes));
    }
    MPI_Gatherv(out.data, counts[rank], output, outputs->data, counts, firsts, output, 0, MPI_COMM_WORLD);
    bytes_free(&out);
    bytes_free(&in);
    MPI_Type_free(&output);
    MPI_Type_free(&input);
}

int main(int argc, char **argv) {
    int rank, ranks;
    tnn_model *model = NULL;
    tnn_circuit *circuit = NULL;
    tnn_evaluator *evaluator = NULL;
    tnn_circuit_info info;
    bytes inputs = {0}, outputs = {0};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    need(argc == 5 || report_error("usage: mpirun -n RANKS mpi_evaluate MODEL KEY INPUTS OUTPUTS"));
    need(model_file_load(&model, argv[1]) && compile_model(&circuit, model, NULL, argv[1]));
    create(&evaluator, circuit, argv[2], rank);
    tnn_circuit_describe(circuit, &info);
    need(rank != 0 || (output_file_check(argv[4], OUTPUT_SHARED) && input_file_read(&inputs, argv[3]) &&
                       (inputs.length % info.input_bytes == 0 || report_error("%s: ends within an image", argv[3]))));
    int *shares = calloc(2 * (size_t)ranks, sizeof *shares);
    if (shares == NULL) {
        need(report_out_of_memory());
        return EXIT_REPORTED;
    }
    run(evaluator, &info, &outputs, &inputs, rank, shares, ranks);
    need(rank != 0 || output_file_write(argv[4], &outputs));
    free(shares);
    bytes_free(&outputs);
    bytes_free(&inputs);
    tnn_evaluator_free(evaluator);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
