"""What any net has to beat: the most frequent class, and logistic regression on the same integer pixels."""

import numpy as np
import torch

import measure

DECAYS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # times the squared weights; validation picks one
STEPS = 200


def fit(levels, labels, classes, weights, decay):
    """Weights and biases [classes, inputs + 1] of least cross-entropy. levels: float [count, inputs] of deviation 1."""
    rows = torch.cat([levels, torch.ones(len(levels), 1)], dim=1)
    parameters = torch.zeros(classes, rows.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        losses = torch.nn.functional.cross_entropy(rows @ parameters.T, labels, reduction="none")
        loss = (losses * weights[labels]).mean() + decay * (parameters[:, :-1] ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return parameters.detach()


class LogisticRegression:
    def __init__(self, train, validation, classes, weights):
        """train, validation: pairs of levels [count, inputs] and labels [count]."""
        levels = train[0].astype(np.float32)
        self.mean, self.deviation = levels.mean(axis=0), levels.std() + 1e-6
        scaled, labels = torch.from_numpy(self.scaled(levels)), torch.from_numpy(train[1])
        self.candidates = [fit(scaled, labels, classes, torch.from_numpy(weights).float(), decay) for decay in DECAYS]
        losses = [measure.cross_entropy(self.logits(validation[0], candidate), validation[1], weights)
                  for candidate in self.candidates]
        self.parameters = self.candidates[int(np.argmin(losses))]

    def scaled(self, levels):
        return ((levels - self.mean) / self.deviation).astype(np.float32)

    def logits(self, levels, parameters=None):
        chosen = (self.parameters if parameters is None else parameters).double().numpy()
        return self.scaled(levels) @ chosen[:, :-1].T + chosen[:, -1]

    def describe(self, levels, labels):
        logits = self.logits(levels)
        return {"accuracy": measure.accuracy(logits, labels), "auc": measure.auc(logits, labels)}


def describe_majority(train_labels, labels):
    return {"accuracy": float(np.mean(labels == np.bincount(train_labels).argmax())), "auc": 0.5}
