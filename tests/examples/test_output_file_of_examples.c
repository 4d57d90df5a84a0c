/* Files that are whole or not there, whichever call to the system fails, and wherever the program is killed. */
#include "common/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "capture.h"
#include "common/input_file.h"
#include "scratch.h"

#define OLD "the old content"

/* Two pieces: write is made to take one at a time. */
#define PIECE ((size_t)3000)
static uint8_t secret_data[2 * PIECE] = "TNNS";
static uint8_t other_data[2 * PIECE] = "TNNE";
static const bytes SECRET = {secret_data, sizeof secret_data};
static const bytes OTHER = {other_data, sizeof other_data};

/* ----------------------------------------------------------------------------------- calls that fail or do not return
 * -- */

static struct {
    size_t left;       /* calls until it happens, 0: never */
    int signal_number; /* what happens: this signal, or an error where 0 */
    bool after;        /* the signal comes when the call is done, not before */
    bool no_flags;     /* the file system knows no RENAME_NOREPLACE */
    bool happened;
} plan;

/* One letter a call: the first of its name, but f for fsync and m for fchmod. */
static char calls[256];

static bool is_now(char letter) {
    const size_t count = strlen(calls);
    if (count + 1 < sizeof calls) {
        calls[count] = letter;
    }
    if (plan.left == 0 || --plan.left > 0) {
        return false;
    }
    plan.happened = true;
    return true;
}

#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name

/* The call with what is planned for it; -1 with EIO where it fails. */
#define PLANNED(letter, call)                                                                                          \
    do {                                                                                                               \
        const bool now = is_now(letter);                                                                               \
        if (now && plan.signal_number == 0) {                                                                          \
            errno = EIO;                                                                                               \
            return -1;                                                                                                 \
        }                                                                                                              \
        if (now && !plan.after) {                                                                                      \
            raise(plan.signal_number);                                                                                 \
        }                                                                                                              \
        const __typeof__(call) result = (call);                                                                        \
        if (now && plan.after) {                                                                                       \
            const int error = errno;                                                                                   \
            raise(plan.signal_number);                                                                                 \
            errno = error;                                                                                             \
        }                                                                                                              \
        return result;                                                                                                 \
    } while (0)

