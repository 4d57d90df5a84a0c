/* What a call says on stderr. */
#ifndef EXAMPLES_CAPTURE_H
#define EXAMPLES_CAPTURE_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "testing.h"

typedef struct capture {
    FILE *file;
    int before;     /* the descriptor that was stderr */
    char text[512]; /* what was said, cut */
} capture;

static inline void capture_start(capture *said) {
    fflush(stderr);
    said->file = tmpfile();
    said->before = dup(STDERR_FILENO);
    assert_non_null(said->file);
    assert_true(said->before >= 0 && dup2(fileno(said->file), STDERR_FILENO) >= 0);
}

static inline void capture_end(capture *said) {
    fflush(stderr);
    assert_true(dup2(said->before, STDERR_FILENO) >= 0);
    close(said->before);
    rewind(said->file);
    said->text[fread(said->text, 1, sizeof said->text - 1, said->file)] = '\0';
    fclose(said->file);
}

/* A call that must fail, with these words. */
#define assert_refusal(words, call)                                                                                    \
    do {                                                                                                               \
        capture said;                                                                                                  \
        capture_start(&said);                                                                                          \
        const bool done = (call);                                                                                      \
        capture_end(&said);                                                                                            \
        assert_false(done);                                                                                            \
        if (strstr(said.text, (words)) == NULL) {                                                                      \
            fail_msg("no '%s' in: %s", (words), said.text);                                                            \
        }                                                                                                              \
    } while (0)

#endif
