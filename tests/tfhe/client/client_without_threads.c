/* A client in a program of its own: linked with the client room, random and base without threads, and nothing else. */
#include <stdlib.h>

#include <torusnn/tfhe.h>

#define COUNT 100u

/* Keys, an encryption of each kind, and a decryption that has to come back. */
static int run(const tnn_params *params) {
    tnn_secret_key *secret = NULL;
    tnn_eval_key *eval = NULL;
    tnn_packed *packed = NULL;
    const uint32_t messages[COUNT] = {0};
    uint32_t *lwe = calloc(tnn_params_big_dimension(params) + 1, sizeof *lwe);
    const bool made = lwe && tnn_secret_key_generate(&secret, params) == TNN_OK &&
                      tnn_eval_key_generate(&eval, secret, 2) == TNN_OK &&
                      tnn_packed_encrypt(secret, &packed, messages, COUNT) == TNN_OK &&
                      tnn_lwe_encrypt(secret, TNN_KEY_BIG, lwe, 1u << 30) == TNN_OK;
    const uint32_t phase = made ? tnn_lwe_phase(secret, TNN_KEY_BIG, lwe) : 0;
    tnn_packed_free(packed);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    free(lwe);
    return phase >> 16 == (1u << 14) || phase >> 16 == (1u << 14) - 1 ? 0 : 1;
}

int main(void) {
    size_t count;
    tnn_params *params;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    if (tnn_params_create(&params, &sets[0].literal, TNN_SECURITY_128_MARGIN) != TNN_OK) {
        return 1;
    }
    const int result = run(params);
    tnn_params_free(params);
    return result;
}
