"""The model file, versions 1 and 2 (all numbers little-endian), and the integer reference that evaluates it.

    header    4s "TNNM", u16 version, u16 reserved, u64 payload bytes, 16 bytes BLAKE2b-128 of the payload
    payload   u32 height, width, channels, input_levels, layer_count, provenance_bytes
      1:      f64 output_scale
      2:      u32 class names; 16 bytes salt
              contract: u32 stated, precision (1: exact), whole torus; f64 position noise, logit noise, log2 lookup error
              input map: u32 1 for evenly spaced levels, else 0 and u8 [256]
              provenance, UTF-8 JSON
              layers: u32 inputs, neurons, tables_per_neuron, table_cells
      2:              u32 bytes of a weight (1 or 2), u32 1 for thresholds
                      weights[neurons][inputs], i32 biases[neurons]
                      with tables: i32 ranges[neurons][2], with thresholds i32 thresholds[neurons][table_cells - 1],
                      i16 tables[neurons][tables_per_neuron][table_cells]
      2:      f64 scale, offset for each output; for each class name u32 bytes and UTF-8

Inputs are in row, column, channel order. Outputs of a table layer are neuron-major and feed the next layer. The salt is
random, so that a spec, which holds a digest of this file, does not confirm a guessed model.
"""

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass
from typing import Optional

import numpy as np

from errors import TrainerError
from output import write_whole

MAGIC, VERSION = b"TNNM", 2
HEADER = struct.Struct("<4sHHQ16s")
FIXED = struct.Struct("<6I")
CONTRACT = struct.Struct("<3I3d")
LAYER = struct.Struct("<4I")
FORMS = struct.Struct("<2I")
SALT_BYTES = 16
WIDEST_RANGE = 2 ** 31
LOGIT_LIMIT = 2 ** 20


@dataclass
class Layer:
    weights: np.ndarray                  # int16 [neurons, inputs], none below -32767
    biases: np.ndarray                   # int32 [neurons]
    ranges: Optional[np.ndarray] = None  # int32 [neurons, 2], both ends inclusive
    tables: Optional[np.ndarray] = None  # int16 [neurons, tables a neuron, cells]
    thresholds: Optional[np.ndarray] = None  # int32 [neurons, cells - 1]: where cells begin; None: equally wide ones


@dataclass
class Contract:
    """The precision for which a model was made, as tnn_options counts it."""
    exact: bool = False
    whole_torus: bool = False
    position_noise: float = 0.015
    logit_noise: float = 0.05      # over the logit's spread: logit_spread below
    log2_lookup_error: float = -40.0


def new_salt():
    return secrets.token_bytes(SALT_BYTES)


