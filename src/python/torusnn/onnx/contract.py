"""The precision that a converted model states: that of the cheapest circuit which keeps enough classes of the
calibration images."""

from .._declared import Obstacle
from ..errors import TorusnnError
from ..model import Model as Compiled
from ..train.model_file import Contract, model_bytes

AGREEMENT = 0.985
SLACK = 1.001             # so that rounding does not refuse the circuit that was found
TARGETS = (0.995, 0.985, 0.97, 0.95, 0.9)
MOST_IMAGES = 1000


def compiled(model, images, agreement):
    return Compiled.from_bytes(model_bytes(model)).compile(agreement=agreement, images=images)


def shown(refusal):
    """The agreement that the circuits of a refused compilation showed."""
    return refusal.reachable if refusal.obstacle == Obstacle.AGREEMENT else 0


def chosen(candidates, images, agreement):
    """Of candidates, each (rules, model), the first with a circuit that keeps so many classes; where none has one, the
    one that shows the most, for the next lower target. Returns the candidate, the circuit and its target."""
    refusals = []
    for candidate in candidates:
        try:
            return candidate, compiled(candidate[1], images, agreement), agreement
        except TorusnnError as error:
            if error.refusal is None:
                raise
            refusals.append((shown(error.refusal), candidate, error))
    most, best, error = max(refusals, key=lambda item: item[0])
    target = max((target for target in TARGETS if target <= most), default=None)
    if target is None:
        raise error
    return best, compiled(best[1], images, target), target


def state_contract(candidates, pixels, agreement):
    """Puts the contract into the model of the candidate that is chosen. Returns the candidate, its circuit and the
    agreement that this was compiled for."""
    images = pixels.images[:MOST_IMAGES].reshape(-1, *pixels.shape)
    candidate, circuit, target = chosen(candidates, images, agreement)
    info = circuit.info
    candidate[1].contract = Contract(position_noise=min(info.worst_position_noise * SLACK, 0.249),
                                     logit_noise=info.logit_noise_share * SLACK)
    return candidate, circuit, target
