"""What the service reads of files itself: headers, and who they belong to. docs/FORMATS.md has the layouts."""

from __future__ import annotations

import struct
from typing import List, NamedTuple, Tuple

from .._library import error_of
from .._native import lib
from ..client import EncryptedImage

HEADER = struct.Struct("<4sHHQ16s")
"""Magic and kind, version, reserved, bytes of payload, their digest."""
PARAMETERS = slice(HEADER.size, HEADER.size + 64)
"""Of a key and of a spec."""
SPLIT = slice(PARAMETERS.start + 44, PARAMETERS.start + 48)
"""Of a spec's parameters the word that is 0 in those of keys: how the server splits tables."""
KEY_ID = slice(PARAMETERS.stop, PARAMETERS.stop + 16)
"""Of a key."""
KEY_HEAD_BYTES = KEY_ID.stop
INPUT_CIRCUIT = slice(HEADER.size, HEADER.size + 16)
INPUT_KEY_ID = slice(INPUT_CIRCUIT.stop, INPUT_CIRCUIT.stop + 16)


class KeyHead(NamedTuple):
    """The beginning of an evaluation key."""

    length: int
    parameters: bytes
    key_id: str


def object_bytes(head: bytes, kind: bytes) -> int:
    """How long an object is that begins so."""
    if len(head) < HEADER.size:
        raise error_of(lib.TNN_ERR_TRUNCATED)
    magic, _, _, payload, _ = HEADER.unpack_from(head)
    if magic != b"TNN" + kind:
        raise error_of(lib.TNN_ERR_MAGIC)
    return HEADER.size + payload


def key_head(head: bytes) -> KeyHead:
    """What an evaluation key says of itself in its first KEY_HEAD_BYTES."""
    length = object_bytes(head, b"E")
    if len(head) < KEY_HEAD_BYTES:
        raise error_of(lib.TNN_ERR_TRUNCATED)
    return KeyHead(length, bytes(head[PARAMETERS]), bytes(head[KEY_ID]).hex())


def key_parameters(spec: bytes) -> bytes:
    """Parameters of the keys that a spec is for."""
    return spec[PARAMETERS.start:SPLIT.start] + bytes(4) + spec[SPLIT.stop:PARAMETERS.stop]


def fingerprint(spec: bytes) -> bytes:
    """By which inputs name the circuit that they are for."""
    return spec[-16:]


def read_inputs(body: bytes, circuit: bytes, input_bytes: int) -> Tuple[List[EncryptedImage], str]:
    """Encrypted images that stand one after another, and the id of the key that all of them name.

    circuit      fingerprint that they must have
    input_bytes  of each
    """
    images: List[EncryptedImage] = []
    key_ids, rest = set(), memoryview(body)
    while rest or not images:
        length = object_bytes(bytes(rest[:HEADER.size]), b"I")
        if length != input_bytes or rest[INPUT_CIRCUIT] != circuit:
            raise error_of(lib.TNN_ERR_MODEL_MISMATCH)
        images.append(EncryptedImage.from_bytes(rest[:length]))
        key_ids.add(bytes(rest[INPUT_KEY_ID]).hex())
        rest = rest[length:]
    if len(key_ids) > 1:
        raise error_of(lib.TNN_ERR_KEY_MISMATCH, "the images of one request must be of one key")
    return images, key_ids.pop()
