#include "bench/processor.h"

#include <stdio.h>
#include <string.h>

#include "common/machine.h"

/* A line longer than this holds flags; the name's line comes before it. */
enum { MOST_LINE = 256 };

processor processor_describe(void) {
    processor described = {.name = "unknown", .cores = machine_cores()};
    char line[MOST_LINE];
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "model name", strlen("model name")) == 0 &&
            sscanf(line, "%*[^:]: %127[^\n]", described.name)) {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return described;
}
