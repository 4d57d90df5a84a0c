"""Nets of two layers of tables: a hidden one, whose tables are integers that the weights of the second one sum.

    logit_c = bias_c + sum_j f_jc(v_j . h),    h_i = round(PEAK g_i(w_i . (x - m)))

Letters in the shapes: S seeds, B images of a batch, I inputs, G hidden neurons, H neurons.
"""

import torch

from network import TableNets
from quantizer import straight_through

PEAK = 63  # of a hidden table's entries; they are as fine as an accumulator's cells, and cost nothing


class TwoTableLayers(TableNets):
    def __init__(self, hidden, shape, latent, tables, ranges):
        """hidden: TableNets of one output, whose tables reach from -1 to 1; the rest as TableNets, of the second layer,
        latent: [S, H, G]."""
        super().__init__(shape, latent, tables, torch.zeros(shape.inputs), ranges)
        self.hidden = hidden
        self.hidden.bias.requires_grad_(False)  # the second layer's ranges take it in

    def image_layer(self):
        return self.hidden.image_layer()

    def fill(self):
        return self.hidden.fill() + super().fill()

    def roughness(self):
        return self.hidden.roughness() + super().roughness()

    def input_noise(self, noise):
        """Of a rotation, as a share of the range: the range is half of the torus, or all of it."""
        return noise.rotation * (1 if self.shape.negacyclic else 2)

    def hidden_levels(self, levels, noise, normal):
        """[S, B, G] integers, and how far positions leave their ranges."""
        values, outside = self.hidden.read(levels, noise, normal)
        scaled = PEAK * values.squeeze(2).transpose(1, 2)
        return straight_through(scaled, scaled.detach().round().clamp(-PEAK, PEAK)), outside

    def forward(self, levels, noise, normal):
        """As TableNets.forward."""
        self.hidden.ranges_follow = self.ranges_follow
        values, outside = self.hidden_levels(levels, noise, normal)
        logits, beyond = super().forward(values, noise, normal)
        return logits, outside + beyond
