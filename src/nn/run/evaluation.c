#include "evaluation.h"

#include <stdatomic.h>

#include "memory.h"
#include "pool.h"

/* What one thread writes. */
typedef struct thread_scratch {
    tnn_workspace *workspace;
    uint32_t *small;              /* [batch][n + 1] */
    uint32_t *sum;                /* [k N + 1] a neuron's weighted sum on its way to the key switch */
    const uint32_t **tests;       /* [batch] their test polynomials, */
    const tnn_step_table **steps; /* [batch] or their tables, of several a neuron */
} thread_scratch;

struct tnn_evaluation {
    const tnn_circuit *circuit;
    const tnn_server_key *server;
    tnn_pool *pool;
    size_t max_images;
    size_t batch;              /* bootstraps that one thread does together at most */
    thread_scratch *scratch;   /* [threads] */
    tnn_packed_masks **pixels; /* [max_images] */
    uint32_t *values[2];       /* [max_images][widest][k N + 1]: outputs of the last table layer and of this one */

    /* The run in progress. */
    size_t images;
    const tnn_layer_circuit *layer;
    bool first_layer;       /* its inputs are pixels */
    const uint32_t *inputs; /* [images][layer inputs][k N + 1], unused by the first layer */
    uint32_t *outputs;      /* [images][layer outputs][k N + 1] */
    size_t tasks;           /* the layer's neurons, over all images, in about equal parts of at most `batch` */
    tnn_evaluation_monitor monitor;
    atomic_uint_fast64_t done; /* bootstraps */
    uint64_t reported;         /* what progress was last told of them */
    uint64_t total;
    atomic_int status; /* the first that is not TNN_OK; tasks that see one do nothing */
};

static size_t big_words(const tnn_evaluation *e) {
    return tnn_params_big_dimension(&e->circuit->spec.params) + 1;
}

/* Words of a logit. */
static size_t logit_words(const tnn_evaluation *e) {
    return tnn_params_output_dimension(&e->circuit->spec.params) + 1;
}

static size_t layer_outputs(const tnn_layer_circuit *layer) {
    return (size_t)layer->neurons * (layer->tables_per_neuron ? layer->tables_per_neuron : 1);
}

static size_t widest_values(const tnn_circuit *circuit) {
    size_t widest = 1;
    for (uint32_t i = 0; i + 1 < circuit->layer_count; i++) {
        size_t outputs = layer_outputs(&circuit->layers[i]);
        widest = outputs > widest ? outputs : widest;
    }
    return widest;
}

/* Lists of values that are alive together between layers: what one reads and what it writes. */
static size_t value_buffers(const tnn_circuit *circuit) {
    return circuit->layer_count > 2 ? 2 : circuit->layer_count - 1;
}

/* For lookups: a single layer has none. */
static tnn_status allocate_scratch(tnn_evaluation *e) {
    const tnn_params *params = &e->circuit->spec.params;
    for (unsigned i = 0; tnn_params_bootstrap(params) && i < tnn_pool_threads(e->pool); i++) {
        thread_scratch *scratch = &e->scratch[i];
        tnn_status status = tnn_workspace_create(&scratch->workspace, params, e->batch);
        if (status != TNN_OK) {
            return status;
        }
        scratch->small = tnn_alloc(e->batch, (params->literal.n + 1) * sizeof *scratch->small);
        scratch->sum = tnn_alloc(big_words(e), sizeof *scratch->sum);
        scratch->tests = tnn_alloc(e->batch, sizeof(const uint32_t *));
        scratch->steps = tnn_alloc(e->batch, sizeof(const tnn_step_table *));
        if (!scratch->small || !scratch->sum || !scratch->tests || !scratch->steps) {
            return TNN_ERR_MEMORY;
        }
    }
    return TNN_OK;
}

static tnn_status allocate_images(tnn_evaluation *e) {
    const size_t pixel_count = e->circuit->layers[0].inputs;
    for (size_t i = 0; i < e->max_images; i++) {
        tnn_status status = tnn_packed_masks_create(&e->pixels[i], &e->circuit->spec.params, pixel_count);
        if (status != TNN_OK) {
            return status;
        }
    }
    const size_t words = e->max_images * widest_values(e->circuit);
    for (size_t i = 0; i < value_buffers(e->circuit); i++) {
        e->values[i] = tnn_alloc(words, big_words(e) * sizeof(uint32_t));
        if (!e->values[i]) {
            return TNN_ERR_MEMORY;
        }
    }
    return TNN_OK;
}

