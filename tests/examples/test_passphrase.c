/* Passphrases from files, and from a terminal of the test's own. */
#include "common/passphrase.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>

#include "capture.h"
#include "scratch.h"

#define TYPED "correct horse"

/* ------------------------------------------------------------------------------------------------------------ files --
 */

static void check_read(const char *content, size_t length, const char *expected, size_t expected_length) {
    passphrase phrase;
    scratch_write("phrase", content, length);
    assert_true(passphrase_read(&phrase, "phrase"));
    assert_int_equal(phrase.length, expected_length);
    assert_memory_equal(phrase.text, expected, expected_length);
    passphrase_forget(&phrase);
    assert_int_equal(phrase.length, 0);
    assert_int_equal(phrase.text[0], 0);
}

static void a_file_holds_one_line(void **state) {
    (void)state;
    char longest[PASSPHRASE_MOST_BYTES + 3];
    memset(longest, 'x', sizeof longest);
    check_read("abc", 3, "abc", 3);
    check_read("abc\n", 4, "abc", 3);
    check_read("abc\r\n", 5, "abc", 3);
    check_read("abc\r", 4, "abc\r", 4);
    check_read(" a b ", 5, " a b ", 5);
    check_read("a\0b\n", 4, "a\0b", 3);
    check_read(longest, PASSPHRASE_MOST_BYTES, longest, PASSPHRASE_MOST_BYTES);
    memcpy(longest + PASSPHRASE_MOST_BYTES, "\r\n", 2);
    check_read(longest, PASSPHRASE_MOST_BYTES + 2, longest, PASSPHRASE_MOST_BYTES);
}

static void check_refused_file(const char *content, size_t length, const char *words) {
    passphrase phrase;
    scratch_write("phrase", content, length);
    assert_refusal(words, passphrase_read(&phrase, "phrase"));
    assert_int_equal(phrase.length, 0);
}

static void other_files_are_refused(void **state) {
    (void)state;
    char too_long[PASSPHRASE_MOST_BYTES + 3];
    memset(too_long, 'x', sizeof too_long);
    check_refused_file("", 0, "is empty");
    check_refused_file("\n", 1, "is empty");
    check_refused_file("\r\n", 2, "is empty");
    check_refused_file("a\nb", 3, "more than one line");
    check_refused_file("a\n\n", 3, "more than one line");
    check_refused_file(too_long, PASSPHRASE_MOST_BYTES + 1, "is longer");
    check_refused_file(too_long, PASSPHRASE_MOST_BYTES + 3, "is longer");
    passphrase phrase;
    assert_refusal("cannot be opened", passphrase_read(&phrase, "absent"));
}

/* --------------------------------------------------------------------------------------------------------- terminal --
 */

enum { RIGHT = 0, WRONG = 1, REFUSED = 2 };

/* Ends with whether `TYPED` was asked for and given. What it reports goes to the terminal. */
static void child_asks(bool is_new) {
    passphrase phrase;
    if (!passphrase_ask(&phrase, "key", is_new, "no terminal")) {
        _exit(REFUSED);
    }
    _exit(phrase.length == strlen(TYPED) && memcmp(phrase.text, TYPED, phrase.length) == 0 ? RIGHT : WRONG);
}

typedef struct talk {
    int terminal;
    pid_t child;
    char shown[4096]; /* all that the terminal has shown */
    size_t length;
} talk;

static void start_talk(talk *with, bool is_new) {
    *with = (talk){0};
    fflush(NULL);
    with->child = forkpty(&with->terminal, NULL, NULL, NULL);
    assert_true(with->child >= 0);
    if (with->child == 0) {
        child_asks(is_new);
    }
}

/* Reads what is shown until it holds these words; false where the terminal closes before. */
static bool wait_for(talk *with, const char *words) {
    while (strstr(with->shown, words) == NULL) {
        struct pollfd ready = {.fd = with->terminal, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, 20000), 1);
        const ssize_t count = read(with->terminal, with->shown + with->length, sizeof with->shown - 1 - with->length);
        if (count <= 0) {
            return false;
        }
        with->length += (size_t)count;
    }
    return true;
}

static void type(const talk *with, const char *text) {
    assert_int_equal(write(with->terminal, text, strlen(text)), strlen(text));
}

