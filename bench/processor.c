#include "bench/processor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/machine.h"

/* The text after "key : " of a line of /proc/cpuinfo, or NULL. */
static char *value_of(char *line, const char *key) {
    char *colon = strchr(line, ':');
    if (strncmp(line, key, strlen(key)) != 0 || colon == NULL) {
        return NULL;
    }
    char *value = colon + 1 + strspn(colon + 1, " ");
    value[strcspn(value, "\n")] = '\0';
    return value;
}

static void read_flags(processor *described, char *flags) {
    char *rest = NULL;
    for (char *flag = strtok_r(flags, " ", &rest); flag != NULL; flag = strtok_r(NULL, " ", &rest)) {
        described->avx2 |= strcmp(flag, "avx2") == 0;
        described->avx512f |= strcmp(flag, "avx512f") == 0;
    }
}

static void read_line(processor *described, char *line) {
    char *name = value_of(line, "model name");
    char *flags = value_of(line, "flags");
    if (name != NULL) {
        snprintf(described->name, sizeof described->name, "%s", name);
    }
    if (flags != NULL) {
        read_flags(described, flags);
    }
}

processor processor_describe(void) {
    processor described = {.name = "unknown", .cores = machine_cores()};
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL) {
        return described;
    }
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, file) > 1) { /* an empty line ends the first processor */
        read_line(&described, line);
    }
    free(line);
    fclose(file);
    return described;
}
