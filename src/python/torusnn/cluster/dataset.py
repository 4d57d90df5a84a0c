"""Whole archives of encrypted images, on the actors of Ray Data."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, Union

import ray
import ray.data

from .._library import error_of
from .._native import lib
from .._progress import Progress, reporting
from ..circuit import Circuit
from ..client import EncryptedImage, EvaluationKey
from ..errors import TorusnnError
from ..evaluator import Evaluator
from ..serve.wire import INPUT_KEY_ID, KEY_HEAD_BYTES, key_head
from .archive import Address, Archive, objects_of
from .keys import KeyFolder, no_such_key

Keys = Union[EvaluationKey, Iterable[EvaluationKey], Address]


@dataclass(frozen=True)
class DatasetReport:
    """What a run of evaluate_dataset did. Files that are neither found nor evaluated are in `refused`."""

    files: int
    """Files of the archive."""
    images: int
    """Encrypted images in them."""
    found_files: int
    """Files whose results an earlier run had written."""
    found_images: int
    """Images in those."""
    evaluated_files: int
    """Files whose results this run wrote."""
    evaluated_images: int
    """Images in those."""
    seconds: float
    """From the call to its end."""
    refused: Dict[str, str] = field(default_factory=dict)
    """Why a file has no results: the library's sentence. A run again tries it again."""

    @property
    def complete(self) -> bool:
        """Whether every file has its results."""
        return self.found_files + self.evaluated_files == self.files


class GivenKeys:
    """Keys from Ray's object store, where they are put once, however many actors there are."""

    def __init__(self, keys: Iterable[EvaluationKey]):
        self.places = {key_head(key.to_bytes()[:KEY_HEAD_BYTES]).key_id: ray.put(key) for key in keys}

    def read(self, key_id: str) -> EvaluationKey:
        if key_id not in self.places:
            raise no_such_key(key_id)
        return ray.get(self.places[key_id])


def keys_from(keys: Keys, options: Optional[Mapping[str, Any]]) -> Union[GivenKeys, KeyFolder]:
    if isinstance(keys, (str, os.PathLike)):
        return KeyFolder(keys, options)
    return GivenKeys([keys] if isinstance(keys, EvaluationKey) else keys)


class FileEvaluator:
    """An actor: the evaluators of the keys that it last met, and one file at a time."""

    def __init__(self, circuit: Circuit, keys: Union[GivenKeys, KeyFolder], source: Archive, target: Archive,
                 evaluators: int, options: Dict[str, int]):
        self.circuit, self.keys, self.source, self.target = circuit, keys, source, target
        self.most, self.options = evaluators, options
        self.loaded: OrderedDict[str, Evaluator] = OrderedDict()

    def __call__(self, row: Dict[str, Any]) -> Dict[str, Any]:
        """A file's results are written before it counts as done. Where it is refused the row says why."""
        try:
            results = self.results(self.source.read(row["name"]))
        except TorusnnError as error:
            return {**row, "refused": str(error)}
        self.target.write(row["name"], results)
        return {**row, "refused": ""}

    def results(self, data: bytes) -> bytes:
        images = [(bytes(each[INPUT_KEY_ID]).hex(), EncryptedImage.from_bytes(each)) for each in objects_of(data, b"I")]
        results: List[Any] = []
        for key_id, of_one_key in groupby(images, key=lambda image: image[0]):
            results += self.evaluator(key_id).infer([image for _, image in of_one_key])
        return b"".join(map(bytes, results))

    def evaluator(self, key_id: str) -> Evaluator:
        if key_id not in self.loaded:
            while len(self.loaded) >= self.most:
                self.loaded.popitem(last=False)
            self.loaded[key_id] = Evaluator(self.circuit, self.keys.read(key_id), **self.options)
        self.loaded.move_to_end(key_id)
        return self.loaded[key_id]


