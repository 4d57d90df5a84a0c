"""Ranges of a layer's tables while it trains: all of one width, each about its own neuron's middle.

Letters in the shapes: S seeds, B images of a batch, H neurons.
"""

import torch

from ring import nearest_width

# The common width moves to another one that fills the torus when it is off by more than this factor: a step to the
# next width that fits half of the torus is 1.14 to 1.25, on the whole torus 2.
TOLERANCE, WHOLE_TOLERANCE = 1.3, 1.6


class SharedRanges:
    DECAY = 0.005  # of the width seen, which extremes give back at each step, to follow shrinking accumulators

    def __init__(self, share, least_width, members=1, whole_torus=False, span=1.0):
        """share: of a layer's neurons, that have ranges as wide as they need; the ends of the other neurons' tables
        take what lies beyond. members: nets that become one model, whose widths are one. span: of the range over what
        these neurons need."""
        self.share, self.least_width, self.members = share, least_width, members
        self.whole_torus, self.span = whole_torus, span
        self.least, self.most = None, None  # [S, H]: extremes seen
        self.width = None                   # [S]

    def follow(self, accumulators, stretch=1.0):
        """Extremes hold the batch [S, B, H] at once and shrink slowly. stretch [S, H]: by how much wider accumulators
        would be if steps were not stretched."""
        values = accumulators.detach()
        least, most = values.amin(dim=1), values.amax(dim=1)
        if self.least is None:
            self.least, self.most = least, most
        slack = self.DECAY * self.seen()
        self.least, self.most = torch.minimum(self.least + slack, least), torch.maximum(self.most - slack, most)
        self.settle(self.seen() * stretch)

    def seen(self):
        """[S, H]: how wide accumulators were."""
        return self.most - self.least

    def settle(self, needed):
        """needed: [S, H]"""
        models = needed.reshape(len(needed) // self.members, -1)
        wanted = (self.span * models.quantile(self.share, dim=1)).clamp(min=1).repeat_interleave(self.members)
        tolerance = WHOLE_TOLERANCE if self.whole_torus else TOLERANCE
        kept = torch.zeros(len(needed)) if self.width is None else self.width
        off = torch.maximum(wanted / kept, kept / wanted) > tolerance
        near = [nearest_width(width, self.least_width, self.whole_torus) for width in wanted.tolist()]
        self.width = torch.where(off, torch.tensor(near), kept)

    def fill(self, weights):
        """What accumulators need by themselves, of the nets of the first model: widths over the widest, and l2 norms of
        the weights [S, H, I] over widths; NumPy [members * H] each."""
        seen = self.seen()[:self.members].clamp(min=1)
        norms = weights[:self.members].detach().norm(dim=2)
        return (seen / seen.max()).flatten().numpy(), (norms / seen).flatten().numpy()

    def low(self):
        """[S, H]: where a range begins, which ends `width` further."""
        return (self.least + self.most - self.width.unsqueeze(1)) / 2

    def positions(self, accumulators):
        """Accumulators [S, B, H] as shares of their range: 0 at low, 1 at its end."""
        return (accumulators - self.low().unsqueeze(1)) / self.width.reshape(-1, 1, 1)

    def integers(self, index, offsets):
        """[H, 2], both ends inclusive: a seed's ranges moved by offsets [H]."""
        low = torch.round(self.low()[index].double() + offsets + 0.5).long()
        return torch.stack([low, low + int(self.width[index]) - 1], dim=1).numpy()


def excess(positions):
    """[S]: mean squared distance by which positions [S, B, H] leave 0..1, summed over the neurons."""
    outside = (positions - positions.clamp(0, 1)) ** 2
    return outside.mean(dim=1).sum(dim=1)
