/* What the key's owner does: make keys, encrypt, decrypt. */
#include <string.h>

#include "encoding.h"
#include "memory.h"
#include "objects.h"
#include "secret.h"
#include "sizes.h"

void tnn_keygen_options_default(tnn_keygen_options *options) {
    if (!options) {
        return;
    }
    *options = (tnn_keygen_options){.most_eval_key_bytes = (size_t)128 << 20, .least = TNN_SECURITY_128};
}

/* Both rows of the curve are an enumeration of their own: the higher one promises more. */
static tnn_status check_wanted(const tnn_params *params, const tnn_keygen_options *options) {
    if (tnn_eval_key_file_bytes(params) > options->most_eval_key_bytes) {
        return TNN_ERR_LIMIT;
    }
    const bool too_low = options->least == TNN_SECURITY_128_MARGIN && params->security != TNN_SECURITY_128_MARGIN;
    return too_low ? TNN_ERR_INSECURE : TNN_OK;
}

tnn_status tnn_keygen(tnn_secret_key **secret, tnn_eval_key **eval, const tnn_spec *spec, unsigned threads,
                      const tnn_keygen_options *options) {
    tnn_keygen_options chosen;
    tnn_keygen_options_default(&chosen);
    chosen = options ? *options : chosen;
    if (secret) {
        *secret = NULL;
    }
    if (eval) {
        *eval = NULL;
    }
    if (!secret || !eval || !spec) {
        return TNN_ERR_MISUSE;
    }
    tnn_status status = check_wanted(&spec->params, &chosen);
    status = status == TNN_OK ? tnn_secret_key_generate(secret, &spec->params) : status;
    if (status != TNN_OK) {
        return status;
    }
    status = tnn_eval_key_generate_watched(eval, *secret, threads, (tnn_key_watch){chosen.progress, chosen.user});
    if (status != TNN_OK) {
        tnn_secret_key_free(*secret);
        *secret = NULL;
    }
    return status;
}

void tnn_spec_describe(const tnn_spec *spec, tnn_spec_info *info) {
    if (!spec || !info) {
        return;
    }
    const tnn_params *params = &spec->params;
    *info = (tnn_spec_info){
        .parameters = params->literal,
        .security_bits = tnn_security_bits(params->security),
        .estimated_bits = params->security == TNN_SECURITY_128 ? 128 : 132,
        .height = spec->height,
        .width = spec->width,
        .channels = spec->channels,
        .input_levels = spec->input_levels,
        .outputs = spec->readout.outputs,
        .classes = tnn_class_count(spec->readout.outputs),
        .exact = spec->exact,
        .secret_key_bytes = tnn_secret_key_file_bytes(params),
        .eval_key_bytes = tnn_eval_key_file_bytes(params),
        .input_bytes = tnn_input_file_bytes(params->literal.input_bits, tnn_spec_pixels(spec)),
        .output_bytes =
            tnn_output_file_bytes(spec->output_bits, spec->readout.outputs, tnn_params_output_dimension(params)),
    };
}

const char *tnn_spec_class_name(const tnn_spec *spec, size_t index) {
    return spec && index < spec->readout.named ? spec->readout.names[index] : NULL;
}

/* The encoded image is as secret as the image: it stays in guarded memory. */
static tnn_status encrypt_image(tnn_packed **packed, const tnn_spec *spec, const tnn_secret_key *secret,
                                const uint8_t *image) {
    const size_t pixels = tnn_spec_pixels(spec);
    uint32_t *messages = tnn_secret_alloc(pixels, sizeof *messages);
    if (!messages) {
        return TNN_ERR_MEMORY;
    }
    tnn_encode_image(spec, messages, image);
    tnn_status status = tnn_packed_encrypt(secret, packed, messages, pixels);
    tnn_secret_free(messages);
    return status;
}

tnn_status tnn_encrypt(tnn_input **out, const tnn_spec *spec, const tnn_secret_key *secret, const uint8_t *image,
                       size_t pixels) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!spec || !secret || !image) {
        return TNN_ERR_MISUSE;
    }
    if (pixels != tnn_spec_pixels(spec)) {
        return TNN_ERR_SHAPE;
    }
    if (!tnn_params_equal(&secret->params, &spec->params)) {
        return TNN_ERR_PARAMS_MISMATCH;
    }
    tnn_input *input = tnn_alloc(1, sizeof *input);
    tnn_status status = input ? encrypt_image(&input->packed, spec, secret, image) : TNN_ERR_MEMORY;
    if (status != TNN_OK) {
        tnn_input_free(input);
        return status;
    }
    memcpy(input->fingerprint, spec->fingerprint, sizeof input->fingerprint);
    *out = input;
    return TNN_OK;
}

static tnn_status check_belonging(const tnn_spec *spec, const tnn_secret_key *secret, const tnn_output *output) {
    if (memcmp(output->fingerprint, spec->fingerprint, sizeof output->fingerprint) != 0) {
        return TNN_ERR_MODEL_MISMATCH;
    }
    if (!tnn_params_equal(&secret->params, &spec->params)) {
        return TNN_ERR_PARAMS_MISMATCH;
    }
    if (!tnn_key_id_equal(&output->id, &secret->id)) {
        return TNN_ERR_KEY_MISMATCH;
    }
    if (output->outputs != spec->readout.outputs || output->output_bits != spec->output_bits ||
        output->dimension != tnn_params_output_dimension(&spec->params)) {
        return TNN_ERR_MALFORMED;
    }
    return TNN_OK;
}

tnn_status tnn_decrypt(const tnn_spec *spec, const tnn_secret_key *secret, double *logits, size_t capacity,
                       const tnn_output *output) {
    if (!spec || !secret || !logits || !output) {
        return TNN_ERR_MISUSE;
    }
    tnn_status status = check_belonging(spec, secret, output);
    if (status != TNN_OK) {
        return status;
    }
    if (capacity < spec->readout.outputs) {
        return TNN_ERR_BUFFER;
    }
    const tnn_key_part part = tnn_params_output_part(&spec->params);
    const size_t words = (size_t)output->dimension + 1;
    uint32_t *lwe = tnn_alloc(words, sizeof *lwe);
    if (!lwe) {
        return TNN_ERR_MEMORY;
    }
    for (size_t j = 0; j < spec->readout.outputs; j++) {
        for (size_t i = 0; i < words; i++) {
            lwe[i] = tnn_widen_output(spec, output->words[j * words + i]);
        }
        logits[j] = tnn_decode_logit(spec, j, tnn_lwe_phase(secret, part, lwe));
    }
    tnn_free(lwe);
    return TNN_OK;
}

size_t tnn_class_of(const double *logits, size_t outputs) {
    if (!logits) {
        return 0;
    }
    if (outputs == 1) {
        return logits[0] > 0;
    }
    size_t best = 0;
    for (size_t i = 1; i < outputs; i++) {
        best = logits[i] > logits[best] ? i : best;
    }
    return best;
}
