/*
 * results: every shipped model over its whole test split, as the table of README.md and as model cards.
 *
 * models.json lists the models, measurement.c runs them and keeps the figures in a file each, table.c and cards.c
 * print what those files hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/input_file.h"
#include "common/output_file.h"
#include "common/report.h"
#include "results/cards.h"
#include "results/catalogue.h"
#include "results/measurement.h"
#include "results/options.h"
#include "results/table.h"

static const char SECTION_START[] = "<!-- results -->\n";
static const char SECTION_END[] = "<!-- /results -->\n";

/* ------------------------------------------------------------------------------------------------- measure -- */

static bool measure_all(const catalogue *list, const results_options *chosen) {
    bool found = chosen->only == NULL;
    for (size_t i = 0; i < list->count; i++) {
        shipped_model model = catalogue_at(list, i);
        bool wanted = chosen->only == NULL || strcmp(chosen->only, model.name) == 0;
        found |= wanted;
        if (wanted && !measurement_run(&model, chosen)) {
            return false;
        }
    }
    return found || report_error("--only: models.json lists no '%s'", chosen->only);
}

/* -------------------------------------------------------------------------------------------------- render -- */

/* A text that grows as it is printed to. */
typedef struct text {
    char *data;
    size_t length;
    FILE *stream;
} text;

static bool text_open(text *page) {
    *page = (text){0};
    page->stream = open_memstream(&page->data, &page->length);
    return page->stream != NULL || report_out_of_memory();
}

static bool text_close(text *page) {
    return fclose(page->stream) == 0 || report_out_of_memory();
}

static bool text_write(const text *page, const char *path) {
    return output_file_revise(path, &(bytes){.data = (uint8_t *)page->data, .length = page->length});
}

static bool render_model(text *table, text *cards, const shipped_model *model, const results_options *chosen,
                         cJSON **last) {
    cJSON *figures;
    cJSON *provenance;
    bool done = measurement_read(&figures, &provenance, model, chosen);
    if (done) {
        cards_print(cards->stream, model, provenance, figures);
    }
    if (figures != NULL) {
        table_print_row(table->stream, model, figures);
        cJSON_Delete(*last);
        *last = figures;
    }
    cJSON_Delete(provenance);
    return done;
}

static bool render(text *table, text *cards, const catalogue *list, const results_options *chosen) {
    cJSON *last = NULL;
    bool done = true;
    table_print_head(table->stream);
    cards_print_head(cards->stream);
    for (size_t i = 0; i < list->count && done; i++) {
        shipped_model model = catalogue_at(list, i);
        done = render_model(table, cards, &model, chosen, &last);
    }
    if (last != NULL) {
        table_print_foot(table->stream, last);
    }
    cJSON_Delete(last);
    return text_close(table) && text_close(cards) && done;
}

/* --------------------------------------------------------------------------------------------------- write -- */

static bool replace_section(text *page, const char *old, const text *table, const char *path) {
    const char *start = strstr(old, SECTION_START);
    const char *end = start != NULL ? strstr(start, SECTION_END) : NULL;
    if (end == NULL) {
        return report_error("%s: has no lines '<!-- results -->' and '<!-- /results -->' for the table", path);
    }
    start += strlen(SECTION_START);
    fprintf(page->stream, "%.*s%s%s", (int)(start - old), old, table->data, end);
    return true;
}

/* A whole file, ended by a 0; NULL on failure, which is reported. */
static char *read_text(const char *path) {
    bytes contents = {0};
    if (!input_file_read(&contents, path)) {
        return NULL;
    }
    char *copy = strndup((const char *)contents.data, contents.length);
    bytes_free(&contents);
    if (copy == NULL) {
        report_out_of_memory();
    }
    return copy;
}

static bool write_readme(const text *table, const char *path) {
    text page;
    char *old = read_text(path);
    bool done = old != NULL && text_open(&page);
    if (done) {
        done = replace_section(&page, old, table, path);
        done = text_close(&page) && done && text_write(&page, path);
        free(page.data);
    }
    free(old);
    return done;
}

static bool render_all(const catalogue *list, const results_options *chosen) {
    text table, cards;
    if (!text_open(&table) || !text_open(&cards)) {
        return false;
    }
    bool done = render(&table, &cards, list, chosen);
    if (done) {
        fputs(table.data, stdout);
    }
    done = done && (chosen->cards == NULL || text_write(&cards, chosen->cards)) &&
           (chosen->readme == NULL || write_readme(&table, chosen->readme));
    free(table.data);
    free(cards.data);
    return done;
}

static bool run(const results_options *chosen) {
    catalogue list = {0};
    bool done = catalogue_read(&list, EXAMPLES_RESULTS "/models.json") &&
                (chosen->render_only || measure_all(&list, chosen)) && render_all(&list, chosen);
    catalogue_free(&list);
    return done;
}

int main(int argc, char **argv) {
    results_options chosen;
    bool done = results_options_parse(&chosen, argc, argv) && run(&chosen) && output_written();
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