static tnn_status allocate_all(tnn_evaluation *e, unsigned threads) {
    tnn_status status = tnn_pool_create(&e->pool, threads);
    if (status != TNN_OK) {
        return status;
    }
    e->scratch = tnn_alloc(threads, sizeof *e->scratch);
    e->pixels = tnn_alloc(e->max_images, sizeof(tnn_packed_masks *));
    status = e->scratch && e->pixels ? allocate_scratch(e) : TNN_ERR_MEMORY;
    return status == TNN_OK ? allocate_images(e) : status;
}

tnn_status tnn_evaluation_create(tnn_evaluation **out, const tnn_circuit *circuit, const tnn_server_key *server,
                                 unsigned threads, size_t max_images) {
    *out = NULL;
    tnn_evaluation *e = tnn_alloc(1, sizeof *e);
    if (!e) {
        return TNN_ERR_MEMORY;
    }
    e->circuit = circuit;
    e->server = server;
    e->max_images = max_images;
    e->batch = tnn_params_batch(&circuit->spec.params);
    tnn_status status = allocate_all(e, threads);
    if (status != TNN_OK) {
        tnn_evaluation_free(e);
        return status;
    }
    *out = e;
    return TNN_OK;
}

void tnn_evaluation_free(tnn_evaluation *e) {
    if (!e) {
        return;
    }
    for (unsigned i = 0; e->scratch && i < tnn_pool_threads(e->pool); i++) {
        tnn_workspace_free(e->scratch[i].workspace);
        tnn_free(e->scratch[i].small);
        tnn_free(e->scratch[i].sum);
        tnn_free(e->scratch[i].tests);
        tnn_free(e->scratch[i].steps);
    }
    for (size_t i = 0; e->pixels && i < e->max_images; i++) {
        tnn_packed_masks_free(e->pixels[i]);
    }
    tnn_pool_free(e->pool);
    tnn_free(e->scratch);
    tnn_free(e->pixels);
    tnn_free(e->values[0]);
    tnn_free(e->values[1]);
    tnn_free(e);
}

static void fail(tnn_evaluation *e, tnn_status status) {
    int none = TNN_OK;
    atomic_compare_exchange_strong(&e->status, &none, (int)status);
}

/* The phase of one neuron for one image: small LWE [n + 1]. */
static void weigh(tnn_evaluation *e, thread_scratch *scratch, uint32_t *small, size_t image, size_t neuron) {
    const tnn_layer_circuit *layer = e->layer;
    const int16_t *weights = layer->weights + neuron * layer->inputs;
    if (e->first_layer) {
        tnn_packed_dot(e->pixels[image], small, weights);
    } else {
        const uint32_t *inputs = e->inputs + image * layer->inputs * big_words(e);
        tnn_lwe_dot(&e->circuit->spec.params, scratch->sum, inputs, weights, layer->inputs);
        tnn_status status = tnn_key_switch(e->server, small, scratch->sum);
        if (status != TNN_OK) {
            fail(e, status);
        }
    }
    small[e->circuit->spec.params.literal.n] += layer->offsets[neuron];
}

