"""The model file, version 1 (all numbers little-endian), and the integer reference that evaluates it.

    header    4s "TNNM", u16 version, u16 reserved, u64 payload bytes, 16 bytes BLAKE2b-128 of the payload
    payload   u32 height, width, channels, input_levels, layer_count, provenance_bytes; f64 output_scale
              provenance, UTF-8 JSON
              layers: u32 inputs, neurons, tables_per_neuron, table_cells
                      i8 weights[neurons][inputs], i32 biases[neurons]
                      with tables: i32 ranges[neurons][2], i16 tables[neurons][tables_per_neuron][table_cells]

Inputs are in row, column, channel order. Outputs of a table layer are neuron-major and feed the next layer.
"""

import hashlib
import json
import struct
from dataclasses import dataclass
from typing import Optional

import numpy as np

MAGIC, VERSION = b"TNNM", 1
HEADER = struct.Struct("<4sHHQ16s")
FIXED = struct.Struct("<6Id")
LAYER = struct.Struct("<4I")
WIDEST_RANGE = 32768
LOGIT_LIMIT = 2 ** 20


@dataclass
class Layer:
    weights: np.ndarray                  # int8 [neurons, inputs]
    biases: np.ndarray                   # int32 [neurons]
    ranges: Optional[np.ndarray] = None  # int32 [neurons, 2], both ends inclusive
    tables: Optional[np.ndarray] = None  # int16 [neurons, tables a neuron, cells]


@dataclass
class Model:
    height: int
    width: int
    channels: int
    input_levels: int
    output_scale: float  # real logit = output_scale * integer logit
    provenance: dict
    layers: list


def fitted(values, kind):
    """The values as a little-endian type, or an error where one does not fit."""
    values = np.asarray(values)
    converted = values.astype(kind)
    if not np.array_equal(converted, values):
        raise ValueError(f"values from {values.min()} to {values.max()} do not fit {kind}")
    return converted


def check_tables(layer):
    low, high = layer.ranges[:, 0].astype(np.int64), layer.ranges[:, 1].astype(np.int64)
    widths = high - low + 1
    if widths.max() > WIDEST_RANGE or widths.min() < layer.tables.shape[2]:
        raise ValueError(f"ranges of {widths} values: a table has between its cells and {WIDEST_RANGE} of them")
    largest = np.abs(layer.tables.astype(np.int64)).max(axis=2).sum(axis=0)
    if largest.max() >= LOGIT_LIMIT:
        raise ValueError(f"the tables add up to {largest.max()}, the limit is {LOGIT_LIMIT}")


def layer_bytes(layer):
    neurons, inputs = layer.weights.shape
    tables, cells = (0, 0) if layer.tables is None else layer.tables.shape[1:]
    parts = [LAYER.pack(inputs, neurons, tables, cells),
             fitted(layer.weights, "<i1").tobytes(), fitted(layer.biases, "<i4").tobytes()]
    if tables:
        check_tables(layer)
        parts += [fitted(layer.ranges, "<i4").tobytes(), fitted(layer.tables, "<i2").tobytes()]
    return b"".join(parts)


def payload_bytes(model):
    provenance = json.dumps(model.provenance, sort_keys=True, ensure_ascii=False).encode()
    fixed = FIXED.pack(model.height, model.width, model.channels, model.input_levels,
                       len(model.layers), len(provenance), model.output_scale)
    return fixed + provenance + b"".join(layer_bytes(layer) for layer in model.layers)


def fingerprint(payload):
    return hashlib.blake2b(payload, digest_size=16).digest()


def write_model(path, model):
    payload = payload_bytes(model)
    header = HEADER.pack(MAGIC, VERSION, 0, len(payload), fingerprint(payload))
    with open(path, "wb") as file:
        file.write(header + payload)


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


def read_layer(reader):
    inputs, neurons, tables, cells = reader.fields(LAYER)
    layer = Layer(reader.array("<i1", neurons, inputs), reader.array("<i4", neurons))
    if tables:
        layer.ranges = reader.array("<i4", neurons, 2)
        layer.tables = reader.array("<i2", neurons, tables, cells)
    return layer


def checked_payload(data):
    magic, version, _, length, digest = HEADER.unpack_from(data)
    payload = data[HEADER.size:]
    if magic != MAGIC or version != VERSION:
        raise ValueError("not a torusnn model file of version 1")
    if length != len(payload) or digest != fingerprint(payload):
        raise ValueError("the model file is damaged")
    return payload


def read_model(path):
    with open(path, "rb") as file:
        reader = Reader(checked_payload(file.read()))
    height, width, channels, levels, layer_count, text_bytes, scale = reader.fields(FIXED)
    provenance = json.loads(reader.text(text_bytes))
    layers = [read_layer(reader) for _ in range(layer_count)]
    return Model(height, width, channels, levels, scale, provenance, layers)


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
    cells = ((inside - low) * layer.tables.shape[2]) // (high - low + 1)
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
