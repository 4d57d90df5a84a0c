/* A user's first program against an installed torusnn. It calls what needs FFTW, so that it must be linked with it. */
#include <stdio.h>

#include <torusnn/torusnn.h>

int main(void) {
    tnn_evaluator *evaluator = NULL;
    tnn_status status = tnn_evaluator_create(&evaluator, NULL, NULL, 1, 1);
    tnn_evaluator_free(evaluator);
    return puts(tnn_status_text(status)) < 0 || status != TNN_ERR_MISUSE;
}
