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
from ranges import excess
from ring import reach_noise


@dataclass(frozen=True)
class Shape:
    inputs: int
    neurons: int
    outputs: int
    knots: int
    weight_bits: int
    flat: float  # share of the range, at each end, in which a table is constant
    l1_bound: Optional[int] = None  # of each neuron's weights
    negacyclic: bool = False        # tables over the whole torus, whose second half is the negative of the first


@dataclass(frozen=True)
class Noise:
    """What encryption adds, in the units of each place. explain prints n, k, N and the levels of a circuit."""
    position: float  # of a table's range: the modulus switch before it, sqrt(n / 48) of N positions, or of 2N where
                     # tables take the whole torus
    pixel: float     # of an encrypted pixel, in 2^-16 of the torus: 4.0 at n = 672
    logit: float     # of the real logit, beside what encryption adds
    rotation: float = 0.0  # of the torus, added by each table that a logit sums: 2^-9.8 with one gadget level


# k 3, N 512 and one gadget level, the cheapest ring.
CHEAPEST_RING = Noise(position=0.0073, pixel=4.0, logit=0.0, rotation=0.00112)
CHEAPEST_WHOLE_TORUS = Noise(position=0.00365, pixel=4.0, logit=0.0, rotation=0.00112)


class TableNets(torch.nn.Module):
    def __init__(self, shape, latent, tables, mean_levels, ranges):
        """latent: [S, H, I] real weights; tables: [S, H, C, K] knots; mean_levels: [I]; ranges: SharedRanges."""
        super().__init__()
        self.shape = shape
        self.mean_levels = mean_levels
        self.layers = torch.nn.ModuleList([IntegerWeights(latent, shape.weight_bits, shape.l1_bound)])
        self.tables = torch.nn.Parameter(tables)
        self.bias = torch.nn.Parameter(torch.zeros(len(latent), shape.outputs))
        self.ranges = ranges
        self.ranges_follow = True

    def weights(self):
        return self.layers[0]()

    def image_layer(self):
        """The weights that read the images."""
        return self.layers[0]

    def fill(self):
        """Of each table layer, see SharedRanges.fill."""
        return [self.ranges.fill(self.weights())]

    def integer_ranges(self, index):
        """[H, 2]: one seed's ranges of accumulators of uncentred levels."""
        offsets = self.weights()[index].detach().double() @ self.mean_levels.double()
        return self.ranges.integers(index, offsets)

    def position_noise_std(self, weights, noise):
        """[S, H], as a share of each range. All ranges fill the torus."""
        from_inputs = weights.detach().norm(dim=2) * self.input_noise(noise)
        return torch.sqrt(from_inputs ** 2 + noise.position ** 2)

    def input_noise(self, noise):
        """Of a pixel, as a share of the range."""
        return noise.pixel / (65536 if self.shape.negacyclic else 32768)

    def knots(self):
        """[S, H, C, K]: tables; a negacyclic one ends at its mean, 0, where its negative begins."""
        if not self.shape.negacyclic:
            return self.tables
        return torch.nn.functional.pad(self.tables[..., 1:-1], (1, 1))

    def interpolate(self, places):
        """places: [S, H, B] in 0..K-1; returns [S, H, C, B]."""
        left = places.detach().floor().clamp(0, self.shape.knots - 2)
        fraction = (places - left).unsqueeze(2)
        index = left.long().unsqueeze(2).expand(-1, -1, self.shape.outputs, -1)
        knots = self.knots()
        left_knot = knots.gather(3, index)
        right_knot = knots.gather(3, index + 1)
        return left_knot + fraction * (right_knot - left_knot)

    def look_up(self, positions):
        """positions: [S, B, H]; returns [S, H, C, B], as encryption reads tables. One on half of the torus reads
        outside 0..1 its negacyclic copy f(0) + f(1) - f(position -+ 1), which the flat ends make continuous."""
        if self.shape.negacyclic:
            return self.look_up_whole(positions)
        turned = positions.transpose(1, 2).remainder(2)
        mirrored = turned >= 1
        inner = (turned - mirrored.float() - self.shape.flat) / (1 - 2 * self.shape.flat)
        values = self.interpolate(inner.clamp(0, 1) * (self.shape.knots - 1))
        ends = (self.tables[..., :1] + self.tables[..., -1:])
        return torch.where(mirrored.unsqueeze(2), ends - values, values)

    def look_up_whole(self, positions):
        """As look_up: 0..1/2 is a table's first half and 1/2..1 its negative; the torus ends nowhere."""
        turned = 2 * positions.transpose(1, 2).remainder(1)
        second = turned >= 1
        values = self.interpolate((turned - second.float()).clamp(0, 1) * (self.shape.knots - 1))
        return torch.where(second.unsqueeze(2), -values, values)

    def reach(self):
        """[S, C]: the largest absolute logit over all entries of the tables."""
        knots = self.knots()
        least, most = knots.amin(dim=3), knots.amax(dim=3)
        if self.shape.negacyclic:
            most = torch.maximum(most, -least)
            least = -most
        return torch.maximum(most.sum(dim=1) + self.bias, -least.sum(dim=1) - self.bias)

    def logit_std(self, noise):
        """[S, 1, 1]. The logits of `members` nets are averaged: so many rotations add to each net's share."""
        shared = reach_noise(noise.rotation, self.shape.neurons * self.ranges.members)
        largest = self.reach().amax(dim=1, keepdim=True)  # sets the amplitude of all
        return torch.sqrt(noise.logit ** 2 + (shared * largest) ** 2 + 1e-12).unsqueeze(1)

    def read(self, levels, noise, normal):
        """levels: [S, B, I]; normal(B, n): standard normal draws [S, B, n].
        Returns what tables say, [S, H, C, B], and how far positions leave their ranges, [S]."""
        weights = self.weights()
        middles = (weights @ self.mean_levels).unsqueeze(1)
        accumulators = torch.bmm(levels, weights.transpose(1, 2)) - middles
        if self.ranges_follow:
            self.ranges.follow(accumulators)
        positions = self.ranges.positions(accumulators)
        std = self.position_noise_std(weights, noise).unsqueeze(1)
        return self.look_up(positions + std * normal(*positions.shape[1:])), excess(positions)

    def forward(self, levels, noise, normal):
        """As read; returns logits [S, B, C] and how far positions leave their ranges, [S]."""
        values, outside = self.read(levels, noise, normal)
        logits = values.sum(dim=1).transpose(1, 2) + self.bias.unsqueeze(1)
        return logits + self.logit_std(noise) * normal(*logits.shape[1:]), outside

    def roughness(self):
        """[S]: the integral of f''^2 over a unit range, summed over the tables."""
        knots, steps = self.knots(), self.shape.knots - 1
        if self.shape.negacyclic:  # goes on as its negative
            knots = torch.cat([knots, -knots[..., 1:2]], dim=3)
        second = knots[..., 2:] - 2 * knots[..., 1:-1] + knots[..., :-2]
        return (second ** 2).sum(dim=(1, 2, 3)) * steps ** 3
