/*
 * report.h: errors as sentences on stderr.
 *
 * A function of these examples that can fail returns bool and has already reported when it returns false; main then
 * only chooses the exit code.
 */
#ifndef EXAMPLES_REPORT_H
#define EXAMPLES_REPORT_H

#include <stdbool.h>

#include <torusnn/status.h>

enum { EXIT_REPORTED = 2 }; /* the exit code after any error, of usage or of data */

/** Prints "program: sentence" on stderr, control characters escaped: paths and texts come from strangers. Returns
 * false, so that callers can return the call. */
__attribute__((format(printf, 1, 2))) bool report_error(const char *format, ...);

/** Reports that an allocation failed. Returns false. */
bool report_out_of_memory(void);

/** True for TNN_OK; otherwise reports what the status means for the subject, a file or a step, and returns false. */
bool status_ok(tnn_status status, const char *subject);

/** Flushes stdout. Reports where some of the output was lost, on a full disk for example. */
bool output_written(void);

#endif
