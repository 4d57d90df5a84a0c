"""Keys, encryption and decryption for networks that a server runs on encrypted images.

    client = torusnn_client.Client(torusnn_client.Spec.from_bytes(spec))
    send(client.evaluation_key.to_bytes(), client.encrypt(image).to_bytes())
    logits = client.decrypt(torusnn_client.EncryptedLogits.from_bytes(reply))

The classes are those of the package torusnn, from the client library alone.
"""

from . import errors
from ._declared import ParamsLiteral, Security, SpecInfo, Status
from ._images import classes_of
from .client import Client, EncryptedImage, EncryptedLogits, EvaluationKey, SecretKey, Spec, generate_keys
from .errors import TorusnnError

__all__ = [
    "Client",
    "EncryptedImage",
    "EncryptedLogits",
    "EvaluationKey",
    "ParamsLiteral",
    "SecretKey",
    "Security",
    "Spec",
    "SpecInfo",
    "Status",
    "TorusnnError",
    "classes_of",
    "errors",
    "generate_keys",
]
