#include "explain/print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "common/escape.h"
#include "common/parameters.h"
#include "explain/provenance.h"

enum { TITLE_WIDTH = 22, MOST_UNPROVEN_SHOWN = 5 };

static const double BYTES_PER_MIB = 1024.0 * 1024.0;

static void print_title(const char *title) {
    printf("%-*s ", TITLE_WIDTH, title);
}

static void print_heading(const char *heading) {
    printf("\n%s\n", heading);
}

static void print_share(double share) {
    printf("%.*f %%", share < 0.1 ? 2 : 0, 100.0 * share);
}

/* As a share while that reads well, as a power of two below. */
static void print_probability(double log2_probability) {
    if (log2_probability > -10.0) {
        print_share(exp2(log2_probability));
    } else {
        printf("2^%.1f", log2_probability);
    }
}

static bool is_exact(const plan *made) {
    return made->asked.precision == TNN_PRECISION_EXACT;
}

/* ------------------------------------------------------------------------------------- model and contract -- */

static void print_model(const plan *made, const options *chosen) {
    const tnn_model_info *shape = &made->shape;
    escape_print(stdout, chosen->model_path);
    putchar('\n');
    print_title("  origin");
    provenance_print(shape->provenance);
    print_title("  image");
    printf("%u x %u, %u channel%s, %u levels\n", shape->width, shape->height, shape->channels,
           shape->channels == 1 ? "" : "s", shape->input_levels);
    print_title("  network");
    printf("%u", made->layers[0].info.inputs);
    for (uint32_t i = 0; i < made->circuit.layers; i++) {
        printf(" - %u", made->layers[i].info.neurons);
    }
    printf(", %" PRIu64 " bootstraps an image for %" PRIu64 " neurons\n", made->circuit.bootstraps,
           made->circuit.neurons);
}

static void print_contract(const plan *made) {
    const tnn_options *asked = &made->asked;
    print_heading("asked for");
    print_title("  precision");
    if (made->points > 0) {
        printf("tolerant: %g of the images keep their class\n", asked->agreement);
    } else if (is_exact(made)) {
        printf("exact: a lookup fails with probability of at most 2^%g\n", asked->log2_lookup_error);
    } else {
        printf("tolerant: position noise of at most %g of a table, logit noise of at most %g of its spread\n",
               asked->position_noise, asked->logit_noise);
    }
    print_title("  security");
    printf("%u bits promised, %u estimated\n", made->circuit.security_bits, made->circuit.estimated_bits);
}

static void print_parameters(const plan *made) {
    print_heading("parameters");
    parameters_print(&made->circuit.parameters, TITLE_WIDTH);
}

/* ------------------------------------------------------------------------------------------------- layers -- */

/* A bar of ten cells that is full where the budget is used up. */
static void print_budget(double used, double allowed) {
    double share = used / allowed;
    int cells = (int)fmin(fmax(round(10.0 * share), 0.0), 10.0);
    printf("%g allowed [%.*s%.*s] %.0f %%\n", allowed, cells, "##########", 10 - cells, "..........", 100.0 * share);
}

/* Noise is held against what was allowed, unless something else decided. */
static bool has_budget(const plan *made) {
    return !is_exact(made) && made->points == 0;
}

static void print_position_noise(const plan *made, const tnn_layer_info *layer) {
    print_title("  position noise");
    printf("%.4f of the table, %.2f of its %u cells (neuron %u)", layer->position_noise, layer->position_noise_cells,
           layer->table_cells, layer->worst_neuron);
    if (!has_budget(made)) {
        putchar('\n');
    } else {
        fputs("; ", stdout);
        print_budget(layer->position_noise, made->asked.position_noise);
    }
}

static void print_lookup_error(const plan *made, const tnn_layer_info *layer, const char *what) {
    print_title("  lookup error");
    print_probability(layer->lookup_log2);
    printf(" for the worst %s", what);
    if (!is_exact(made)) {
        fputs("; lookups are meant to be noisy here: the net was trained to be read so", stdout);
    }
    if (is_exact(made)) {
        printf(" (%u); 2^%g allowed", layer->worst_neuron, made->asked.log2_lookup_error);
    }
    putchar('\n');
}

/* The library spreads accumulators evenly over the range; those of an exact circuit stand in the middle of a cell. */
static void print_off_by_one(const tnn_layer_info *layer) {
    print_title("  off by one or more");
    print_share(layer->off_by_one_rate);
    fputs(" of lookups read another cell\n", stdout);
}

