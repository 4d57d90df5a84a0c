"""Calls of the C library: a status becomes an exception, a structure a dataclass, an object one that frees itself."""

from __future__ import annotations

import os
from typing import Any, Optional, Type, TypeVar

from . import _declared, errors
from ._native import ffi, lib

BY_STATUS = {kind.status: kind for kind in errors.ALL}


def text_of(pointer: Any) -> str:
    return ffi.string(pointer).decode()


def error_of(status: int, sentence: str = "") -> errors.TorusnnError:
    """The exception of a status, with the library's sentence where there is none that says more."""
    kind = BY_STATUS[_declared.Status(status)]
    return kind(sentence or text_of(lib.tnn_status_text(status)))


def check(status: int) -> None:
    if status != lib.TNN_OK:
        raise error_of(status)


def python_value(value: Any) -> Any:
    """A structure as its dataclass, text as str; numbers are Python's already."""
    if not isinstance(value, ffi.CData):
        return value
    kind = ffi.typeof(value)
    if kind.kind != "struct":
        return text_of(value)
    made = _declared.CLASSES["tnn_" + kind.cname.removeprefix("struct tnn_")]
    return made(**{name: field_value(value, name, field.type) for name, field in kind.fields})


def field_value(struct: Any, name: str, kind: Any) -> Any:
    value = getattr(struct, name)
    if kind.kind == "enum":
        return _declared.CLASSES[kind.cname.removeprefix("enum ")](value)
    return python_value(value)


def described(kind: str, function: Any, *arguments: Any) -> Any:
    """What a function fills in, as a dataclass."""
    filled = ffi.new(f"{kind} *")
    status = function(*arguments[:1], filled, *arguments[1:])
    check(lib.TNN_OK if status is None else status)
    return python_value(filled[0])


def owned(kind: str, pointer: Any) -> Any:
    """An object of the library that is freed with its last reference."""
    return ffi.gc(pointer, getattr(lib, f"{kind}_free"))


def created(kind: str, function: Any, *arguments: Any) -> Any:
    """The object that a function gives out as its first argument."""
    out = ffi.new(f"{kind} **")
    check(function(out, *arguments))
    return owned(kind, out[0])


def bytes_of(data: Any) -> Any:
    """Any object with a buffer as const uint8_t *, and not a copy."""
    return ffi.from_buffer("uint8_t[]", data)


def thread_count(threads: Optional[int]) -> int:
    """As many as asked for, or one for each processor that this process may use."""
    return min(len(os.sched_getaffinity(0)), lib.TNN_MAX_THREADS) if threads is None else threads


Made = TypeVar("Made", bound="Handle")


class Handle:
    """A Python object around one of the library's. `_kind` is the C type."""

    _kind: str
    _c: Any

    @classmethod
    def _around(cls: Type[Made], pointer: Any) -> Made:
        made = cls.__new__(cls)
        made._c = pointer
        return made


def saved(handle: Handle) -> bytearray:
    """The object's bytes on the wire."""
    out = bytearray(getattr(lib, f"{handle._kind}_size")(handle._c))
    check(getattr(lib, f"{handle._kind}_save")(handle._c, bytes_of(out), len(out)))
    return out


def read_back(kind: Type[Made], data: bytes) -> Made:
    """What pickles call. A function of a module, since cloudpickle, which Ray uses, takes methods of classes apart."""
    return kind.from_bytes(data)  # type: ignore[attr-defined]


class Saved(Handle):
    """One that can be written as bytes and read back, by pickle too. docs/FORMATS.md has the layouts."""

    def to_bytes(self) -> bytes:
        """The object's bytes on the wire."""
        return bytes(saved(self))

    @classmethod
    def from_bytes(cls: Type[Made], data: Any) -> Made:
        """Reads exactly one object, from anything with a buffer; anything else is refused by an exception."""
        return cls._around(created(cls._kind, getattr(lib, f"{cls._kind}_load"), bytes_of(data), len(data)))

    def __bytes__(self) -> bytes:
        return self.to_bytes()

    def __reduce__(self) -> Any:
        return (read_back, (type(self), self.to_bytes()))
