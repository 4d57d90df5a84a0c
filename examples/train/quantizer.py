"""Integer weights of a layer, several seeds side by side, and the bound of each neuron's l1 norm.

The l1 norm times the span of the inputs is the width of the accumulator. Accumulator-aware training keeps it inside a
chosen number of bits in two ways that go together: a penalty lets a neuron's quantization step grow, so that its
weights round to smaller integers, and pruning drops a neuron's smallest weights until the rest fit.

Letters in the shapes: S seeds, H neurons, I inputs.
"""

import torch

from errors import TrainerError

# Quantization step over the mean absolute latent weight: about the least-squares step for Gaussian weights.
STEP_OVER_MEAN = {2: 1.5, 3: 0.8, 4: 0.44}


def straight_through(latent, quantized):
    """Forward the quantized values, backward the identity."""
    return latent + (quantized - latent).detach()


def largest_l1(accumulator_bits, input_span):
    """The l1 norm with which an accumulator has at most 2^bits values; inputs reach over input_span steps."""
    bound = (2 ** accumulator_bits - 1) // input_span
    if bound < 1:
        raise TrainerError(f"accumulators of {accumulator_bits} bits have no room for inputs of {input_span + 1} "
                           "values")
    return bound


def kept_within(scaled, integers, allowed):
    """Mask [S, H, I] of each neuron's largest weights, as many as an l1 norm of `allowed` holds."""
    order = scaled.abs().argsort(dim=2, descending=True, stable=True)
    norms = integers.abs().gather(2, order).cumsum(dim=2)
    return torch.zeros_like(scaled).scatter_(2, order, (norms <= allowed).to(scaled.dtype))


# How fast steps follow the widths, a step of the optimizer; beyond the ends weights are clipped, or too coarse.
STRETCH_RATE, LEAST_STRETCH, MOST_STRETCH = 0.02, 0.7, 5.0

# Steps grow by this power of what the optimizer changes: a factor of ten must fit into few epochs.
GROWTH_POWER = 10


class IntegerWeights(torch.nn.Module):
    def __init__(self, latent, bits, l1_bound=None, shared_step=False):
        """latent: [S, H, I] real weights. l1_bound: of every neuron, or None. shared_step: one for all neurons of a
        layer whose accumulators are compared, the logits."""
        super().__init__()
        self.latent = torch.nn.Parameter(latent)
        self.limit = 2 ** (bits - 1) - 1
        self.step_over_mean = STEP_OVER_MEAN[bits]
        self.over = (1, 2) if shared_step else 2
        self.l1_bound = l1_bound
        self.growth = None if l1_bound is None else torch.nn.Parameter(torch.zeros_like(latent[:, :, :1]))
        self.mask = None  # [S, H, I] once pruning has begun
        self.stretch = torch.ones_like(latent[:, :, :1])  # of the steps: a wider accumulator takes smaller weights

    def scaled(self):
        """[S, H, I]: latent weights in quantization steps."""
        step = self.step_over_mean * self.latent.detach().abs().mean(dim=self.over, keepdim=True) * self.stretch
        return self.latent / step if self.growth is None else self.latent / (step * (GROWTH_POWER * self.growth).exp())

    def rounded(self, scaled):
        return scaled.detach().round().clamp(-self.limit, self.limit)

    def forward(self):
        """[S, H, I]: integers in -limit..limit. Pruned weights still receive their gradient and may return."""
        scaled = self.scaled()
        integers = self.rounded(scaled)
        kept = integers if self.mask is None else integers * self.mask
        return straight_through(scaled, kept)

    def prune(self, allowed):
        """Chooses anew which weights fit an l1 norm of `allowed`."""
        with torch.no_grad():
            scaled = self.scaled()
            self.mask = kept_within(scaled, self.rounded(scaled), allowed)

    def keep(self, count):
        """Chooses anew which inputs are read: those with the largest weights, the same for all neurons of the layer."""
        with torch.no_grad():
            strongest = self.latent.abs().sum(dim=1, keepdim=True).topk(count, dim=2).indices
            self.mask = torch.zeros_like(self.latent[:, :1]).scatter_(2, strongest, 1)

    def follow_width(self, widths, common):
        """Moves steps towards those with which accumulators as wide as `widths` [S, H] are as wide as `common` [S]."""
        ratio = (widths / common.unsqueeze(1)).clamp(min=1e-3).log().unsqueeze(2)
        self.stretch = (self.stretch * (STRETCH_RATE * ratio).exp()).clamp(LEAST_STRETCH, MOST_STRETCH)

    def excess(self):
        """[S]: mean share by which l1 norms exceed the bound."""
        norms = self.forward().abs().sum(dim=2)
        return (norms / self.l1_bound - 1).clamp(min=0).mean(dim=1)
