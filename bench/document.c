#include "bench/document.h"

#include <stdio.h>
#include <string.h>

#include "kernels.h"

#include "bench/fft_floor.h"
#include "bench/processor.h"
#include "common/json_file.h"
#include "common/report.h"

static bool whole(bool added) {
    return added || report_out_of_memory();
}

bool add_number(cJSON *object, const char *name, double value) {
    return whole(cJSON_AddNumberToObject(object, name, value) != NULL);
}

bool add_count(cJSON *object, const char *name, size_t value) {
    return add_number(object, name, (double)value);
}

bool add_text(cJSON *object, const char *name, const char *text) {
    return whole(cJSON_AddStringToObject(object, name, text) != NULL);
}

bool add_parameters(cJSON *object, const tnn_params_literal *parameters) {
    return whole(json_add_parameters(object, "parameters", parameters));
}

bool add_spread(cJSON *object, const char *name, spread values) {
    return whole(json_add_spread(object, name, values));
}

bool add_machine(cJSON *object) {
    processor machine = processor_describe();
    cJSON *member = cJSON_AddObjectToObject(object, "machine");
    return add_text(member, "cpu", machine.name) && add_count(member, "cores", machine.cores) &&
           add_text(member, "kernels", strrchr(tnn_kernels_best()->name, '_') + 1);
}

bool add_floor(cJSON *object, spread transform_us, const tnn_params_literal *parameters) {
    double transforms = fft_floor_transforms(parameters);
    spread bootstrap_us = {.min = transforms * transform_us.min,
                           .median = transforms * transform_us.median,
                           .p95 = transforms * transform_us.p95};
    cJSON *member = cJSON_AddObjectToObject(object, "floor");
    return add_spread(member, "fft_us", transform_us) && add_number(member, "ffts_a_bootstrap", transforms) &&
           add_spread(member, "bootstrap_us", bootstrap_us);
}

bool add_over_floor(cJSON *object, spread time, spread floor, double units) {
    cJSON *member = cJSON_AddObjectToObject(object, "over_floor");
    return add_number(member, "min", time.min / (floor.min * units)) &&
           add_number(member, "median", time.median / (floor.median * units));
}

cJSON *add_row(cJSON *list) {
    cJSON *row = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(list, row)) {
        cJSON_Delete(row);
        return NULL;
    }
    return row;
}

/* -------------------------------------------------------------------------------------------- for people -- */

enum { MOST_PATH = 64, TITLE_WIDTH = 18, NUMBER_WIDTH = 8 };

/* Prints a number or a text that stands at a path such as us.min, or where `heading` says so the path itself. */
static void print_cell(const char *path, const cJSON *value, bool heading) {
    int width = (int)strlen(path);
    if (cJSON_IsString(value)) {
        printf("  %-*s", width > TITLE_WIDTH ? width : TITLE_WIDTH, heading ? path : value->valuestring);
        return;
    }
    width = width > NUMBER_WIDTH ? width : NUMBER_WIDTH;
    if (heading) {
        printf("  %*s", width, path);
    } else {
        printf("  %*.5g", width, value->valuedouble);
    }
}

static void print_cells(const char *path, const cJSON *value, bool heading) {
    if (!cJSON_IsObject(value)) {
        print_cell(path, value, heading);
        return;
    }
    const cJSON *member;
    cJSON_ArrayForEach(member, value) {
        char longer[MOST_PATH];
        snprintf(longer, sizeof longer, "%.40s%s%.20s", path, path[0] == '\0' ? "" : ".", member->string);
        print_cells(longer, member, heading);
    }
}

void print_row(const char *title, const cJSON *object) {
    printf("\n%s\n", title);
    print_cells("", object, true);
    putchar('\n');
    print_cells("", object, false);
    putchar('\n');
}

void print_rows(const char *title, const cJSON *list) {
    const cJSON *row;
    printf("\n%s\n", title);
    print_cells("", cJSON_GetArrayItem(list, cJSON_GetArraySize(list) - 1), true);
    cJSON_ArrayForEach(row, list) {
        putchar('\n');
        print_cells("", row, false);
    }
    putchar('\n');
}
