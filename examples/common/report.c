#include "common/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/escape.h"

bool report_error(const char *format, ...) {
    char *sentence = NULL;
    va_list arguments;
    va_start(arguments, format);
    const bool formatted = vasprintf(&sentence, format, arguments) >= 0;
    va_end(arguments);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    escape_print(stderr, formatted ? sentence : tnn_status_text(TNN_ERR_MEMORY));
    fputc('\n', stderr);
    free(formatted ? sentence : NULL);
    return false;
}

bool report_out_of_memory(void) {
    return status_ok(TNN_ERR_MEMORY, "allocation");
}

bool status_ok(tnn_status status, const char *subject) {
    return status == TNN_OK || report_error("%s: %s", subject, tnn_status_text(status));
}

bool output_written(void) {
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return true;
    }
    return report_error("the output could not be written in full; make room or send it elsewhere");
}