static void print_spread(const char *title, const fill_spread *values, const char *what, const char *end) {
    print_title(title);
    printf("%s %.3g / %.3g / %.3g (min / median / max); %s neuron %zu\n", what, values->min, values->median,
           values->max, end, values->worst);
}

static void print_fill(const layer_fill *fill) {
    print_spread("  fill", &fill->widths, "width over the widest", "narrowest");
    print_spread("  weights", &fill->norms, "l2 norm over width", "most noise of inputs:");
}

static void print_table_layer(const plan *made, const plan_layer *planned) {
    const tnn_layer_info *layer = &planned->info;
    printf("%u inputs, %u neurons with %u table%s each of %u cells: %" PRIu64 " bootstraps\n", layer->inputs,
           layer->neurons, layer->tables_per_neuron, layer->tables_per_neuron == 1 ? "" : "s", layer->table_cells,
           layer->bootstraps);
    if (layer->bootstraps == 0) {
        print_title("  lookups");
        fputs("none: the next layer took this one over\n", stdout);
        return;
    }
    print_position_noise(made, layer);
    if (!is_exact(made)) {
        print_off_by_one(layer);
    }
    print_lookup_error(made, layer, "neuron");
    print_title("  range proof");
    printf("%" PRIu64 " of %u neurons proven\n", layer->neurons - layer->unproven_neurons, layer->neurons);
    print_fill(&planned->fill);
}

static void print_logit_layer(const plan *made, const tnn_layer_info *layer) {
    printf("%u inputs, %u logit%s\n", layer->inputs, layer->neurons, layer->neurons == 1 ? "" : "s");
    print_title("  logit noise");
    printf("%.3g", made->circuit.logit_noise);
    if (!is_exact(made)) {
        printf(", %.4f of the logit's spread", made->circuit.logit_noise_share);
    }
    if (is_exact(made)) {
        putchar('\n');
        print_lookup_error(made, layer, "logit");
    } else if (!has_budget(made)) {
        putchar('\n');
    } else {
        fputs("; ", stdout);
        print_budget(made->circuit.logit_noise_share, made->asked.logit_noise);
    }
}

/* Where tables do not stand between the weights and the result. */
static void print_bare_weights(const plan *made) {
    if (made->circuit.bootstraps == 0) {
        print_title("  weights");
        fputs("not hidden: results give them away\n", stdout);
    }
}

static void print_layers(const plan *made) {
    for (uint32_t i = 0; i < made->circuit.layers; i++) {
        const tnn_layer_info *layer = &made->layers[i].info;
        printf("\nlayer %-*u ", TITLE_WIDTH - 6, i);
        if (layer->tables_per_neuron > 0) {
            print_table_layer(made, &made->layers[i]);
        } else {
            print_logit_layer(made, layer);
            print_bare_weights(made);
        }
    }
}

/* --------------------------------------------------------------------------------------------- range proof -- */

static void print_unproven(const plan *made, const plan_neuron *neuron) {
    const tnn_neuron_range *range = neuron->range;
    printf("  layer %zu, neuron %zu: table %" PRId64 " to %" PRId64 ", weights reach %" PRId64 " to %" PRId64
           ", %.1f widths out",
           neuron->layer, neuron->neuron, range->table_low, range->table_high, range->reach_low, range->reach_high,
           neuron->excess);
    if (made->images > 0) {
        printf("; left by %" PRIu64 " of %zu images", range->left, made->images);
    }
    putchar('\n');
}

/* Of neurons with tables, where there are any. */
static void print_ranges(const plan *made) {
    if (made->circuit.neurons == 0) {
        return;
    }
    plan_neuron worst[MOST_UNPROVEN_SHOWN];
    size_t shown = plan_worst_neurons(made, worst, MOST_UNPROVEN_SHOWN);
    print_heading("range proof");
    print_title("  proven neurons");
    printf("%" PRIu64 " of %" PRIu64 "\n", made->circuit.neurons - made->circuit.unproven_neurons,
           made->circuit.neurons);
    if (shown == 0) {
        return;
    }
    printf("  worst of the others (beyond its ends a table goes on as it ended, for half its width):\n");
    for (size_t i = 0; i < shown; i++) {
        print_unproven(made, &worst[i]);
    }
}

/* ------------------------------------------------------------------------------------------- whole circuit -- */

static void print_bytes(const char *title, size_t bytes) {
    print_title(title);
    printf("%zu bytes\n", bytes);
}

static void print_mib(const char *title, size_t bytes) {
    print_title(title);
    printf("%.1f MiB\n", (double)bytes / BYTES_PER_MIB);
}