def evaluate_dataset(circuit: Circuit, keys: Keys, inputs: Address, outputs: Address, *,
                     actors: Optional[int] = None, threads: int = 1, max_images: int = 8, evaluators: int = 4,
                     storage_options: Optional[Mapping[str, Any]] = None, progress: Progress = None) -> DatasetReport:
    """Evaluates a circuit on a whole archive of encrypted images, on the machines of a Ray cluster.

    Each file of `inputs` holds one encrypted image or many, one after another, of one client or of several. Its results
    take its name in `outputs`, as many and in the same order, when they are complete. A run that was interrupted is
    called again and evaluates the files that have no results yet. What fails with its machine is evaluated on another
    one; results of a file do not depend on where, nor on how often, they are made.

    circuit          model.compile(...), model.compile(spec=...) for clients that have keys
    keys             the evaluation key, several, or the address of a folder of keys as the service keeps them
    inputs           folder or fsspec address (s3://bucket/folder), which every machine reaches
    outputs          another one; made where it is not there
    actors           most actors; default: as many as the cluster has processors for when the call begins
    threads          of an actor's evaluators, and processors that it asks Ray for
    max_images       most images evaluated together
    evaluators       most keys that an actor keeps expanded (circuit.info.server_bytes each)
    storage_options  of the addresses' file systems, such as {"endpoint_url": ...}
    progress         counts images, those of found files among them

    A file that is not whole encrypted images of this circuit, or for which there is no key, is refused: it is in the
    report, the others go on. What the storage raises ends the run, and so does Ctrl-C, or False from `progress`
    (CancelledError); results that are written stay. Two runs into one folder at once do the work twice, and no harm.
    """
    begun = time.monotonic()
    source, target = Archive(inputs, storage_options), Archive(outputs, storage_options)
    if source == target:
        raise ValueError("results take the names of their images' files; give them a folder of their own")
    counts = image_counts(source, circuit)
    found = found_in(target, counts, circuit)
    actor = {"circuit": circuit, "keys": keys_from(keys, storage_options), "source": source, "target": target,
             "evaluators": evaluators, "options": {"threads": threads, "max_images": max_images}}
    rows = [{"name": name, "images": counts[name]} for name in counts if name not in found]
    with reporting(progress, "images") as call:
        done, refused = evaluated(rows, actor, actors, threads, lambda images: report(
            call, sum(found.values()) + images, sum(counts.values())))
    return DatasetReport(len(counts), sum(counts.values()), len(found), sum(found.values()), len(done),
                         sum(done.values()), time.monotonic() - begun, refused)


def image_counts(source: Archive, circuit: Circuit) -> Dict[str, int]:
    """Files of an archive, and how many images each has by its size. FileNotFoundError where there is none."""
    sizes = source.sizes()
    if not sizes:
        raise FileNotFoundError(f"there are no encrypted images in {source.folder}")
    return {name: size // circuit.info.input_bytes for name, size in sizes.items()}


def found_in(target: Archive, counts: Dict[str, int], circuit: Circuit) -> Dict[str, int]:
    """Those that have all their results."""
    sizes = target.sizes()
    return {name: count for name, count in counts.items() if sizes.get(name) == count * circuit.info.output_bytes}


def report(call: Any, done: int, total: int) -> None:
    if call.report(done, total) is False:
        raise error_of(lib.TNN_ERR_CANCELLED)


def evaluated(rows: List[Dict[str, Any]], actor: Dict[str, Any], actors: Optional[int], threads: int,
              show: Any) -> Tuple[Dict[str, int], Dict[str, str]]:
    """Files that now have results, with their images, and those that were refused, with why."""
    done: Dict[str, int] = {}
    refused: Dict[str, str] = {}
    show(0)
    for row in evaluated_rows(rows, actor, actors, threads) if rows else []:
        if row["refused"]:
            refused[row["name"]] = row["refused"]
        else:
            done[row["name"]] = row["images"]
        show(sum(done.values()))
    return done, refused


def evaluated_rows(rows: List[Dict[str, Any]], actor: Dict[str, Any], actors: Optional[int],
                   threads: int) -> Iterable[Dict[str, Any]]:
    """The rows as their files are done, in any order. A block of Ray's is one file."""
    files = ray.data.from_items(rows, override_num_blocks=len(rows))
    most = min(len(rows), actors or max(1, int(ray.cluster_resources().get("CPU", 1)) // threads))
    files.context.enable_progress_bars = False
    return files.map(FileEvaluator, fn_constructor_kwargs=actor, num_cpus=threads,
                     compute=ray.data.ActorPoolStrategy(min_size=1, max_size=most, initial_size=most)).iter_rows()
