"""Ordinary quantized fully connected nets, several seeds trained side by side.

    accumulator = w . levels of the layer before        integer weights, integer levels
    level = activation(gain * (accumulator - mean) / deviation + shift)
    logit = scale * (w . levels of the last layer) + bias

Normalization and activation are functions of the accumulator alone, so export folds them into one table a neuron.

Letters in the shapes: S seeds, B images of a batch, I inputs, H neurons of a layer, C outputs.
"""

from dataclasses import dataclass
from typing import Optional

import torch

from quantizer import IntegerWeights, largest_l1, straight_through
from ranges import excess
from ring import reach_noise

ACTIVATIONS = ("relu", "clipped-relu", "sigmoid", "sign")

# Largest level of a ReLU, in deviations of its accumulator: about the least-squares choice for a Gaussian.
RELU_TOP = {1: 1.3, 2: 2.1, 3: 2.8, 4: 3.5}


@dataclass(frozen=True)
class Activation:
    """A quantized activation; levels are the integers that a table holds."""
    name: str
    bits: int

    @property
    def lowest(self):
        return -1 if self.name == "sign" else 0

    @property
    def highest(self):
        return 1 if self.name == "sign" else 2 ** self.bits - 1

    def smooth(self, values):
        """Normalized accumulators to levels before rounding; its slope is the gradient of levels()."""
        if self.name == "sign":
            return values.clamp(-1, 1)
        if self.name == "sigmoid":
            return self.highest * torch.sigmoid(2 * values)
        top = RELU_TOP[self.bits] / (2 if self.name == "clipped-relu" else 1)
        return (values * (self.highest / top)).clamp(0, self.highest)

    def levels(self, values):
        smooth = self.smooth(values)
        quantized = torch.where(smooth.detach() < 0, -1.0, 1.0) if self.name == "sign" else smooth.detach().round()
        return straight_through(smooth, quantized)


@dataclass(frozen=True)
class FcShape:
    inputs: int
    layers: tuple  # neurons of each hidden layer
    outputs: int
    input_levels: int
    activation: Activation
    weight_bits: int
    accumulator_bits: Optional[int] = None  # of the hidden layers

    def input_span(self, index):
        """Highest minus lowest input of a layer."""
        return self.input_levels - 1 if index == 0 else self.activation.highest - self.activation.lowest

    def l1_bound(self, index):
        return None if self.accumulator_bits is None else largest_l1(self.accumulator_bits, self.input_span(index))


class Normalization(torch.nn.Module):
    """Batch normalization of accumulators [S, B, H]."""
    MOMENTUM = 0.05  # share by which running statistics move at each step

    def __init__(self, seeds, neurons):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(seeds, 1, neurons))
        self.shift = torch.nn.Parameter(torch.zeros(seeds, 1, neurons))
        self.mean, self.variance = None, None  # [S, 1, H], set by the first batch

    def follow(self, accumulators):
        values = accumulators.detach()
        mean, variance = values.mean(dim=1, keepdim=True), values.var(dim=1, keepdim=True)
        if self.mean is None:
            self.mean, self.variance = mean, variance
        self.mean = torch.lerp(self.mean, mean, self.MOMENTUM)
        self.variance = torch.lerp(self.variance, variance, self.MOMENTUM)

    def normalized(self, values, mean, variance):
        return self.gain * (values - mean) / torch.sqrt(variance + 1e-3) + self.shift

    def forward(self, accumulators, noisy, follow):
        """accumulators: statistics are taken from them; noisy: what is normalized."""
        if not follow:
            return self.normalized(noisy, self.mean, self.variance)
        mean, variance = accumulators.mean(dim=1, keepdim=True), accumulators.var(dim=1, keepdim=True)
        return self.normalized(noisy, mean, variance)


