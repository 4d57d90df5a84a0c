#include "common/bundled_model.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "common/report.h"

/* The folder of the running program, with its last slash. Returns whether the system tells it; /proc is not needed. */
static bool program_folder(char folder[PATH_MAX]) {
    const char *started_as = (const char *)getauxval(AT_EXECFN); /* NOLINT(performance-no-int-to-ptr) */
    if (started_as == NULL || realpath(started_as, folder) == NULL) {
        return false;
    }
    strrchr(folder, '/')[1] = '\0'; /* a real path has a slash */
    return true;
}

char *bundled_model_path(const char *name) {
    char folder[PATH_MAX];
    char installed[2 * PATH_MAX];
    const char *models = EXAMPLES_MODELS;
    if (program_folder(folder) &&
        snprintf(installed, sizeof installed, "%s" INSTALLED_MODELS, folder) < (int)sizeof installed &&
        access(installed, R_OK | X_OK) == 0) {
        models = installed;
    }
    char *path = NULL;
    if (asprintf(&path, "%s/%s.tnn", models, name) < 0) {
        report_out_of_memory();
        return NULL; /* asprintf leaves path undefined */
    }
    return path;
}
