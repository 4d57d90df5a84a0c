"""Nets of learned tables, several seeds trained side by side.

    logit_c = bias_c + sum_j f_jc(w_j . (x - m))

The mean training image m is only a means of training: without it every gradient points along the mean image first
and the neurons become brightness meters. Export shifts the tables' ranges by w_j . m and m is gone.

Letters in the shapes: S seeds, B images of a batch, I inputs, H neurons, C outputs, K knots of a table.
A table is linear between its knots; a set of two classes has C = 1.
"""

from dataclasses import dataclass
from typing import Optional

import torch

from quantizer import IntegerWeights


@dataclass(frozen=True)
class Shape:
    inputs: int
    neurons: int
    outputs: int
    knots: int
    weight_bits: int
    flat: float  # share of the range, at each end, in which a table is constant
    l1_bound: Optional[int] = None  # of each neuron's weights
    step_in_gradient: bool = True   # see IntegerWeights


@dataclass(frozen=True)
class Noise:
    """What encryption adds, in the units of each place."""
    position: float  # of a table's range: the modulus switch before the table
    pixel: float     # of the widest range / 32768, for each input: the fresh ciphertext
    logit: float     # of the real logit: the table's output
    reach: float = 0.0  # of the largest logit that the weights can reach: what few gadget levels add (fcnn only)


class TableNets(torch.nn.Module):
    # Share of its width that a range gives back at each step, so that it can follow shrinking accumulators.
    RANGE_DECAY = 0.005

    def __init__(self, shape, latent, tables, mean_levels):
        """latent: [S, H, I] real weights; tables: [S, H, C, K] knots; mean_levels: [I]."""
        super().__init__()
        seeds = len(latent)
        self.shape = shape
        self.mean_levels = mean_levels
        self.layers = torch.nn.ModuleList([IntegerWeights(latent, shape.weight_bits, shape.l1_bound,
                                                          step_in_gradient=shape.step_in_gradient)])
        self.tables = torch.nn.Parameter(tables)
        self.bias = torch.nn.Parameter(torch.zeros(seeds, shape.outputs))
        self.low = torch.zeros(seeds, shape.neurons)
        self.high = torch.zeros(seeds, shape.neurons)
        self.ranges_follow = True

    def weights(self):
        return self.layers[0]()

    def follow_ranges(self, accumulators):
        """Ranges grow at once to hold the batch [S, B, H] and shrink slowly."""
        values = accumulators.detach()
        slack = self.RANGE_DECAY * (self.high - self.low)
        self.low = torch.minimum(self.low + slack, values.amin(dim=1))
        self.high = torch.maximum(self.high - slack, values.amax(dim=1))

    def ranges(self):
        """[S, H, 2]: lowest and highest accumulator of uncentred levels."""
        offset = self.weights().detach() @ self.mean_levels
        return torch.stack([(self.low + offset).floor(), (self.high + offset).ceil()], dim=2)

    def positions(self, accumulators):
        """Accumulators [S, B, H] as shares of their range: 0 at low, 1 at high."""
        low, width = self.low.unsqueeze(1), (self.high - self.low).unsqueeze(1)
        return (accumulators - low) / width

    def position_noise_std(self, weights, noise):
        """[S, H], as a share of each range. The widest range of the layer sets the amplitude of the encrypted pixels,
        so a narrow neuron sees their noise magnified."""
        width = self.high - self.low
        pixel = noise.pixel / 32768 * width.amax(dim=1, keepdim=True)
        from_pixels = weights.detach().norm(dim=2) * pixel / width
        return torch.sqrt(from_pixels ** 2 + noise.position ** 2)

    def interpolate(self, places):
        """places: [S, H, B] in 0..K-1; returns [S, H, C, B]."""
        left = places.detach().floor().clamp(0, self.shape.knots - 2)
        fraction = (places - left).unsqueeze(2)
        index = left.long().unsqueeze(2).expand(-1, -1, self.shape.outputs, -1)
        left_knot = self.tables.gather(3, index)
        right_knot = self.tables.gather(3, index + 1)
        return left_knot + fraction * (right_knot - left_knot)

    def look_up(self, positions):
        """positions: [S, B, H]; returns [S, H, C, B]. Outside 0..1 a table reads as under encryption: past either end
        comes its negacyclic copy f(0) + f(1) - f(position -+ 1), which the flat ends make continuous."""
        turned = positions.transpose(1, 2).remainder(2)
        mirrored = turned >= 1
        inner = (turned - mirrored.float() - self.shape.flat) / (1 - 2 * self.shape.flat)
        values = self.interpolate(inner.clamp(0, 1) * (self.shape.knots - 1))
        ends = (self.tables[..., :1] + self.tables[..., -1:])
        return torch.where(mirrored.unsqueeze(2), ends - values, values)

    def forward(self, levels, noise, normal):
        """levels: [S, B, I]; normal(B, n): standard normal draws [S, B, n].
        Returns logits [S, B, C] and how far positions leave their ranges, [S]."""
        weights = self.weights()
        accumulators = torch.bmm(levels - self.mean_levels, weights.transpose(1, 2))
        if self.ranges_follow:
            self.follow_ranges(accumulators)
        positions = self.positions(accumulators)
        std = self.position_noise_std(weights, noise).unsqueeze(1)
        count = levels.shape[1]
        values = self.look_up(positions + std * normal(count, self.shape.neurons))
        logits = values.sum(dim=1).transpose(1, 2) + self.bias.unsqueeze(1)
        return logits + noise.logit * normal(count, self.shape.outputs), excess(positions)

    def roughness(self):
        """[S]: the integral of f''^2 over a unit range, summed over the tables."""
        steps = self.shape.knots - 1
        second = self.tables[..., 2:] - 2 * self.tables[..., 1:-1] + self.tables[..., :-2]
        return (second ** 2).sum(dim=(1, 2, 3)) * steps ** 3


def excess(positions):
    """[S]: mean squared distance by which positions [S, B, H] leave 0..1."""
    outside = (positions - positions.clamp(0, 1)) ** 2
    return outside.mean(dim=(1, 2))