/* Tables of lookups `first` to `first + count - 1` of the layer, numbered image by image. */
static void look_up(tnn_evaluation *e, thread_scratch *scratch, size_t first, size_t count) {
    const tnn_layer_circuit *layer = e->layer;
    const uint32_t N = tnn_params_positions(&e->circuit->spec.params);
    uint32_t *outputs = e->outputs + first * layer->tables_per_neuron * big_words(e);
    if (layer->tables_per_neuron == 1) {
        for (size_t i = 0; i < count; i++) {
            scratch->tests[i] = layer->tests + (first + i) % layer->neurons * N;
        }
        tnn_bootstrap(e->server, scratch->workspace, outputs, scratch->small, scratch->tests, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        scratch->steps[i] = layer->steps + (first + i) % layer->neurons * layer->tables_per_neuron;
    }
    tnn_bootstrap_many(e->server, scratch->workspace, outputs, scratch->small, scratch->steps, layer->tables_per_neuron,
                       layer->output_unit / 2, count);
}

/* On the calling thread only. Says nothing where nothing has happened since it last spoke. */
static void report(tnn_evaluation *e) {
    uint64_t done = atomic_load(&e->done);
    if (!e->monitor.progress || done == e->reported) {
        return;
    }
    e->reported = done;
    if (!e->monitor.progress(e->monitor.user, done, e->total)) {
        fail(e, TNN_ERR_CANCELLED);
    }
}

static void run_task(void *context, unsigned worker, size_t task) {
    tnn_evaluation *e = context;
    thread_scratch *scratch = &e->scratch[worker];
    const size_t small_words = (size_t)e->circuit->spec.params.literal.n + 1;
    const size_t lookups = e->images * e->layer->neurons;
    const size_t first = lookups * task / e->tasks;
    const size_t end = lookups * (task + 1) / e->tasks;
    if (atomic_load(&e->status) != TNN_OK) {
        return;
    }
    for (size_t i = first; i < end; i++) {
        weigh(e, scratch, scratch->small + (i - first) * small_words, i / e->layer->neurons, i % e->layer->neurons);
    }
    look_up(e, scratch, first, end - first);
    atomic_fetch_add(&e->done, end - first);
    if (worker == 0) {
        report(e);
    }
}

/* Equal parts, none above the batch, and as many for each thread; fewer where there are fewer lookups. */
static size_t task_count(const tnn_evaluation *e) {
    const size_t threads = tnn_pool_threads(e->pool);
    const size_t lookups = e->images * e->layer->neurons;
    const size_t rounds = (lookups + e->batch * threads - 1) / (e->batch * threads);
    return lookups < rounds * threads ? lookups : rounds * threads;
}

static void run_table_layers(tnn_evaluation *e) {
    e->inputs = NULL;
    for (uint32_t i = 0; i + 1 < e->circuit->layer_count && atomic_load(&e->status) == TNN_OK; i++) {
        e->layer = &e->circuit->layers[i];
        e->first_layer = i == 0;
        e->outputs = e->values[i % 2];
        e->tasks = task_count(e);
        tnn_pool_run(e->pool, run_task, e, e->tasks);
        report(e);
        e->inputs = e->outputs;
    }
}

static void sum_logit(void *context, unsigned worker, size_t index) {
    (void)worker;
    tnn_evaluation *e = context;
    const tnn_layer_circuit *layer = e->layer;
    const size_t image = index / layer->neurons;
    const size_t neuron = index % layer->neurons;
    const size_t words = logit_words(e);
    const int16_t *weights = layer->weights + neuron * layer->inputs;
    uint32_t *logit = e->outputs + index * words;
    if (e->first_layer) {
        tnn_packed_dot(e->pixels[image], logit, weights);
    } else {
        const uint32_t *inputs = e->inputs + image * layer->inputs * words;
        tnn_lwe_dot(&e->circuit->spec.params, logit, inputs, weights, layer->inputs);
    }
    logit[words - 1] += layer->offsets[neuron];
}

static void run_logits(tnn_evaluation *e, uint32_t *logits) {
    e->layer = &e->circuit->layers[e->circuit->layer_count - 1];
    e->first_layer = e->circuit->layer_count == 1;
    e->outputs = logits;
    tnn_pool_run(e->pool, sum_logit, e, e->images * e->layer->neurons);
}

static tnn_status expand_images(tnn_evaluation *e, const tnn_packed *const *images, size_t count) {
    for (size_t i = 0; i < count; i++) {
        tnn_status status = tnn_packed_expand(e->pixels[i], images[i]);
        if (status != TNN_OK) {
            return status;
        }
    }
    return TNN_OK;
}

tnn_status tnn_evaluation_run(tnn_evaluation *e, uint32_t *logits, const tnn_packed *const *images, size_t count,
                              tnn_evaluation_monitor monitor) {
    if (count == 0 || count > e->max_images) {
        return TNN_ERR_MISUSE;
    }
    tnn_status status = expand_images(e, images, count);
    if (status != TNN_OK) {
        return status;
    }
    e->images = count;
    e->monitor = monitor;
    e->total = count * e->circuit->bootstraps;
    e->reported = 0;
    atomic_store(&e->done, 0);
    atomic_store(&e->status, TNN_OK);
    run_table_layers(e);
    status = (tnn_status)atomic_load(&e->status);
    if (status == TNN_OK) {
        run_logits(e, logits);
    }
    return status;
}

size_t tnn_evaluation_bytes(const tnn_circuit *circuit, unsigned threads, size_t max_images) {
    const tnn_params *params = &circuit->spec.params;
    const size_t big = tnn_params_big_dimension(params) + 1;
    const size_t batch = tnn_params_batch(params);
    const size_t lookups = tnn_params_workspace_bytes(params, batch) +
                           (batch * (params->literal.n + 1) + big) * sizeof(uint32_t) + 2 * batch * sizeof(void *);
    const size_t a_thread = tnn_params_bootstrap(params) ? lookups : 0;
    const size_t an_image = tnn_params_packed_masks_bytes(params, circuit->layers[0].inputs) +
                            value_buffers(circuit) * widest_values(circuit) * big * sizeof(uint32_t);
    return threads * a_thread + max_images * an_image;
}