int REAL(open)(const char *path, int flags, ...);
int WRAP(open)(const char *path, int flags, ...);
int REAL(close)(int descriptor);
int WRAP(close)(int descriptor);
int REAL(fchmod)(int descriptor, mode_t mode);
int WRAP(fchmod)(int descriptor, mode_t mode);
ssize_t REAL(write)(int descriptor, const void *from, size_t length);
ssize_t WRAP(write)(int descriptor, const void *from, size_t length);
int REAL(fsync)(int descriptor);
int WRAP(fsync)(int descriptor);
int REAL(rename)(const char *from, const char *to);
int WRAP(rename)(const char *from, const char *to);
int REAL(renameat2)(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
int WRAP(renameat2)(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
int REAL(link)(const char *from, const char *to);
int WRAP(link)(const char *from, const char *to);

static int planned_open(const char *path, int flags, mode_t mode) {
    PLANNED('o', (int)REAL(open)(path, flags, mode));
}

int WRAP(open)(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return planned_open(path, flags, mode);
}

/* A failing close closes. */
int WRAP(close)(int descriptor) {
    PLANNED('c', REAL(close)(descriptor));
}

int WRAP(fchmod)(int descriptor, mode_t mode) {
    PLANNED('m', REAL(fchmod)(descriptor, mode));
}

ssize_t WRAP(write)(int descriptor, const void *from, size_t length) {
    PLANNED('w', REAL(write)(descriptor, from, length < PIECE ? length : PIECE));
}

int WRAP(fsync)(int descriptor) {
    PLANNED('f', REAL(fsync)(descriptor));
}

int WRAP(rename)(const char *from, const char *to) {
    PLANNED('r', REAL(rename)(from, to));
}

int WRAP(renameat2)(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    if (plan.no_flags) {
        errno = EINVAL;
        return -1;
    }
    PLANNED('r', REAL(renameat2)(from_folder, from, to_folder, to, flags));
}

int WRAP(link)(const char *from, const char *to) {
    PLANNED('l', REAL(link)(from, to));
}

/* ------------------------------------------------------------------------------------------------------- the writers
 * -- */

static bool write_one(void) {
    return output_file_write("other", &OTHER);
}

static bool write_pair(void) {
    output_file files[2] = {0};
    bool done = output_file_stage(&files[0], "secret", OUTPUT_SECRET, &SECRET) &&
                output_file_stage(&files[1], "other", OUTPUT_SHARED, &OTHER) && output_files_commit(files, 2);
    output_file_discard(&files[0]);
    output_file_discard(&files[1]);
    return done;
}

static bool holds(const char *name, const bytes *content) {
    return scratch_holds(name, content->data, content->length);
}

static bool is_absent(const char *name) {
    return access(name, F_OK) != 0;
}

static bool is_old_or(const char *name, const bytes *content, bool had_old) {
    return holds(name, content) || (had_old ? scratch_holds(name, OLD, strlen(OLD)) : is_absent(name));
}

static void start_over(bool with_old) {
    scratch_entries(true);
    if (with_old) {
        scratch_write("other", OLD, strlen(OLD));
    }
}

/* ------------------------------------------------------------------------------------------------------------ tests --
 */

/* Calls that failed, one in each run. */
static size_t fail_each_call(bool (*writer)(void), bool with_old, bool no_flags) {
    capture said;
    for (size_t number = 1;; number++) {
        start_over(with_old);
        capture_start(&said);
        plan.no_flags = no_flags;
        plan.happened = false;
        plan.left = number;
        const bool done = writer();
        plan.left = 0;
        plan.no_flags = false;
        capture_end(&said);
        const bool whole = holds("other", &OTHER) && (writer == write_one || holds("secret", &SECRET));
        if (done) {
            assert_true(whole);
        } else {
            assert_true(is_absent("secret"));
            assert_true(is_old_or("other", &OTHER, with_old));
            assert_true(with_old || is_absent("other"));
            assert_non_null(strstr(said.text, "cannot be"));
        }
        assert_int_equal(scratch_entries(false), done ? (writer == write_one ? 1 : 2) : with_old);
        if (!plan.happened) {
            assert_true(done);
            return number - 1;
        }
    }
}

/* At the least: open, mode, two pieces, sync and close of a file; its new name; open and sync of the folder. */
static void a_call_that_fails_leaves_the_old_file(void **state) {
    (void)state;
    for (int with_old = 0; with_old < 2; with_old++) {
        for (int no_flags = 0; no_flags < 2; no_flags++) {
            const size_t one = fail_each_call(write_one, with_old, no_flags);
            const size_t two = fail_each_call(write_pair, with_old, no_flags);
            print_message("old %d, no flags %d: %zu and %zu calls failed\n", with_old, no_flags, one, two);
            assert_true(one >= 9 && two >= 17);
        }
    }
}

/* Content before name, name before the folder's sync: a power cut finds the old file or the new one. */
static void content_and_name_reach_the_disk_in_order(void **state) {
    (void)state;
    memset(calls, 0, sizeof calls);
    assert_true(write_one());
    assert_string_equal(calls, "omwwfc"
                               "r"
                               "ofc");
    memset(calls, 0, sizeof calls);
    assert_int_equal(remove("other"), 0);
    assert_true(write_pair());
    assert_string_equal(calls, "owwfc"
                               "omwwfc"
                               "r"
                               "ofc"
                               "r"
                               "ofc");
}

/* Whether the child reached the planned call. */
static bool kill_child(size_t number, int signal_number, bool after) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        plan.signal_number = signal_number;
        plan.after = after;
        plan.left = number;
        _exit(write_pair() ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) ? WEXITSTATUS(how) == 0 : WTERMSIG(how) == signal_number);
    return WIFSIGNALED(how);
}

static size_t kill_at_each_call(int signal_number, bool after, bool with_old, bool no_temporaries) {
    for (size_t number = 1;; number++) {
        start_over(with_old);
        const bool killed = kill_child(number, signal_number, after);
        assert_true(is_absent("secret") || holds("secret", &SECRET));
        assert_true(is_old_or("other", &OTHER, with_old));
        if (no_temporaries) { /* and both names or none */
            const bool both = holds("secret", &SECRET);
            assert_true(both == holds("other", &OTHER));
            assert_int_equal(scratch_entries(false), both ? 2 : with_old);
        }
        if (!killed) {
            return number - 1;
        }
    }
}

static void a_kill_at_each_call_leaves_no_key_or_a_whole_one(void **state) {
    (void)state;
    for (int after = 0; after < 2; after++) {
        for (int with_old = 0; with_old < 2; with_old++) {
            assert_true(kill_at_each_call(SIGKILL, after, with_old, false) >= 17);
        }
    }
}

static void signals_at_each_call_leave_no_temporary(void **state) {
    (void)state;
    const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        for (int after = 0; after < 2; after++) {
            assert_true(kill_at_each_call(numbers[i], after, i % 2, true) >= 17);
        }
    }
}

/* What appears under the name of a secret key between the first look and the commit stays. */
static void a_secret_key_takes_no_name_that_appeared_meanwhile(void **state) {
    (void)state;
    for (int no_flags = 0; no_flags < 2; no_flags++) {
        output_file file = {0};
        start_over(false);
        assert_true(output_file_stage(&file, "secret", OUTPUT_SECRET, &SECRET));
        scratch_write("secret", OLD, strlen(OLD));
        plan.no_flags = no_flags;
        assert_refusal("exists", output_files_commit(&file, 1));
        plan.no_flags = false;
        assert_true(scratch_holds("secret", OLD, strlen(OLD)));
        assert_int_equal(scratch_entries(false), 1);
    }
}

