/*
 * A client that links torusnn-client alone:
 *
 *   alone keys SPEC SECRET EVAL INPUT       makes keys and encrypts an image
 *   alone read SPEC SECRET OUTPUT EXPECTED  decrypts; every logit must lie within 0.5 of the text's
 *
 * Exits with 0 where all went well.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <torusnn/torusnn.h>

#include "files.h"
#include "image.h"

static int make_keys(char **paths) {
    tnn_spec *spec = load_spec(paths[0]);
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    tnn_input *input;
    tnn_spec_info info;
    tnn_spec_describe(spec, &info);
    const size_t pixels = (size_t)info.height * info.width * info.channels;
    uint8_t *image = drawn_image(pixels);
    must(tnn_keygen(&secret, &eval, spec, 1, NULL), "keygen");
    must(tnn_encrypt(&input, spec, secret, image, pixels), "encrypt");
    WRITE_OBJECT(paths[1], secret_key, secret);
    WRITE_OBJECT(paths[2], eval_key, eval);
    WRITE_OBJECT(paths[3], input, input);
    free(image);
    tnn_input_free(input);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    return 0;
}

/* Logits whose text is further than 0.5 from what was decrypted. */
static int count_wrong(const double *logits, uint32_t outputs, const char *path) {
    int wrong = 0;
    FILE *file = fopen(path, "r");
    for (uint32_t i = 0; i < outputs; i++) {
        double expected;
        if (!file || fscanf(file, "%lf", &expected) != 1 || !(fabs(expected - logits[i]) < 0.5)) {
            fprintf(stderr, "logit %u is %g\n", i, logits[i]);
            wrong++;
        }
    }
    if (file) {
        fclose(file);
    }
    return wrong;
}

static int read_result(char **paths) {
    tnn_spec *spec = load_spec(paths[0]);
    tnn_secret_key *secret;
    tnn_output *output;
    blob secret_bytes = read_blob(paths[1]);
    blob output_bytes = read_blob(paths[2]);
    uint32_t outputs;
    must(tnn_secret_key_load(&secret, secret_bytes.data, secret_bytes.length), paths[1]);
    must(tnn_output_load(&output, output_bytes.data, output_bytes.length), paths[2]);
    tnn_spec_shape(spec, NULL, NULL, NULL, &outputs);
    double *logits = calloc(outputs, sizeof *logits);
    must(tnn_decrypt(spec, secret, logits, outputs, output), "decrypt");
    const int wrong = count_wrong(logits, outputs, paths[3]);
    free(logits);
    free(secret_bytes.data);
    free(output_bytes.data);
    tnn_output_free(output);
    tnn_secret_key_free(secret);
    tnn_spec_free(spec);
    return wrong;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        return 2;
    }
    return strcmp(argv[1], "keys") == 0 ? make_keys(argv + 2) : read_result(argv + 2);
}