def even_map(levels):
    """The level of each value of a pixel, to the nearest: uint8 [256]."""
    return ((np.arange(256) * (levels - 1) + 127) // 255).astype(np.uint8)


@dataclass
class Model:
    height: int
    width: int
    channels: int
    input_levels: int
    output_scale: float  # real logit = output_scale * integer logit
    provenance: dict
    layers: list
    contract: Optional[Contract] = None
    classes: tuple = ()                     # names, none or all
    input_map: Optional[np.ndarray] = None  # uint8 [256]; None: even_map
    offsets: Optional[np.ndarray] = None    # real logit of integer logit 0, a number an output; None: zeros
    salt: bytes = bytes(SALT_BYTES)         # random in a file that is to be kept from guessers: new_salt


def fitted(values, kind):
    """The values as a little-endian type, or an error where one does not fit."""
    values = np.asarray(values)
    converted = values.astype(kind)
    if not np.array_equal(converted, values):
        raise TrainerError(f"values from {values.min()} to {values.max()} do not fit {kind}")
    return converted


def check_tables(layer):
    low, high = layer.ranges[:, 0].astype(np.int64), layer.ranges[:, 1].astype(np.int64)
    widths = high - low + 1
    if widths.max() > WIDEST_RANGE or (layer.thresholds is None and widths.min() < layer.tables.shape[2]):
        raise TrainerError(f"ranges of {widths} values: a table has between its cells and {WIDEST_RANGE} of them")
    largest = np.abs(layer.tables.astype(np.int64)).max(axis=2).sum(axis=0)
    if largest.max() >= LOGIT_LIMIT:
        raise TrainerError(f"the tables add up to {largest.max()}, the limit is {LOGIT_LIMIT}")


def layer_bytes(layer):
    neurons, inputs = layer.weights.shape
    tables, cells = (0, 0) if layer.tables is None else layer.tables.shape[1:]
    largest = int(np.abs(np.asarray(layer.weights, np.int64)).max())
    kind = "<i1" if largest <= 127 else "<i2"
    parts = [LAYER.pack(inputs, neurons, tables, cells), FORMS.pack(int(kind[2]), layer.thresholds is not None),
             fitted(layer.weights, kind).tobytes(), fitted(layer.biases, "<i4").tobytes()]
    if tables:
        check_tables(layer)
        parts.append(fitted(layer.ranges, "<i4").tobytes())
        if layer.thresholds is not None:
            parts.append(fitted(layer.thresholds, "<i4").tobytes())
        parts.append(fitted(layer.tables, "<i2").tobytes())
    return b"".join(parts)


def contract_bytes(contract):
    stated = contract or Contract()
    return CONTRACT.pack(contract is not None, stated.exact, stated.whole_torus, stated.position_noise,
                         stated.logit_noise, stated.log2_lookup_error)


def map_bytes(model):
    if model.input_map is None or np.array_equal(model.input_map, even_map(model.input_levels)):
        return struct.pack("<I", 1)
    return struct.pack("<I", 0) + fitted(model.input_map, "<u1").tobytes()


def readout_bytes(model):
    outputs = len(model.layers[-1].weights)
    offsets = np.zeros(outputs) if model.offsets is None else model.offsets
    scales = np.broadcast_to(np.asarray(model.output_scale, float), (outputs,))
    names = [name.encode() for name in model.classes]
    return (np.stack([scales, offsets], axis=1).astype("<f8").tobytes()
            + b"".join(struct.pack("<I", len(name)) + name for name in names))


def payload_bytes(model):
    provenance = json.dumps(model.provenance, sort_keys=True, ensure_ascii=False).encode()
    fixed = FIXED.pack(model.height, model.width, model.channels, model.input_levels, len(model.layers),
                       len(provenance))
    return b"".join([fixed, struct.pack("<I", len(model.classes)), model.salt, contract_bytes(model.contract),
                     map_bytes(model), provenance, *(layer_bytes(layer) for layer in model.layers),
                     readout_bytes(model)])


def fingerprint(payload):
    return hashlib.blake2b(payload, digest_size=16).digest()


def model_bytes(model):
    payload = payload_bytes(model)
    return HEADER.pack(MAGIC, VERSION, 0, len(payload), fingerprint(payload)) + payload


def write_model(path, model):
    write_whole(path, model_bytes(model))


class Reader:
    """Takes typed pieces from the front of a byte string; numpy refuses to read past the end."""

    def __init__(self, data):
        self.data, self.offset = data, 0

    def fields(self, layout):
        values = layout.unpack_from(self.data, self.offset)
        self.offset += layout.size
        return values

    def array(self, kind, *shape):
        count = int(np.prod(shape))
        values = np.frombuffer(self.data, kind, count, self.offset).reshape(shape)
        self.offset += values.nbytes
        return values

    def text(self, count):
        return self.array("<u1", count).tobytes().decode()


def read_layer(reader, version):
    inputs, neurons, tables, cells = reader.fields(LAYER)
    weight_bytes, thresholds = (1, 0) if version == 1 else reader.fields(FORMS)
    layer = Layer(reader.array(f"<i{weight_bytes}", neurons, inputs), reader.array("<i4", neurons))
    if tables:
        layer.ranges = reader.array("<i4", neurons, 2)
        if thresholds:
            layer.thresholds = reader.array("<i4", neurons, cells - 1)
        layer.tables = reader.array("<i2", neurons, tables, cells)
    return layer


def checked_payload(data):
    """Version and payload."""
    magic, version, _, length, digest = HEADER.unpack_from(data)
    payload = data[HEADER.size:]
    if magic != MAGIC or version not in (1, 2):
        raise TrainerError("not a torusnn model file of version 1 or 2")
    if length != len(payload) or digest != fingerprint(payload):
        raise TrainerError("the model file is damaged")
    return version, payload


def read_contract(reader):
    stated, exact, whole_torus, *noise = reader.fields(CONTRACT)
    return Contract(bool(exact), bool(whole_torus), *noise) if stated else None


def read_readout(reader, model, named):
    readout = reader.array("<f8", len(model.layers[-1].weights), 2)
    model.output_scale = float(readout[0, 0]) if np.all(readout[:, 0] == readout[0, 0]) else readout[:, 0]
    model.offsets = readout[:, 1] if np.any(readout[:, 1]) else None
    model.classes = tuple(reader.text(*reader.fields(struct.Struct("<I"))) for _ in range(named))


def read_model(path):
    word = struct.Struct("<I")
    with open(path, "rb") as file:
        version, payload = checked_payload(file.read())
    reader = Reader(payload)
    height, width, channels, levels, layer_count, text_bytes = reader.fields(FIXED)
    model = Model(height, width, channels, levels, 1.0, {}, [])
    named = 0
    if version == 1:
        (model.output_scale,) = reader.fields(struct.Struct("<d"))
    else:
        (named,) = reader.fields(word)
        model.salt = reader.array("<u1", SALT_BYTES).tobytes()
        model.contract = read_contract(reader)
        if reader.fields(word) == (0,):
            model.input_map = reader.array("<u1", 256)
    model.provenance = json.loads(reader.text(text_bytes))
    model.layers = [read_layer(reader, version) for _ in range(layer_count)]
    if version == 2:
        read_readout(reader, model, named)
    return model


def accumulate(layer, values):
    """values: integers [count, inputs]; returns int64 [count, neurons]. Doubles hold every sum exactly: at most 2^16
    products of 8 and 16 bits."""
    sums = values.astype(np.float64) @ layer.weights.T.astype(np.float64)
    return sums.astype(np.int64) + layer.biases


def reachable(weights, biases, highest, lowest=0):
    """The lowest and the highest accumulator of each neuron over all inputs in lowest..highest, int64 [neurons]."""
    weights, biases = weights.astype(np.int64), biases.astype(np.int64)
    positive, negative = np.maximum(weights, 0).sum(axis=1), np.minimum(weights, 0).sum(axis=1)
    return lowest * positive + highest * negative + biases, highest * positive + lowest * negative + biases


def read_tables(layer, accumulators):
    """[count, neurons] to [count, neurons * tables a neuron]. An accumulator outside its range reads the end cell."""
    low, high = layer.ranges[:, 0].astype(np.int64), layer.ranges[:, 1].astype(np.int64)
    inside = np.clip(accumulators, low, high)
    if layer.thresholds is None:
        cells = ((inside - low) * layer.tables.shape[2]) // (high - low + 1)
    else:
        cells = (inside[:, :, None] >= layer.thresholds).sum(axis=2)
    neurons = np.arange(len(layer.tables))
    return layer.tables[neurons, :, cells].reshape(len(accumulators), -1)


def integer_logits(model, levels):
    """levels: integers [count, inputs]; returns int64 [count, outputs]."""
    values = levels
    for layer in model.layers:
        values = accumulate(layer, values)
        if layer.tables is not None:
            values = read_tables(layer, values)
    return values


def logit_spread(model):
    """The deviation of each real logit where every cell of each table, or level of a pixel, is as likely."""
    last, scale = model.layers[-1], np.asarray(model.output_scale, float)
    if len(model.layers) == 1:
        variances = np.full(last.weights.shape[1], (model.input_levels ** 2 - 1) / 12)
    else:
        variances = model.layers[-2].tables.astype(float).var(axis=2).reshape(-1)
    spread = np.sqrt((last.weights.astype(float) ** 2) @ variances)
    return scale * np.where(spread > 0, spread, 1.0)
