"""What a conversion did and what it costs, for people."""

from dataclasses import dataclass, field


@dataclass
class LayerReport:
    tensor: str
    neurons: int
    rule: str                 # of the ranges
    exact_weights: bool
    staircase: bool           # all its functions are
    largest_difference: float = float("nan")  # from the reference, in its numbers
    equal: float = float("nan")               # share of values less than half a step off


@dataclass
class Report:
    """What a conversion did and what it costs."""
    reference: str             # that it is compared with
    bootstraps: int
    predicted_ms: float
    images: int
    layers: list = field(default_factory=list)
    clear_agreement: float = float("nan")      # share of images with the reference's class
    simulated_agreement: float = float("nan")  # the same with the noise of the circuit that the contract leads to
    contract_agreement: float = float("nan")   # that the contract was compiled for: with 95 % confidence
    largest_logit_difference: float = float("nan")
    settings: object = None
    notes: list = field(default_factory=list)

    def lines(self):
        yield f"{self.bootstraps} bootstraps an image"
        yield from self.notes
        for layer in self.layers:
            weights = "weights as they are" if layer.exact_weights else f"weights of {self.settings.weight_bits} bits"
            values = "its own levels" if layer.staircase else f"{self.settings.levels} levels"
            yield (f"{layer.tensor}: {layer.neurons} neurons, {weights}, {values}, range: {layer.rule}; "
                   f"{layer.equal:.2%} of its values are the reference's, largest difference "
                   f"{layer.largest_difference:.3g}")
        yield (f"against {self.reference} on {self.images} images: same class {self.clear_agreement:.2%} in the clear, "
               f"{self.simulated_agreement:.2%} simulated; largest logit difference "
               f"{self.largest_logit_difference:.3g}")
        yield (f"contract: the cheapest circuit that keeps {self.contract_agreement:.1%} of the classes with 95 % "
               f"confidence, {self.predicted_ms:.0f} ms an image on one thread")

    def __str__(self):
        return "\n".join(self.lines())
