"""The circuits that are served, and what clients are told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Optional, Sequence

from pydantic import BaseModel, Field

from .._explain_text import contract_text, value_at
from ..circuit import Circuit
from ..client import Spec
from ..explain import contract_figures, provenance_of
from ..model import Model, load
from .settings import ModelFile, Settings
from .wire import HEADER, fingerprint, key_parameters

NOTICE = ("For research only: the results are approximate and must not be used for diagnosis. "
          "Do not tell the service decrypted values, nor whether they were right.")


class ImageShape(BaseModel):
    """Of an image before it is encrypted, a byte a value."""

    height: int
    width: int
    channels: int


class ModelDescription(BaseModel):
    """A model as clients see it."""

    id: str = Field(description="for the paths of this service")
    name: str = Field(description="of the data set that it is trained on, where the model's file says it")
    image: ImageShape
    classes: int
    class_names: Optional[List[str]] = Field(description="null where the model has no names for its classes")
    outputs: int = Field(description="logits of an image")
    contract: str = Field(description="the precision that the circuit was compiled for")
    security_bits: int = Field(description="promised for the keys")
    evaluation_key_bytes: int = Field(description="of the body of PUT /v1/keys/{key_id}")
    input_bytes: int = Field(description="of each encrypted image in the body of POST /v1/models/{model_id}/infer")
    output_bytes: int = Field(description="of each encrypted result in the answer")
    bootstraps: int = Field(description="of an image")
    predicted_ms: float = Field(description="of an image on one thread of the machine that calibrated the cost model")
    spec_digest: str = Field(description="BLAKE2b-128 of the spec's payload, as its header has it")


class ModelList(BaseModel):
    """All that is served."""

    models: List[ModelDescription]
    notice: str = NOTICE


class Served:
    """A circuit under its id."""

    def __init__(self, model_id: str, circuit: Circuit):
        self.id, self.circuit, self.info = model_id, circuit, circuit.info
        self.spec = circuit.spec.to_bytes()
        self.parameters, self.fingerprint = key_parameters(self.spec), fingerprint(self.spec)
        self.description = self._described(circuit.model)

    def _described(self, model: Model) -> ModelDescription:
        info, (height, width, channels) = self.info, model.shape
        asked = self.circuit.asked
        trained_on = value_at(provenance_of(model.info.provenance), "set")
        return ModelDescription(
            id=self.id, name=trained_on if isinstance(trained_on, str) else self.id,
            image=ImageShape(height=height, width=width, channels=channels), classes=model.info.classes,
            class_names=model.class_names, outputs=info.outputs,
            contract=contract_text({} if asked is None else {"contract": contract_figures(asked)}),
            security_bits=info.security_bits, evaluation_key_bytes=info.eval_key_bytes, input_bytes=info.input_bytes,
            output_bytes=info.output_bytes, bootstraps=info.bootstraps, predicted_ms=info.predicted_ms,
            spec_digest=HEADER.unpack_from(self.spec)[-1].hex())

    def evaluator_bytes(self, threads: int, batch: int) -> int:
        """Most memory of an evaluator: the server key, and scratch that grows with threads and with images."""
        return self.info.server_key_bytes + max(threads, batch) * (self.info.server_bytes - self.info.server_key_bytes)


def load_served(file: ModelFile) -> Served:
    """Compiles a model file by the contract that it carries, or for the spec that clients have keys for."""
    path, spec_path = file if isinstance(file, tuple) else (file, None)
    spec = None if spec_path is None else Spec.from_bytes(Path(spec_path).read_bytes())
    return Served(Path(path).stem, load(path).compile(spec=spec))


def check_fits(served: Sequence[Served], settings: Settings) -> None:
    """The settings must let each model be served by all workers at once."""
    if not served:
        raise ValueError("there is no model to serve")
    for each in served:
        if each.info.eval_key_bytes > settings.most_key_bytes:
            raise ValueError(f"{each.id}: its keys take {each.info.eval_key_bytes} bytes, more than most_key_bytes")
    largest = max(each.evaluator_bytes(settings.threads_each, settings.batch) for each in served)
    if settings.evaluator_bytes < settings.workers * largest:
        raise ValueError(f"evaluator_bytes must be {settings.workers * largest} or more: {settings.workers} at a time, "
                         f"each of up to {largest}")


def load_all(settings: Settings) -> Dict[str, Served]:
    """By id. ValueError where two files have one stem, or the settings have no room for a model."""
    served = [load_served(file) for file in settings.models]
    check_fits(served, settings)
    by_id = {each.id: each for each in served}
    if len(by_id) < len(served):
        raise ValueError("two model files have the same name; a model's id is its file's stem")
    return by_id