static void print_circuit(const plan *made) {
    const tnn_circuit_info *circuit = &made->circuit;
    print_heading("an image");
    if (circuit->bootstraps > 0 || is_exact(made)) {
        print_title("  any wrong lookup");
        fputs("at most ", stdout);
        print_probability(circuit->circuit_error_log2);
        putchar('\n');
    }
    print_title("  predicted time");
    printf("%.2f ms on one thread of the machine that calibrated the library; yours will differ\n",
           circuit->predicted_ms);
    print_bytes("  encrypted image", circuit->input_bytes);
    print_bytes("  encrypted result", circuit->output_bytes);
    print_heading("a client");
    print_bytes("  spec", circuit->spec_bytes);
    print_bytes("  secret key", circuit->secret_key_bytes);
    print_bytes("  evaluation key", circuit->eval_key_bytes);
    print_heading("the server's memory");
    print_mib("  one client's key", circuit->server_key_bytes);
    print_mib("  with all else", circuit->server_bytes);
}

/* -------------------------------------------------------------------------------------------------- images -- */

static void print_left(const plan *made, size_t index) {
    const plan_layer *layer = &made->layers[index];
    size_t neurons = 0, worst = 0;
    for (size_t j = 0; j < layer->info.neurons; j++) {
        neurons += layer->ranges[j].left > 0;
        worst = layer->ranges[j].left > layer->ranges[worst].left ? j : worst;
    }
    printf("  layer %-*zu %zu of %u ranges left by an image; most often neuron %zu's, by %" PRIu64 "\n",
           TITLE_WIDTH - 8, index, neurons, layer->info.neurons, worst, layer->ranges[worst].left);
}

static void print_images(const plan *made, const options *chosen) {
    const metrics_quality *quality = &made->simulated.quality;
    putchar('\n');
    escape_print(stdout, chosen->set);
    printf(", %s split: %zu images\n", chosen->split, made->images);
    for (size_t i = 0; i < made->circuit.layers; i++) {
        if (made->layers[i].ranges != NULL) {
            print_left(made, i);
        }
    }
    excursions_print(&made->outside, TITLE_WIDTH, "  ");
    print_title("  class changes");
    printf("%.2f %% of images, simulated %zu times each (%.0f images a second)\n", 100.0 * (1.0 - quality->agreement),
           made->simulated.runs, made->simulated.images_per_second);
    print_title("  accuracy");
    printf("%.4f clear, %.4f simulated\n", made->clear.accuracy, quality->accuracy);
    print_title("  AUC");
    printf("%.4f clear, %.4f simulated\n", made->clear.auc, quality->auc);
    print_title("  logit error (rms)");
    printf("%.4f simulated\n", quality->logit_rms_error);
}

/* What less or more agreement would cost. */
static void print_curve(const plan *made) {
    if (made->points == 0) {
        return;
    }
    print_heading(
        "agreement and cost (share of the images simulated, and what new ones would show with 95 % confidence)");
    printf("  %10s %10s %10s %12s %12s\n", "ms", "share", "at least", "positions", "logits");
    for (size_t i = 0; i < made->points; i++) {
        const tnn_agreement_point *point = &made->curve[i];
        printf("  %10.1f %8.2f %% %8.2f %% %12.4f %12.4f\n", point->predicted_ms, 100 * point->agreement,
               100 * point->agreement_low, point->position_noise, point->logit_noise);
    }
}

/* What most readers came for. */
static void print_summary(const plan *made) {
    const tnn_circuit_info *circuit = &made->circuit;
    print_heading("in short");
    print_title("  an image");
    printf("%.1f ms predicted on one thread, %" PRIu64 " bootstraps; %zu bytes to send, %zu to get\n",
           circuit->predicted_ms, circuit->bootstraps, circuit->input_bytes, circuit->output_bytes);
    print_title("  a client, once");
    if (circuit->bootstraps > 0) {
        printf("%.1f MB of evaluation key\n", 1e-6 * (double)circuit->eval_key_bytes);
    } else {
        printf("%zu bytes of evaluation key: nothing is bootstrapped\n", circuit->eval_key_bytes);
    }
    print_title("  same class");
    if (made->images > 0) {
        printf("%.2f %% of %zu images, simulated\n", 100.0 * made->simulated.quality.agreement, made->images);
    } else {
        fputs("as the clear net: measured by --set or --data\n", stdout);
    }
}

void plan_print(const plan *made, const options *chosen) {
    print_model(made, chosen);
    print_summary(made);
    print_curve(made);
    print_contract(made);
    print_parameters(made);
    print_layers(made);
    print_ranges(made);
    print_circuit(made);
    if (made->images > 0) {
        print_images(made, chosen);
    }
}
