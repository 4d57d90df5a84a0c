"""Folds of cross-validation, which say of every image in which part it is left out.

Plain folds take images one by one, grouped folds keep near duplicates together, clusters leave out images of one look.
"""

import numpy as np

POOL = 2         # pixels along either side whose mean is compared
NEAR = 0.96      # correlation of pooled images from which on they are near duplicates
CLUSTERS = 5
CLUSTER_STEPS, CLUSTER_STARTS = 30, 10
KINDS = ("plain", "grouped", "clusters")


def pooled(images):
    """uint8 [N, h, w, channels] to means of squares, float [N, P]; an odd last row or column is left out."""
    count, height, width, channels = images.shape
    rows, columns = height // POOL, width // POOL
    even = images[:, :rows * POOL, :columns * POOL].astype(float)
    return even.reshape(count, rows, POOL, columns, POOL, channels).mean(axis=(2, 4)).reshape(count, -1)


def standardized(rows):
    """[N, P]: each row of mean 0 and length 1, so that products are correlations."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)


def near_duplicates(images):
    """[N]: group numbers; images with a chain of near duplicates between them are in one group."""
    rows = standardized(pooled(images))
    first, second = np.nonzero(rows @ rows.T > NEAR)
    groups, before = np.arange(len(images)), None
    while not np.array_equal(groups, before):
        before = groups.copy()
        np.minimum.at(groups, first, before[second])
    return np.unique(groups, return_inverse=True)[1]


def means_of(rows, generator):
    """One run of k-means from random rows: numbers [N], and the sum of squared distances."""
    centres = rows[generator.choice(len(rows), CLUSTERS, replace=False)]
    for _ in range(CLUSTER_STEPS):
        distances = (rows ** 2).sum(axis=1)[:, None] - 2 * rows @ centres.T + (centres ** 2).sum(axis=1)
        nearest = distances.argmin(axis=1)
        centres = np.stack([rows[nearest == number].mean(axis=0) if np.any(nearest == number) else centres[number]
                            for number in range(CLUSTERS)])
    return nearest, distances.min(axis=1).sum()


def clusters(images):
    """[N]: the best of some runs of k-means of standardized pooled images."""
    generator, rows = np.random.default_rng(0), standardized(pooled(images))
    return min((means_of(rows, generator) for _ in range(CLUSTER_STARTS)), key=lambda run: run[1])[0]


def balanced_folds(groups, labels, parts, generator):
    """[N]: fold of every image. Groups stay whole; the largest first, each goes where its classes are rarest."""
    counts = np.zeros((groups.max() + 1, labels.max() + 1))
    np.add.at(counts, (groups, labels), 1)
    shares = counts / counts.sum(axis=0)
    shuffled = generator.permutation(len(counts))
    order = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    filled, fold_of_group = np.zeros((parts, counts.shape[1])), np.zeros(len(counts), int)
    for group in order:
        fold = ((filled + shares[group]) ** 2 - filled ** 2).sum(axis=1).argmin()
        filled[fold] += shares[group]
        fold_of_group[group] = fold
    return fold_of_group[groups]


def make_folds(kind, images, labels, parts, repeat):
    """[N]: the folds of one repeat. Clusters are those of the images whatever the repeat."""
    if kind == "clusters":
        return clusters(images)
    groups = near_duplicates(images) if kind == "grouped" else np.arange(len(images))
    return balanced_folds(groups, labels, parts, np.random.default_rng(repeat))
