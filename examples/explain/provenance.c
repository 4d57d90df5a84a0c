#include "explain/provenance.h"

#include <cJSON.h>
#include <stdio.h>

#include "common/escape.h"

/* Members that are missing, or of another type, are left out. */
static const cJSON *member_at(const cJSON *value, const char *a, const char *b, const char *c) {
    value = cJSON_GetObjectItemCaseSensitive(value, a);
    value = b == NULL ? value : cJSON_GetObjectItemCaseSensitive(value, b);
    return c == NULL ? value : cJSON_GetObjectItemCaseSensitive(value, c);
}

static void print_text(const char *before, const cJSON *value) {
    if (cJSON_IsString(value)) {
        fputs(before, stdout);
        escape_print(stdout, value->valuestring);
    }
}

static void print_number(const char *before, int digits, const cJSON *value) {
    if (cJSON_IsNumber(value)) {
        printf("%s%.*f", before, digits, value->valuedouble);
    }
}

void provenance_print(const char *text) {
    cJSON *origin = cJSON_Parse(text);
    const cJSON *set = member_at(origin, "set", NULL, NULL);
    print_text("trained on ", set);
    if (!cJSON_IsString(set)) {
        fputs("says nothing of its training data", stdout);
    }
    print_number(", images: ", 0, member_at(origin, "images", "train", NULL));
    print_number("; test accuracy ", 4, member_at(origin, "metrics", "test", "accuracy"));
    print_number(", AUC ", 4, member_at(origin, "metrics", "test", "auc"));
    print_text("; ", member_at(origin, "licence", NULL, NULL));
    putchar('\n');
    cJSON_Delete(origin);
}