/* Of two commands that make keys under the same names, one fails, and the other's pair stays. */
static void two_pairs_do_not_mix(void **state) {
    (void)state;
    const bytes their_secret = {(uint8_t *)"TNNS theirs", 11};
    const bytes their_other = {(uint8_t *)"TNNE theirs", 11};
    output_file ours[2] = {0};
    output_file theirs[2] = {0};
    assert_true(output_file_stage(&ours[0], "secret", OUTPUT_SECRET, &SECRET));
    assert_true(output_file_stage(&ours[1], "other", OUTPUT_SHARED, &OTHER));
    assert_true(output_file_stage(&theirs[0], "secret", OUTPUT_SECRET, &their_secret));
    assert_true(output_file_stage(&theirs[1], "other", OUTPUT_SHARED, &their_other));
    assert_true(output_files_commit(theirs, 2));
    assert_refusal("exists", output_files_commit(ours, 2));
    assert_true(holds("secret", &their_secret));
    assert_true(holds("other", &their_other));
    assert_int_equal(scratch_entries(false), 2);
}

static void no_file_replaces_a_secret_key(void **state) {
    (void)state;
    const char *keys[] = {"TNNS plain", "TNNK sealed"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        output_file file = {0};
        start_over(false);
        assert_true(output_file_stage(&file, "key", OUTPUT_SHARED, &OTHER));
        scratch_write("key", keys[i], strlen(keys[i])); /* after the first look */
        assert_refusal("holds a secret key", output_files_commit(&file, 1));
        assert_refusal("holds a secret key", output_file_write("key", &OTHER));
        assert_refusal("holds a secret key", output_file_check("key", OUTPUT_SHARED));
        assert_true(scratch_holds("key", keys[i], strlen(keys[i])));
        assert_int_equal(scratch_entries(false), 1);
    }
}

static void inputs_of_the_command_stay(void **state) {
    (void)state;
    bytes contents;
    scratch_write("input", OLD, strlen(OLD));
    assert_true(input_file_read(&contents, "input"));
    bytes_free(&contents);
    assert_int_equal(link("input", "again"), 0);
    assert_refusal("is read by this command", output_file_write("./input", &OTHER));
    assert_refusal("is read by this command", output_file_write("again", &OTHER));
    assert_true(scratch_holds("input", OLD, strlen(OLD)));
}

static void only_regular_files_are_replaced(void **state) {
    (void)state;
    scratch_write("target", OLD, strlen(OLD));
    assert_int_equal(symlink("target", "to_target"), 0);
    assert_int_equal(symlink("nowhere", "to_nothing"), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(mkdir("folder", 0700), 0);
    const char *links[] = {"to_target", "to_nothing", "/dev/stdout"};
    const char *others[] = {"pipe", "folder", "/dev/null", "."};
    for (output_kind kind = OUTPUT_SHARED; kind <= OUTPUT_SECRET; kind++) {
        for (size_t i = 0; i < COUNT_OF(links); i++) {
            assert_refusal("is a symbolic link", output_file_check(links[i], kind));
        }
        for (size_t i = 0; i < COUNT_OF(others); i++) {
            assert_refusal("is not a regular file", output_file_check(others[i], kind));
        }
    }
    assert_refusal("is a symbolic link", output_file_write("to_target", &OTHER));
    assert_true(scratch_holds("target", OLD, strlen(OLD)));
    assert_refusal("cannot be written", output_file_write("target/below", &OTHER));
    assert_refusal("cannot be written", output_file_write("absent/below", &OTHER));
    assert_int_equal(scratch_entries(false), 5);
}

static void secret_keys_are_the_owners_alone(void **state) {
    (void)state;
    struct stat about;
    const mode_t before = umask(0);
    assert_true(write_pair());
    umask(before);
    assert_int_equal(stat("secret", &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(stat("other", &about), 0);
    assert_int_equal(about.st_mode & 0777, 0666);
}

static void one_file_has_many_spellings(void **state) {
    (void)state;
    char whole[128];
    snprintf(whole, sizeof whole, "%s/key", scratch_folder);
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_true(output_file_same("key", "key"));
    assert_true(output_file_same("key", "./key"));
    assert_true(output_file_same("key", "folder/../key"));
    assert_true(output_file_same(whole, "key"));
    assert_false(output_file_same("key", "kez"));
    assert_false(output_file_same("key", "folder/key"));
    assert_false(output_file_same("key", "absent/key"));
}

int main(void) {
    for (size_t i = 4; i < sizeof secret_data; i++) {
        secret_data[i] = (uint8_t)i;
        other_data[i] = (uint8_t)(i / 7);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_that_fails_leaves_the_old_file, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(content_and_name_reach_the_disk_in_order, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_kill_at_each_call_leaves_no_key_or_a_whole_one, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(signals_at_each_call_leave_no_temporary, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_secret_key_takes_no_name_that_appeared_meanwhile, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(two_pairs_do_not_mix, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(no_file_replaces_a_secret_key, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(inputs_of_the_command_stay, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(only_regular_files_are_replaced, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(secret_keys_are_the_owners_alone, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(one_file_has_many_spellings, scratch_make, scratch_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
