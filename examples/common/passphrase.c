#include "common/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <torusnn/torusnn.h>

#include "common/input_file.h"
#include "common/interrupt.h"
#include "common/report.h"

_Static_assert(PASSPHRASE_MOST_BYTES == TNN_MAX_PASSPHRASE_BYTES, "as long as the library takes");

void passphrase_forget(passphrase *phrase) {
    explicit_bzero(phrase, sizeof *phrase);
}

/* Takes over a line [length] without its end. */
static bool keep_line(passphrase *phrase, const char *line, size_t length, const char *subject) {
    if (length == 0) {
        return report_error("%s: the passphrase is empty; choose a longer one", subject);
    }
    if (length > PASSPHRASE_MOST_BYTES) {
        return report_error("%s: the passphrase is longer than %d bytes; choose a shorter one", subject,
                            PASSPHRASE_MOST_BYTES);
    }
    memcpy(phrase->text, line, length);
    phrase->length = length;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------- file --
 */

enum { LINE_END_BYTES = 2 };

static bool check_length(const input_head *head, const char *path, const void *context) {
    (void)context;
    return head->file_length <= PASSPHRASE_MOST_BYTES + LINE_END_BYTES ||
           report_error("%s: is longer than a passphrase of %d bytes; check which file was passed", path,
                        PASSPHRASE_MOST_BYTES);
}

static size_t length_without_end(const bytes *contents) {
    size_t length = contents->length;
    length -= length > 0 && contents->data[length - 1] == '\n';
    length -= length < contents->length && length > 0 && contents->data[length - 1] == '\r';
    return length;
}

bool passphrase_read(passphrase *phrase, const char *path) {
    bytes contents;
    *phrase = (passphrase){0};
    if (!input_file_read_checked(&contents, path, check_length, NULL)) {
        return false;
    }
    const size_t length = length_without_end(&contents);
    bool done = memchr(contents.data, '\n', length) == NULL ||
                report_error("%s: has more than one line; a passphrase is one", path);
    done = done && keep_line(phrase, (const char *)contents.data, length, path);
    bytes_free(&contents);
    return done;
}

/* --------------------------------------------------------------------------------------------------------- terminal --
 */

/* A terminal whose echo is off, and how it was. */
typedef struct silent_terminal {
    int descriptor;
    struct termios before;
    int ticket; /* of interrupt_register */
} silent_terminal;

/* What was typed ahead, or beyond the line, is dropped. */
static void restore(const void *context) {
    const silent_terminal *terminal = context;
    tcsetattr(terminal->descriptor, TCSAFLUSH, &terminal->before);
}

static bool silence(silent_terminal *terminal) {
    if (tcgetattr(terminal->descriptor, &terminal->before) != 0) {
        return false;
    }
    struct termios silent = terminal->before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ICANON | ECHONL | ISIG;
    terminal->ticket = interrupt_register(restore, terminal);
    if (tcsetattr(terminal->descriptor, TCSAFLUSH, &silent) == 0) {
        return true;
    }
    interrupt_forget(terminal->ticket);
    return false;
}

static void end_silence(const silent_terminal *terminal) {
    restore(terminal);
    interrupt_forget(terminal->ticket);
}

/* A line, cut at `most` bytes, without its end; what is typed until the terminal says that it ends. */
static size_t read_line(int descriptor, char *line, size_t most) {
    size_t length = 0;
    while (length < most) {
        ssize_t count = read(descriptor, line + length, 1);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0 || line[length] == '\n') {
            break;
        }
        length++;
    }
    return length;
}

static bool ask_once(passphrase *phrase, int descriptor, const char *prompt, const char *subject) {
    char line[PASSPHRASE_MOST_BYTES + 1];
    dprintf(descriptor, "%s", prompt);
    const size_t length = read_line(descriptor, line, sizeof line);
    const bool kept = keep_line(phrase, line, length, subject);
    explicit_bzero(line, sizeof line);
    return kept;
}

static bool ask_again(const passphrase *first, int descriptor, const char *subject) {
    passphrase second = {0};
    bool same = ask_once(&second, descriptor, "The same again: ", subject);
    if (same && (second.length != first->length || memcmp(second.text, first->text, first->length) != 0)) {
        same = report_error("%s: the two passphrases differ; start again", subject);
    }
    passphrase_forget(&second);
    return same;
}

static bool ask_silently(passphrase *phrase, silent_terminal *terminal, const char *subject, bool is_new) {
    const char *prompt = is_new ? "New passphrase of the secret key: " : "Passphrase of the secret key: ";
    if (!silence(terminal)) {
        return report_error("%s: the terminal cannot stop its echo: %s; use a file", subject, strerror(errno));
    }
    const bool done = ask_once(phrase, terminal->descriptor, prompt, subject) &&
                      (!is_new || ask_again(phrase, terminal->descriptor, subject));
    end_silence(terminal);
    return done;
}

bool passphrase_ask(passphrase *phrase, const char *subject, bool is_new, const char *no_terminal) {
    *phrase = (passphrase){0};
    silent_terminal terminal = {.ticket = INTERRUPT_NONE};
    terminal.descriptor = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal.descriptor < 0) {
        return report_error("%s: %s", subject, no_terminal);
    }
    const bool done = ask_silently(phrase, &terminal, subject, is_new);
    close(terminal.descriptor);
    if (!done) {
        passphrase_forget(phrase);
    }
    return done;
}
