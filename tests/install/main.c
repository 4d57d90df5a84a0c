/* A user's first program against an installed torusnn. */
#include <stdio.h>

#include <torusnn/torusnn.h>

int main(void) {
    tnn_options options;
    tnn_options_default(&options);
    return puts(tnn_status_text(TNN_OK)) < 0 || options.precision != TNN_PRECISION_TOLERANT;
}
