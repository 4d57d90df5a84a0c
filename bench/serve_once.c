/*
 * serve_once: what a server does for its first image, and what that took.
 *
 *     serve_once MODEL KEY INPUT THREADS
 *
 * Compiles the model, loads the evaluation key, evaluates one encrypted image and prints four numbers: milliseconds to
 * load the key and make the evaluator, milliseconds of the image, the most bytes that were resident, and the bytes of
 * the result. Nothing else has been in the process, so that its memory is a server's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torusnn/torusnn.h>

#include "bench/circuit_file.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/command_line.h"
#include "common/input_file.h"
#include "common/machine.h" /* MOST_THREADS */
#include "common/report.h"

/* The key's file is read before the clock starts; its bytes are gone before the evaluator is made. */
static bool create_evaluator(tnn_evaluator **evaluator, double *ms, const tnn_circuit *circuit, const char *path,
                             size_t threads) {
    bytes contents = {0};
    tnn_eval_key *eval = NULL;
    bool done = input_file_read(&contents, path);
    double start = clock_ms();
    done = done && status_ok(tnn_eval_key_load(&eval, contents.data, contents.length), path);
    bytes_free(&contents);
    done = done && status_ok(tnn_evaluator_create(evaluator, circuit, eval, (unsigned)threads, 1), path);
    *ms = clock_ms() - start;
    tnn_eval_key_free(eval);
    return done;
}

static bool infer(double *ms, size_t *output_bytes, tnn_evaluator *evaluator, const char *path) {
    bytes contents = {0};
    tnn_input *input = NULL;
    tnn_output *output = NULL;
    bool done =
        input_file_read(&contents, path) && status_ok(tnn_input_load(&input, contents.data, contents.length), path);
    double start = clock_ms();
    done =
        done && status_ok(tnn_infer(evaluator, &output, (const tnn_input *const[]){input}, 1, NULL, NULL), "inference");
    *ms = clock_ms() - start;
    *output_bytes = done ? tnn_output_size(output) : 0;
    tnn_output_free(output);
    tnn_input_free(input);
    bytes_free(&contents);
    return done;
}

/* What /proc says of this program alone: the maximum that getrusage knows holds the parent's too. 0 where it says
 * nothing. */
static size_t peak_resident_bytes(void) {
    size_t kib = 0;
    char line[128];
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtoul(line + 6, NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kib * 1024;
}

static bool serve(char **paths, size_t threads) {
    tnn_circuit *circuit = NULL;
    tnn_evaluator *evaluator = NULL;
    double ready_ms = 0, image_ms = 0;
    size_t output_bytes = 0;
    bool done = circuit_from_file(&circuit, paths[0]) &&
                create_evaluator(&evaluator, &ready_ms, circuit, paths[1], threads) &&
                infer(&image_ms, &output_bytes, evaluator, paths[2]);
    if (done) {
        printf("%.6f %.6f %zu %zu\n", ready_ms, image_ms, peak_resident_bytes(), output_bytes);
    }
    tnn_evaluator_free(evaluator);
    tnn_circuit_free(circuit);
    return done;
}

int main(int argc, char **argv) {
    size_t threads;
    if (argc != 5) {
        report_error("usage: serve_once MODEL KEY INPUT THREADS");
        return EXIT_REPORTED;
    }
    bool done = parse_count(&threads, "THREADS", argv[4], 1, MOST_THREADS) && serve(argv + 1, threads);
    return done && output_written() ? EXIT_SUCCESS : EXIT_REPORTED;
}
