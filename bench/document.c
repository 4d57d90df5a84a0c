#include "bench/document.h"

#include <stdio.h>
#include <string.h>

#include "kernels.h"

#include "bench/fft_floor.h"
#include "bench/processor.h"
#include "common/json_file.h"
#include "common/report.h"

enum { MOST_PATH = 64, TITLE_WIDTH = 18, NUMBER_WIDTH = 9 };

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

/* Prints a value that is neither object nor list, which stands at a path such as floor.fft_us.min. */
typedef void print_leaf(const char *path, const cJSON *value);

static void for_leaves(const cJSON *value, const char *path, print_leaf *print) {
    if (!cJSON_IsObject(value)) {
        print(path, value);
        return;
    }
    const cJSON *member;
    cJSON_ArrayForEach(member, value) {
        char longer[MOST_PATH];
        snprintf(longer, sizeof longer, "%.40s%s%.20s", path, path[0] == '\0' ? "" : ".", member->string);
        for_leaves(member, longer, print);
    }
}

static void print_value(const cJSON *value, int width) {
    if (cJSON_IsString(value)) {
        printf("%-*s", width, value->valuestring);
    } else if (cJSON_IsNumber(value)) {
        printf("%*.5g", width, value->valuedouble);
    } else {
        printf("%*s", width, cJSON_IsTrue(value) ? "true" : "false");
    }
}

static int column_width(const char *path, const cJSON *value) {
    int width = (int)strlen(path), least = cJSON_IsString(value) ? TITLE_WIDTH : NUMBER_WIDTH;
    return width > least ? width : least;
}

static void print_heading(const char *path, const cJSON *value) {
    printf(cJSON_IsString(value) ? "  %-*s" : "  %*s", column_width(path, value), path);
}

static void print_cell(const char *path, const cJSON *value) {
    fputs("  ", stdout);
    print_value(value, column_width(path, value));
}

static void print_named(const char *path, const cJSON *value) {
    printf("%s%s ", path, path[0] == '\0' ? "" : ":");
    print_value(value, 0);
    fputs("  ", stdout);
}

/* The longest row has all columns; the others lack some at the end. */
static void print_table(const cJSON *list) {
    const cJSON *row, *longest = list->child;
    cJSON_ArrayForEach(row, list) {
        longest = cJSON_GetArraySize(row) > cJSON_GetArraySize(longest) ? row : longest;
    }
    for_leaves(longest, "", print_heading);
    cJSON_ArrayForEach(row, list) {
        putchar('\n');
        for_leaves(row, "", print_cell);
    }
}

void document_print(const cJSON *object) {
    const cJSON *member;
    cJSON_ArrayForEach(member, object) {
        if (cJSON_IsArray(member)) {
            printf("\n%s\n", member->string);
            print_table(member);
        } else {
            printf("%-*s", TITLE_WIDTH, member->string);
            for_leaves(member, "", print_named);
        }
        putchar('\n');
    }
}
