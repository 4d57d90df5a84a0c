"""What a client does: make keys, encrypt, decrypt. Nothing here needs a server's part of the library."""

from __future__ import annotations

import unicodedata
from typing import Any, List, Optional, Sequence, Tuple, Union

import numpy as np

from ._declared import Security, SpecInfo
from ._images import Array, as_batch, doubles_of, pixels_of
from ._library import Handle, Saved, bytes_of, check, created, described, owned, saved, text_of, thread_count
from ._native import ffi, lib
from ._progress import Progress, reporting

Passphrase = Union[str, bytes]


class OfImages:
    """What a spec and a model both say: the shape of an image, and the classes."""

    info: Any

    def _class_name(self, index: int) -> Any:
        raise NotImplementedError

    @property
    def shape(self) -> Tuple[int, int, int]:
        """Height, width and channels of an image."""
        info = self.info
        return info.height, info.width, info.channels

    @property
    def class_names(self) -> Optional[List[str]]:
        """Names of the classes; None where the model has none."""
        names = [self._class_name(index) for index in range(self.info.classes)]
        return None if ffi.NULL in names else [text_of(name) for name in names]


class Spec(Saved, OfImages):
    """What a client must know to encrypt for a circuit and read its result: parameters and encodings, no weights."""

    _kind = "tnn_spec"

    @property
    def info(self) -> SpecInfo:
        """What the spec asks a client for, known before any key is made."""
        return described("tnn_spec_info", lib.tnn_spec_describe, self._c)

    def _class_name(self, index: int) -> Any:
        return lib.tnn_spec_class_name(self._c, index)


class EncryptedImage(Saved):
    """An encrypted image."""

    _kind = "tnn_input"


class EncryptedLogits(Saved):
    """An encrypted result."""

    _kind = "tnn_output"


class EvaluationKey(Saved):
    """What the server computes with. It decrypts nothing."""

    _kind = "tnn_eval_key"

    @classmethod
    def read(cls, file: Any, *, most_bytes: int = 0, progress: Progress = None) -> EvaluationKey:
        """Reads a key from an open binary file, to the key's end and no further, without a second copy in memory.

        most_bytes  refuses larger keys; 0 for as many bytes as parameters allow, about 30 GB
        progress    counts bytes
        """
        with reporting(progress, "key") as call:
            call.file = file
            source = ffi.new("tnn_source *", {"read": call.read, "progress": call.callback, "user": call.user,
                                              "most_bytes": most_bytes})
            return cls._around(created(cls._kind, lib.tnn_eval_key_read, source))


def passphrase_bytes(passphrase: Passphrase) -> bytes:
    """Text in Unicode's form C, so that keyboards do not matter."""
    return unicodedata.normalize("NFC", passphrase).encode() if isinstance(passphrase, str) else passphrase


class SecretKey(Handle):
    """The client's secret, in memory that is wiped when it is freed. It cannot be pickled: seal it instead."""

    _kind = "tnn_secret_key"

    def to_bytes(self) -> bytearray:
        """The secret itself. Overwrite it after use."""
        return saved(self)

    @classmethod
    def from_bytes(cls, data: Any) -> SecretKey:
        """Reads what to_bytes wrote."""
        return cls._around(created(cls._kind, lib.tnn_secret_key_load, bytes_of(data), len(data)))

    def seal(self, passphrase: Passphrase, *, memory_kib: Optional[int] = None, passes: Optional[int] = None) -> bytes:
        """The key encrypted with a passphrase, text or bytes, through Argon2id; by default 3 passes over 256 MiB."""
        options = ffi.new("tnn_seal_options *")
        lib.tnn_seal_options_default(options)
        options.memory_kib = options.memory_kib if memory_kib is None else memory_kib
        options.passes = options.passes if passes is None else passes
        out, secret = bytearray(lib.tnn_secret_key_sealed_size(self._c)), passphrase_bytes(passphrase)
        check(lib.tnn_secret_key_seal(self._c, bytes_of(out), len(out), secret, len(secret), options))
        return bytes(out)

    @classmethod
    def open(cls, data: Any, passphrase: Passphrase) -> SecretKey:
        """Opens what seal wrote; PassphraseError for another passphrase."""
        secret = passphrase_bytes(passphrase)
        return cls._around(created(cls._kind, lib.tnn_secret_key_open, bytes_of(data), len(data), secret, len(secret)))

    @staticmethod
    def is_sealed(data: Any) -> bool:
        """Whether bytes are a sealed secret key: whether to ask for a passphrase."""
        return lib.tnn_secret_key_is_sealed(bytes_of(data), len(data))

    def __reduce__(self) -> Any:
        raise TypeError("a secret key is not pickled; seal it with a passphrase")


