/*
 * medmnist: evaluates a network on a MedMNIST split, every image truly encrypted, simulated, or both.
 *
 * options.c reads the command line, common/split.c the data; deployment.c is the client and the server, evaluation.c
 * runs every image through them, summary.c says what came out.
 */
#include <stdlib.h>

#include <torusnn/torusnn.h>

#include "common/model_file.h"
#include "common/report.h"
#include "common/split.h"
#include "medmnist/evaluation.h"
#include "medmnist/options.h"
#include "medmnist/summary.h"

static bool evaluate(const tnn_model *model, const options *chosen) {
    tnn_model_info info;
    tnn_model_describe(model, &info);
    split data = {0};
    evaluation result;
    bool done = split_read(&data, chosen->data_path, chosen->split, &info, chosen->limit) &&
                evaluation_run(&result, model, &data, chosen);
    if (done) {
        summary_print(&result, chosen);
        done = summary_write_json(&result, chosen);
    }
    split_free(&data);
    return done;
}

static bool run(const options *chosen) {
    if (chosen->help) {
        options_print_help();
        return true;
    }
    tnn_model *model = NULL;
    bool done = model_file_load(&model, chosen->model_path) && evaluate(model, chosen);
    tnn_model_free(model);
    return done;
}

int main(int argc, char **argv) {
    options chosen;
    bool done = options_parse(&chosen, argc, argv) && run(&chosen) && output_written();
    options_free(&chosen);
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
