"""Nets whose every table lookup is exact under encryption, several seeds trained side by side.

    logit_c = bias_c + sum_j f_jc(w_j . x)

Every neuron has K weights of +-1 and no others, so its accumulator w_j . x reaches K * (levels - 1) + 1 values whatever
the image: few enough that a table has one cell for each and noise cannot move a lookup to the next. A cell holds one
of ACTIVATIONS integers.

Letters in the shapes: S seeds, B images of a batch, I inputs, H neurons, C outputs, W cells of a table.
"""

from dataclasses import dataclass

import torch

from quantizer import straight_through

ACTIVATIONS = 16  # values of a table entry: four bits
MIDDLE = (ACTIVATIONS - 1) / 2


@dataclass(frozen=True)
class ExactShape:
    inputs: int
    neurons: int
    outputs: int
    levels: int
    fan_in: int  # nonzero weights of a neuron
    step: float  # of the logit, between neighbouring activations

    @property
    def cells(self):
        return self.fan_in * (self.levels - 1) + 1


class ExactNets(torch.nn.Module):
    # Cells to either side over which the slope of a table is taken for the gradient of its accumulator.
    SLOPE_REACH = 2

    def __init__(self, shape, latent, tables, mean_levels):
        """latent: [S, H, I] real weights; tables: [S, H, C, W] real entries, 0 in the middle; mean_levels: [I]."""
        super().__init__()
        self.shape = shape
        self.mean_levels = mean_levels
        self.latent = torch.nn.Parameter(latent)
        self.tables = torch.nn.Parameter(tables)
        self.bias = torch.nn.Parameter(torch.zeros(len(latent), shape.outputs))
        self.kept = shape.fan_in  # weights a neuron has now; training starts with more

    def weights(self):
        """Ternary: the signs of each neuron's largest latent weights. The others still receive their gradient, so that
        one of them can take the place of a kept one."""
        magnitudes = self.latent.detach().abs()
        chosen = magnitudes.topk(self.kept, dim=2).indices
        mask = torch.zeros_like(magnitudes).scatter_(2, chosen, 1)
        return straight_through(self.latent, self.latent.detach().sign() * mask)

    def activations(self):
        """[S, H, C, W]: integers 0..ACTIVATIONS-1."""
        scaled = self.tables / self.shape.step + MIDDLE
        return straight_through(scaled, scaled.detach().round().clamp(0, ACTIVATIONS - 1))

    def lows(self, weights):
        """[S, H]: the lowest accumulator that the weights can reach."""
        return (self.shape.levels - 1) * weights.detach().clamp(max=0).sum(dim=2)

    def places(self, levels):
        """levels [S, B, I] to cells [S, H, B], real numbers while more weights are kept than the net will have: their
        accumulators are squeezed into its cells. The mean image counts forward only: with it in the gradient every
        neuron would become a brightness meter."""
        weights = self.weights()
        centred = torch.bmm(weights, (levels - self.mean_levels).transpose(1, 2))
        offsets = weights.detach() @ self.mean_levels - self.lows(weights)
        return (centred + offsets.unsqueeze(2)) * (self.shape.fan_in / self.kept)

    def slopes(self):
        """[S, H, C, W]: of the real tables, in logits a cell."""
        cells = torch.arange(self.shape.cells)
        right = (cells + self.SLOPE_REACH).clamp(max=self.shape.cells - 1)
        left = (cells - self.SLOPE_REACH).clamp(min=0)
        tables = self.tables.detach()
        return (tables[..., right] - tables[..., left]) / (right - left)

    def look_up(self, places):
        """places [S, H, B] to values [S, H, C, B]: entries of the nearest cells, with the slopes as gradient."""
        nearest = places.detach().round().clamp(0, self.shape.cells - 1)
        index = nearest.long().unsqueeze(2).expand(-1, -1, self.shape.outputs, -1)
        entries = (self.activations() - MIDDLE) * self.shape.step
        moved = (places - places.detach()).unsqueeze(2)
        return entries.gather(3, index) + self.slopes().gather(3, index) * moved

    def fill(self):
        """As TableNets.fill: ranges are what the weights reach, nothing is followed."""
        return []

    def forward(self, levels, _noise, _normal):
        """As TableNets.forward; lookups are exact and leave no range."""
        values = self.look_up(self.places(levels))
        return values.sum(dim=1).transpose(1, 2) + self.bias.unsqueeze(1), torch.zeros(len(levels))

    def roughness(self):
        """[S]: the sum of squared second differences, over all tables."""
        second = self.tables[..., 2:] - 2 * self.tables[..., 1:-1] + self.tables[..., :-2]
        return (second ** 2).sum(dim=(1, 2, 3))