def keygen_options(most_bytes: Optional[int], least: Security, call: Any) -> Any:
    options = ffi.new("tnn_keygen_options *")
    lib.tnn_keygen_options_default(options)
    options.most_eval_key_bytes = options.most_eval_key_bytes if most_bytes is None else most_bytes
    options.least, options.progress, options.user = int(least), call.callback, call.user
    return options


def generate_keys(spec: Spec, threads: Optional[int] = None, progress: Progress = None,
                  most_evaluation_key_bytes: Optional[int] = None,
                  least_security: Security = Security.SECURITY_128) -> Tuple[SecretKey, EvaluationKey]:
    """Fresh keys for a spec; Client calls it."""
    secret, evaluation = ffi.new("tnn_secret_key **"), ffi.new("tnn_eval_key **")
    with reporting(progress, "keys") as call:
        options = keygen_options(most_evaluation_key_bytes, least_security, call)
        check(lib.tnn_keygen(secret, evaluation, spec._c, thread_count(threads), options))
        return (SecretKey._around(owned("tnn_secret_key", secret[0])),
                EvaluationKey._around(owned("tnn_eval_key", evaluation[0])))


class Client:
    """Keys for a spec, encryption and decryption. Threads may share it.

    Without `secret_key` both keys are made: on `threads` threads (default: one for each processor), where
    `most_evaluation_key_bytes` and `least_security` say what of a spec, which comes from a server, is refused. With it,
    and with `evaluation_key` where that is still at hand, a client goes on where it left off.
    """

    spec: Spec
    secret_key: SecretKey

    def __init__(self, spec: Spec, *, secret_key: Optional[SecretKey] = None,
                 evaluation_key: Optional[EvaluationKey] = None, threads: Optional[int] = None,
                 progress: Progress = None, most_evaluation_key_bytes: Optional[int] = None,
                 least_security: Security = Security.SECURITY_128):
        if secret_key is None and evaluation_key is not None:
            raise ValueError("an evaluation key is of no use without its secret key")
        if secret_key is None:
            secret_key, evaluation_key = generate_keys(spec, threads, progress, most_evaluation_key_bytes,
                                                       least_security)
        self.spec, self.secret_key, self._evaluation_key = spec, secret_key, evaluation_key

    @property
    def evaluation_key(self) -> EvaluationKey:
        """What the server needs. ValueError for a client that goes on with its secret key alone."""
        if self._evaluation_key is None:
            raise ValueError("this client goes on with its secret key alone; its evaluation key is where it was sent")
        return self._evaluation_key

    def encrypt(self, images: Any) -> Any:
        """The EncryptedImage of an image, uint8 [height, width], [height, width, channels] or [pixels]; a list of them
        for a batch."""
        array, batch = as_batch(images, self.spec.shape)
        encrypted = [self._encrypted(image) for image in array]
        return encrypted if batch else encrypted[0]

    def _encrypted(self, image: Array) -> EncryptedImage:
        return EncryptedImage._around(created("tnn_input", lib.tnn_encrypt, self.spec._c, self.secret_key._c,
                                              pixels_of(image), image.size))

    def decrypt(self, results: Union[EncryptedLogits, Sequence[EncryptedLogits]]) -> Array:
        """Logits [outputs] of a result, or [count, outputs] of several. They are noisy; see circuit.info."""
        each = [results] if isinstance(results, EncryptedLogits) else results
        logits = np.empty((len(each), self.spec.info.outputs))
        for row, result in zip(logits, each):
            check(lib.tnn_decrypt(self.spec._c, self.secret_key._c, doubles_of(row), row.size, result._c))
        return logits[0] if isinstance(results, EncryptedLogits) else logits