class FcNets(torch.nn.Module):
    def __init__(self, shape, latents, mean_levels, ranges):
        """latents: [S, H, I] real weights of each layer, the logits' last; mean_levels: [I] of the images; ranges:
        SharedRanges of each hidden layer."""
        super().__init__()
        self.shape = shape
        self.mean_levels = mean_levels
        seeds = len(latents[0])
        self.layers = torch.nn.ModuleList(
            IntegerWeights(latent, shape.weight_bits, shape.l1_bound(index))
            for index, latent in enumerate(latents[:-1]))
        self.output = IntegerWeights(latents[-1], shape.weight_bits, shared_step=True)
        self.ranges = ranges
        self.norms = torch.nn.ModuleList(Normalization(seeds, width) for width in shape.layers)
        self.log_scale = torch.nn.Parameter(torch.full((seeds, 1, 1), self.first_log_scale()))
        self.bias = torch.nn.Parameter(torch.zeros(seeds, 1, shape.outputs))
        self.ranges_follow = True

    def image_layer(self):
        """As of TableNets."""
        return self.layers[0]

    def first_log_scale(self):
        """Logits of deviation about 1, for activations a quarter of the way up and weights half."""
        weight, level = 2 ** (self.shape.weight_bits - 2), self.shape.activation.highest
        return -float(torch.log(torch.tensor(weight * max(1.0, level / 4) * self.shape.layers[-1] ** 0.5)))

    def noise_std(self, index, weights, noise):
        """[S, 1, H], in accumulators. Pixels count in the first layer; position noise holds all there is in others."""
        pixel = noise.pixel / 32768 if index == 0 else 0.0
        share = torch.sqrt(noise.position ** 2 + (weights.detach().norm(dim=2) * pixel) ** 2)
        return (self.ranges[index].width.unsqueeze(1) * share).unsqueeze(1)

    def follow(self, index, accumulators):
        """Normalization and range of a layer follow a batch, and steps of the weights the range's width: all
        accumulators of a layer become as wide, so that all of their tables fill the torus."""
        layer, ranges = self.layers[index], self.ranges[index]
        self.norms[index].follow(accumulators)
        ranges.follow(accumulators, layer.stretch.squeeze(2))
        if layer.l1_bound is None:
            layer.follow_width(ranges.seen(), ranges.width)

    def fill(self):
        """As TableNets.fill."""
        return [ranges.fill(layer()) for ranges, layer in zip(self.ranges, self.layers)]

    def end_levels(self):
        """[S, 1, H] twice: the lowest and the highest level of the last layer's tables, before rounding."""
        ranges, norm, activation = self.ranges[-1], self.norms[-1], self.shape.activation
        low = ranges.low().unsqueeze(1)
        ends = [activation.smooth(norm.normalized(end, norm.mean, norm.variance))
                for end in (low, low + ranges.width.reshape(-1, 1, 1))]
        return torch.minimum(*ends), torch.maximum(*ends)

    def reach(self, weights):
        """[S, 1, C]: the largest absolute logit over all entries of the tables. The torus has room for it, so noise is
        a share of it, and logits gain on the noise where many neurons agree."""
        lowest, highest = self.end_levels()
        scale = self.log_scale.exp()
        centre = scale * torch.bmm((lowest + highest) / 2, weights.transpose(1, 2)) + self.bias
        return centre.abs() + scale * torch.bmm((highest - lowest) / 2, weights.abs().transpose(1, 2))

    def rotations(self, weights):
        """[S]: neurons that something reads; others are not bootstrapped. With several logits a table's own weights
        multiply its noise."""
        if self.shape.outputs == 1:
            return (weights.detach().round() != 0).float().sum(dim=(1, 2))
        return (weights.detach() ** 2).sum(dim=2).amax(dim=1)

    def logit_std(self, weights, noise):
        """[S, 1, 1]"""
        shared = [reach_noise(noise.rotation, rotations) for rotations in self.rotations(weights).tolist()]
        largest = self.reach(weights).amax(dim=2, keepdim=True)  # sets the amplitude of all
        return torch.sqrt(noise.logit ** 2 + (torch.tensor(shared).reshape(-1, 1, 1) * largest) ** 2 + 1e-12)

    def hidden(self, index, values, noise, normal):
        """values [S, B, I] to levels [S, B, H] and how far accumulators leave their ranges, [S]."""
        weights = self.layers[index]()
        accumulators = torch.bmm(values, weights.transpose(1, 2))
        if index == 0:  # the mean image counts nothing, as in network.py
            accumulators = accumulators - (weights @ self.mean_levels).unsqueeze(1)
        if self.ranges_follow:
            self.follow(index, accumulators)
        shifts = self.noise_std(index, weights, noise) * normal(*accumulators.shape[1:])
        normalized = self.norms[index](accumulators, accumulators + shifts, self.ranges_follow)
        return self.shape.activation.levels(normalized), excess(self.ranges[index].positions(accumulators))

    def forward(self, levels, noise, normal):
        """As TableNets.forward."""
        values, outside = levels, 0
        for index in range(len(self.layers)):
            values, beyond = self.hidden(index, values, noise, normal)
            outside = outside + beyond
        weights = self.output()
        logits = self.log_scale.exp() * torch.bmm(values, weights.transpose(1, 2)) + self.bias
        return logits + self.logit_std(weights, noise) * normal(*logits.shape[1:]), outside
