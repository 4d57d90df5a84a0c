/* A client's first program against an installed torusnn-client: it needs neither torusnn nor FFTW. */
#include <stdio.h>

#include <torusnn/torusnn.h>

int main(void) {
    tnn_spec *spec = NULL;
    tnn_secret_key *secret = NULL;
    tnn_eval_key *eval = NULL;
    const uint8_t none[1] = {0};
    tnn_status loaded = tnn_spec_load(&spec, none, 0);
    tnn_status made = tnn_keygen(&secret, &eval, spec, 1, NULL);
    return puts(tnn_status_text(loaded)) < 0 || loaded == TNN_OK || made == TNN_OK;
}
