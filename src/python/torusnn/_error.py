"""The exception that all others of the library are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Optional

if TYPE_CHECKING:
    from ._declared import Fault, Refusal, Status


class TorusnnError(Exception):
    """A call of the library failed; the message is the library's sentence.

    `refusal` says which neuron stood in the way of a compilation, `fault` which field of a model's bytes is wrong; both
    are None elsewhere.
    """

    status: ClassVar[Status]
    refusal: Optional[Refusal] = None
    fault: Optional[Fault] = None