static bool echoes(const talk *with) {
    struct termios now;
    assert_int_equal(tcgetattr(with->terminal, &now), 0);
    return (now.c_lflag & ECHO) != 0;
}

/* Waits for the end of the child. Nothing that was typed may have been shown. */
static int end_talk(talk *with) {
    int how;
    wait_for(with, "what is never said");
    assert_int_equal(waitpid(with->child, &how, 0), with->child);
    close(with->terminal);
    assert_null(strstr(with->shown, "horse"));
    return WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how);
}

static void a_known_passphrase_is_asked_for_once(void **state) {
    (void)state;
    talk with;
    start_talk(&with, false);
    assert_true(wait_for(&with, "Passphrase of the secret key: "));
    assert_false(echoes(&with));
    type(&with, TYPED "\n");
    assert_int_equal(end_talk(&with), RIGHT);
    assert_null(strstr(with.shown, "again"));
}

static void a_new_passphrase_is_asked_for_twice(void **state) {
    (void)state;
    talk with;
    start_talk(&with, true);
    assert_true(wait_for(&with, "New passphrase of the secret key: "));
    type(&with, TYPED "\n");
    assert_true(wait_for(&with, "The same again: "));
    assert_false(echoes(&with));
    type(&with, TYPED "\n");
    assert_int_equal(end_talk(&with), RIGHT);
}

static void two_that_differ_are_refused(void **state) {
    (void)state;
    const char *seconds[] = {"correct horsf\n", "correct hors\n", "correct horse \n"};
    for (size_t i = 0; i < COUNT_OF(seconds); i++) {
        talk with;
        start_talk(&with, true);
        assert_true(wait_for(&with, "New passphrase"));
        type(&with, TYPED "\n");
        assert_true(wait_for(&with, "The same again: "));
        type(&with, seconds[i]);
        assert_int_equal(end_talk(&with), REFUSED);
        assert_non_null(strstr(with.shown, "differ"));
    }
}

static void empty_and_long_ones_are_refused(void **state) {
    (void)state;
    char too_long[PASSPHRASE_MOST_BYTES + 3];
    memset(too_long, 'x', sizeof too_long);
    memcpy(too_long + PASSPHRASE_MOST_BYTES + 1, "\n", 2);
    const char *lines[] = {"\n", "\x04", too_long};
    const char *words[] = {"is empty", "is empty", "is longer"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        talk with;
        start_talk(&with, true);
        assert_true(wait_for(&with, "New passphrase"));
        type(&with, lines[i]);
        assert_int_equal(end_talk(&with), REFUSED);
        assert_non_null(strstr(with.shown, words[i]));
    }
}

static void the_terminal_echoes_again(void **state) {
    (void)state;
    const char *keys[] = {"\x03", "\x1c"}; /* ^C and ^\ */
    const int signals[] = {SIGINT, SIGQUIT};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        talk with;
        start_talk(&with, false);
        const int held = open(ptsname(with.terminal), O_RDWR | O_NOCTTY); /* keeps the modes when the child is gone */
        assert_true(held >= 0 && wait_for(&with, "Passphrase"));
        assert_false(echoes(&with));
        type(&with, keys[i]);
        int how;
        assert_int_equal(waitpid(with.child, &how, 0), with.child);
        assert_true(WIFSIGNALED(how) && WTERMSIG(how) == signals[i]);
        assert_true(echoes(&with));
        close(held);
        close(with.terminal);
    }
}

/* A session without a terminal. */
static void without_a_terminal_it_says_so(void **state) {
    (void)state;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        passphrase phrase;
        capture said;
        setsid();
        capture_start(&said);
        const bool asked = passphrase_ask(&phrase, "key", true, "there is no terminal");
        capture_end(&said);
        _exit(!asked && strstr(said.text, "key: there is no terminal\n") != NULL ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_holds_one_line, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(other_files_are_refused, scratch_make, scratch_remove),
        cmocka_unit_test(a_known_passphrase_is_asked_for_once),
        cmocka_unit_test(a_new_passphrase_is_asked_for_twice),
        cmocka_unit_test(two_that_differ_are_refused),
        cmocka_unit_test(empty_and_long_ones_are_refused),
        cmocka_unit_test(the_terminal_echoes_again),
        cmocka_unit_test(without_a_terminal_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
