"""The precision that a converted model states: that of the cheapest circuit which keeps enough classes of the
calibration
images."""

from ..errors import TorusnnError
from ..model import Model as Compiled
from ..train.model_file import Contract, model_bytes

AGREEMENT = 0.985
SLACK = 1.001             # so that rounding does not refuse the circuit that was found
TARGETS = (0.995, 0.985, 0.97, 0.95, 0.9)
MOST_IMAGES = 1000


def loaded(model):
    return Compiled.from_bytes(model_bytes(model))


def compiled_for(model, images, agreement):
    """A circuit and the agreement that it shows: the one asked for, or the next lower one that can be had."""
    compiled = loaded(model)
    targets = [target for target in TARGETS if target < agreement]
    for target in [agreement, *targets]:
        try:
            return compiled.compile(agreement=target, images=images), target
        except TorusnnError as error:
            if getattr(error, "refusal", None) is None or target == targets[-1]:
                raise
    raise AssertionError("the last target is returned or refused")


def state_contract(model, pixels, agreement):
    """Puts the contract into the model. Returns the circuit and the agreement it was compiled for."""
    images = pixels.images[:MOST_IMAGES].reshape(-1, *pixels.shape)
    circuit, target = compiled_for(model, images, agreement)
    info = circuit.info
    model.contract = Contract(position_noise=min(info.worst_position_noise * SLACK, 0.249),
                              logit_noise=info.logit_noise_share * SLACK)
    return circuit, target
