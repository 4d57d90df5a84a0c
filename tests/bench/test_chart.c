#include "bench/chart.h"

#include <string.h>

#include "testing.h"

/* The document of some panels; lives until the next call. */
static const char *chart_text(const chart_panel *panels, size_t count) {
    static char text[1 << 16];
    FILE *stream = fmemopen(text, sizeof text, "w");
    assert_non_null(stream);
    chart_write(stream, "title", panels, count);
    assert_int_equal(0, fclose(stream));
    return text;
}

static size_t occurrences(const char *text, const char *part) {
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static chart_panel panel_with(chart_scale scale, chart_style style) {
    chart_panel panel = {.title = "a < b & c > d", .x = {"sizes", scale}, .y = {"ms", CHART_LINEAR}};
    chart_series *series = chart_add_series(&panel, "measured", style, 0);
    chart_add_point(series, 1, 10);
    chart_add_point(series, 8, 47);
    return panel;
}

static void assert_ticks(const char *text, const char *const *labels, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char end[32];
        snprintf(end, sizeof end, ">%s</text>", labels[i]);
        assert_non_null(strstr(text, end));
    }
}

static void text_is_escaped(void **state) {
    (void)state;
    chart_panel panel = panel_with(CHART_LINEAR, CHART_LINE);
    const char *text = chart_text(&panel, 1);
    assert_non_null(strstr(text, "a &lt; b &amp; c &gt; d"));
}

/* Two points and the legend's key; a dashed series has a path alone. */
static void styles_draw_marks_and_paths(void **state) {
    (void)state;
    const struct {
        chart_style style;
        size_t circles, paths;
    } cases[] = {{CHART_LINE, 3, 1}, {CHART_MARKS, 3, 0}, {CHART_DASHES, 0, 1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        chart_panel panel = panel_with(CHART_LINEAR, cases[i].style);
        const char *text = chart_text(&panel, 1);
        assert_int_equal(cases[i].circles, occurrences(text, "<circle"));
        assert_int_equal(cases[i].paths, occurrences(text, "<polyline"));
    }
}

static void axes_have_clear_ticks(void **state) {
    (void)state;
    const char *const linear[] = {"0", "2", "4", "6", "8", "10", "20", "30", "40", "50"};
    const char *const doubles[] = {"1", "2", "4", "8"};
    const char *const decades[] = {"1", "2", "5", "10"};
    const struct {
        chart_scale scale;
        const char *const *labels;
        size_t count;
    } cases[] = {{CHART_LINEAR, linear, COUNT_OF(linear)},
                 {CHART_DOUBLES, doubles, COUNT_OF(doubles)},
                 {CHART_DECADES, decades, COUNT_OF(decades)}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        chart_panel panel = panel_with(cases[i].scale, CHART_LINE);
        const char *text = chart_text(&panel, 1);
        assert_ticks(text, cases[i].labels, cases[i].count);
    }
}

/* On every scale points lie inside the plot, from left to right and from bottom to top. */
static void points_keep_their_order_inside_the_plot(void **state) {
    (void)state;
    const chart_scale scales[] = {CHART_LINEAR, CHART_DOUBLES, CHART_DECADES};
    for (size_t i = 0; i < COUNT_OF(scales); i++) {
        chart_panel panel = panel_with(scales[i], CHART_LINE);
        const char *text = chart_text(&panel, 1);
        double x[2], y[2];
        const char *points = strstr(text, "points=\"");
        assert_non_null(points);
        assert_int_equal(4, sscanf(points, "points=\"%lf,%lf %lf,%lf", &x[0], &y[0], &x[1], &y[1]));
        assert_true(68 <= x[0] && x[0] < x[1] && x[1] <= 482);
        assert_true(76 <= y[1] && y[1] < y[0] && y[0] <= 296);
    }
}

static void elements_close_and_panels_stand_apart(void **state) {
    (void)state;
    const chart_panel panels[3] = {panel_with(CHART_LINEAR, CHART_LINE), panel_with(CHART_DOUBLES, CHART_MARKS),
                                   panel_with(CHART_DECADES, CHART_DASHES)};
    const char *text = chart_text(panels, 3);
    assert_int_equal(occurrences(text, "<g "), occurrences(text, "</g>"));
    assert_int_equal(occurrences(text, "<text "), occurrences(text, "</text>"));
    assert_non_null(strstr(text, "translate(14 56)"));
    assert_non_null(strstr(text, "translate(514 56)"));
    assert_non_null(strstr(text, "translate(14 406)"));
    assert_string_equal("</svg>\n", text + strlen(text) - 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(styles_draw_marks_and_paths),
        cmocka_unit_test(axes_have_clear_ticks),
        cmocka_unit_test(points_keep_their_order_inside_the_plot),
        cmocka_unit_test(elements_close_and_panels_stand_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
