#include "bench/report_json.h"

#include "bench/goals.h"
#include "common/json_file.h"
#include "common/report.h"

/* A new object at the end of a list, NULL where memory ran out. */
static cJSON *append_object(cJSON *list) {
    cJSON *object = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(list, object)) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static bool add_number(cJSON *object, const char *name, double value) {
    return cJSON_AddNumberToObject(object, name, value) != NULL;
}

static bool add_goals(cJSON *list, const report_figures *figures) {
    goal goals[GOALS_MOST];
    size_t count = goals_list(goals, figures);
    bool added = true;
    for (size_t i = 0; i < count && added; i++) {
        cJSON *object = append_object(list);
        added = cJSON_AddStringToObject(object, "what", goals[i].what) != NULL &&
                cJSON_AddStringToObject(object, "unit", goals[i].unit) != NULL &&
                add_number(object, "measured", goals[i].measured) &&
                add_number(object, goals[i].at_least ? "at_least" : "at_most", goals[i].bound) &&
                cJSON_AddBoolToObject(object, "reached", goal_reached(&goals[i])) != NULL;
    }
    return added;
}

static bool add_rotation(cJSON *object, const rotation_figures *rotation) {
    bool added = json_add_parameters(object, "parameters", &rotation->parameters) &&
                 add_number(object, "rounds", (double)rotation->rounds) &&
                 bench_add_floor(object, rotation->floor_us, &rotation->parameters);
    cJSON *list = cJSON_AddArrayToObject(object, "items");
    for (size_t i = 0; i < rotation->count && added; i++) {
        const rotation_point *point = &rotation->points[i];
        cJSON *item = append_object(list);
        added = cJSON_AddStringToObject(item, "name", point->item->name) != NULL &&
                add_number(item, "batch", (double)point->item->batch) && json_add_spread(item, "us", point->us) &&
                bench_add_ratio(item, point->ratio);
    }
    return added;
}

static bool add_setting(cJSON *object, const latency_setting *setting) {
    return add_number(object, "threads", (double)setting->threads) &&
           json_add_spread(object, "image_ms", setting->image_ms) && bench_add_ratio(object, setting->ratio) &&
           json_add_spread(object, "gain", setting->gain) && json_add_spread(object, "crew_us", setting->crew_us) &&
           add_number(object, "images", (double)setting->images) &&
           add_number(object, "images_a_second", setting->best_per_second) &&
           add_number(object, "images_a_second_median", setting->median_per_second);
}

static bool add_latency(cJSON *object, const latency_figures *latency) {
    bool added = json_add_parameters(object, "parameters", &latency->info.parameters) &&
                 add_number(object, "bootstraps", (double)latency->info.bootstraps) &&
                 add_number(object, "rounds", (double)latency->rounds) &&
                 bench_add_floor(object, latency->floor_us, &latency->info.parameters);
    cJSON *list = cJSON_AddArrayToObject(object, "settings");
    for (size_t i = 0; i < latency->count && added; i++) {
        added = add_setting(append_object(list), &latency->settings[i]);
    }
    return added;
}

static bool add_models(cJSON *list, const report_figures *figures) {
    bool added = true;
    for (size_t i = 0; i < figures->model_count && added; i++) {
        const report_model *model = &figures->models[i];
        cJSON *object = append_object(list);
        added = cJSON_AddStringToObject(object, "name", model->name) != NULL &&
                cJSON_AddBoolToObject(object, "exact", model->exact) != NULL && add_latency(object, &model->latency);
    }
    return added;
}

static bool add_series(cJSON *object, const growth_series *series) {
    bool added = cJSON_AddStringToObject(object, "variable", growth_name(series->variable)) != NULL &&
                 json_add_parameters(object, "parameters", &series->parameters) &&
                 add_number(object, "rounds", (double)series->rounds) &&
                 add_number(object, "intercept_ms", series->fit.intercept) &&
                 add_number(object, "slope_ms", series->fit.slope) &&
                 add_number(object, "largest_deviation", series->fit.largest_deviation);
    cJSON *list = cJSON_AddArrayToObject(object, "points");
    for (size_t i = 0; i < series->count && added; i++) {
        cJSON *point = append_object(list);
        added = add_number(point, "size", (double)series->points[i].size) &&
                add_number(point, "best_ms", series->points[i].best_ms) &&
                add_number(point, "median_ms", series->points[i].median_ms) &&
                bench_add_ratio(point, series->points[i].ratio);
    }
    return added;
}

static bool add_growth(cJSON *list, const report_figures *figures) {
    bool added = true;
    for (size_t i = 0; i < GROWTH_VARIABLES && added; i++) {
        added = add_series(append_object(list), &figures->growth[i]);
    }
    return added;
}

static bool add_footprint(cJSON *object, const footprint_figures *footprint) {
    return add_number(object, "threads", (double)footprint->threads) &&
           add_number(object, "rounds", (double)footprint->rounds) &&
           add_number(object, "eval_key_bytes", (double)footprint->eval_key_bytes) &&
           add_number(object, "input_bytes", (double)footprint->input_bytes) &&
           add_number(object, "output_bytes", (double)footprint->output_bytes) &&
           add_number(object, "server_peak_bytes", (double)footprint->server_peak_bytes) &&
           add_number(object, "predicted_server_bytes", (double)footprint->info.server_bytes) &&
           json_add_spread(object, "keygen_ms", footprint->keygen_ms) &&
           json_add_spread(object, "ready_ms", footprint->ready_ms) &&
           json_add_spread(object, "first_image_ms", footprint->first_image_ms);
}

bool report_json_write(const char *path, const report_figures *figures) {
    cJSON *object = cJSON_CreateObject();
    bool added = bench_add_machine(object, &figures->machine) &&
                 cJSON_AddStringToObject(object, "kernels", figures->kernels) != NULL &&
                 cJSON_AddBoolToObject(object, "quick", figures->quick) != NULL &&
                 add_goals(cJSON_AddArrayToObject(object, "goals"), figures) &&
                 add_rotation(cJSON_AddObjectToObject(object, "rotation"), &figures->rotation) &&
                 add_models(cJSON_AddArrayToObject(object, "models"), figures) &&
                 add_latency(cJSON_AddObjectToObject(object, "scaling"), &figures->scaling) &&
                 add_growth(cJSON_AddArrayToObject(object, "growth"), figures) &&
                 add_footprint(cJSON_AddObjectToObject(object, "footprint"), &figures->footprint);
    bool done = (added || report_out_of_memory()) && json_file_write(path, object);
    cJSON_Delete(object);
    return done;
}
