"""A graph as a chain: image -> (matrix, function of each element)* -> matrix -> logits.

A node that works element by element, or moves elements, makes the function of its tensor longer. A node that adds
elements up begins new sums; where what it adds up is no affine function of neurons, that first becomes a layer.
"""

import numpy as np

from .expansion import expanded
from .operators import AFFINE_IN_ANY, ELEMENTWISE, FLOATS, JOINTLY_AFFINE, LAYOUT, LINEAR, OPERATORS, shape_of
from .refusal import UnsupportedModel
from .tensors import (
    TABLE_HINT,
    Answer,
    Base,
    Layer,
    Source,
    Tensor,
    affine_form,
    element_function,
    evaluated,
    gathered,
    identity,
    image_tensor,
    run,
    wrapped,
)

DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft", "onnx.brevitas", "finn.custom_op.general",
           "qonnx.custom_op.general")
STATIC = "quantize statically, with calibration images"
REMEDIES = {
    "DynamicQuantizeLinear": ("chooses its scale by the image", STATIC),
    "DynamicQuantizeLSTM": ("chooses its scale by the image", STATIC),
    "DynamicQuantizeMatMul": ("chooses its scale by the image", STATIC),
    "MatMulIntegerToFloat": ("is the product of a dynamic quantization", STATIC),
    "MaxPool": ("takes the largest of several encrypted values", "use AveragePool or a Conv with strides"),
    "GlobalMaxPool": ("takes the largest of several encrypted values", "use GlobalAveragePool"),
    "LayerNormalization": ("divides by a deviation of encrypted values", "use BatchNormalization"),
    "InstanceNormalization": ("divides by a deviation of encrypted values", "use BatchNormalization"),
    "GroupNormalization": ("divides by a deviation of encrypted values", "use BatchNormalization"),
    "LRN": ("divides by a sum over encrypted values", "use BatchNormalization"),
    "Trunc": ("cuts low bits of an accumulator", "export it with QCDQ or as Quant of the result"),
    "If": ("branches", "export one branch"), "Loop": ("loops", "unroll it"), "Scan": ("loops", "unroll it"),
    "LSTM": ("is recurrent", "train a fully connected net"), "GRU": ("is recurrent", "train a fully connected net"),
    "RNN": ("is recurrent", "train a fully connected net"),
    "TreeEnsembleClassifier": ("is a set of trees", "train a fully connected net"),
    "TreeEnsembleRegressor": ("is a set of trees", "train a fully connected net"),
}
READOUTS = ("LinearClassifier", "LinearRegressor", "Softmax", "LogSoftmax", "ArgMax", "Hardmax", "ZipMap",
            "ArrayFeatureExtractor", "Normalizer", "LpNormalization", "TopK", "LabelEncoder")
ORDERLY = ("Cast", "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Shape", "Log", "Exp", "Sqrt", "Clip",
           "QuantizeLinear", "DequantizeLinear", "Dropout")  # of what is read off the logits
MOST_WEIGHTS = 2 ** 27  # of a matrix
FIRST_ONLY = ("QuantizeLinear", "DequantizeLinear", "Quant", "IntQuant", "BipolarQuant", "Clip", "BatchNormalization",
              "PRelu")


class Reader:
    """Walks through a graph's nodes."""

    def __init__(self, graph, image_shape, pixel_values, seen, limit):
        """image_shape: height, width, channels; pixel_values [256]: what the graph gets for each value of a pixel;
        seen: least and largest pixel; limit: most neurons."""
        self.graph, self.limit, self.neurons = graph, limit, 0
        self.image_shape, self.pixel_values, self.seen = image_shape, pixel_values, seen
        self.values, self.notes, self.classes = {}, [], ()
        self.client_steps = []
        self.image = Base(0, size=int(np.prod(image_shape)))
        self.levels = Source(self.image, self.image.size)
        self.level_values = None  # [256] what levels stand for, where that is not what the graph gets
        self.plain_levels = False  # they stand for what the graph gets

    # ------------------------------------------------------------------------------------------------ values

    def start(self):
        self.values[self.graph.input] = image_tensor(self.graph, self.image, self.image_shape)
        for name, array in self.graph.constants.items():
            self.values[name] = array

    def read(self):
        self.start()
        for node in expanded(self.graph.nodes):
            self.check_known(node)
            inputs = [self.values[name] if name else None for name in node.inputs]
            while inputs and inputs[-1] is None:
                inputs.pop()
            results = self.apply(node, inputs)
            for name, value in zip(node.outputs, results if isinstance(results, tuple) else (results,)):
                self.values[name] = value
        return self.finish()

    def check_known(self, node):
        if node.domain not in DOMAINS:
            node.refuse("is of a domain that is not known here", "export with standard operators")
        if node.type in REMEDIES:
            node.refuse(*REMEDIES[node.type])
        if node.type not in OPERATORS and node.type not in READOUTS and node.type not in ("Shape", "Size"):
            node.refuse("is not known here", TABLE_HINT)

    def apply(self, node, inputs):
        tensors = [value for value in inputs if isinstance(value, Tensor)]
        answers = [value for value in inputs if isinstance(value, Answer)]
        if node.type == "Shape" and tensors:
            return shape_of(node, np.empty((1, *tensors[0].shape)))[0]
        if answers:
            return self.read_off(node, inputs, answers[0])
        if not tensors:
            return self.fold(node, inputs)
        if node.type in ("LinearClassifier", "LinearRegressor"):
            return self.linear_model(node, tensors[0])
        if node.type in READOUTS:
            return self.answer(node, tensors[0])
        if node.type in LAYOUT:
            return self.move(node, inputs, tensors)
        if node.type in ELEMENTWISE:
            return self.element(node, inputs, tensors)
        if node.type in LINEAR:
            return self.sum_up(node, inputs, tensors)
        return node.refuse("depends on the image", TABLE_HINT)

    def fold(self, node, inputs):
        """Constants alone."""
        result = run(node, [wrapped(value) for value in inputs])
        return tuple(part[0] for part in result) if isinstance(result, tuple) else result[0]

    # ------------------------------------------------------------------------------------- element by element

    def move(self, node, inputs, tensors):
        if any(tensor.source is not tensors[0].source for tensor in tensors) or len(tensors) < len(inputs) and \
                node.type == "Concat":
            return self.sum_up(node, inputs, tensors)
        if node.type == "Gather" and not isinstance(inputs[0], Tensor) or isinstance(
                inputs[1] if len(inputs) > 1 else None, Tensor) and node.type != "Concat":
            node.refuse("picks places by the image", TABLE_HINT)
        moved = run(node, [value.index[None] if isinstance(value, Tensor) else wrapped(value) for value in inputs])
        if not isinstance(moved, tuple):
            return self.moved(node, inputs, tensors, moved[0], 0, False)
        return tuple(self.moved(node, inputs, tensors, part[0], i, True) for i, part in enumerate(moved))

    def moved(self, node, inputs, tensors, index, part, several):
        def function(values):
            result = run(node, evaluated(inputs, values))
            return result[part] if several else result
        whole = len(tensors) == 1
        straight = None
        if whole and tensors[0].straight is not None:
            straight = self.move(node, [tensors[0].straight, *inputs[1:]], [tensors[0].straight])
            straight = straight[part] if several else straight
        return Tensor(tensors[0].source, function, index, all(t.affine for t in tensors),
                      node.outputs[part], straight)

    def element(self, node, inputs, tensors):
        if node.type in FIRST_ONLY and any(isinstance(value, Tensor) for value in inputs[1:]):
            node.refuse("takes a parameter from the image", "keep all but its first input constant")
        indices = shared_indices(node, inputs, tensors)
        if indices is None:
            if node.type in JOINTLY_AFFINE:
                return self.sum_up(node, inputs, tensors)
            node.refuse("combines two different encrypted values, and neither a table nor a sum does that",
                        "keep all but one of its inputs constant")
        affine = all(tensor.affine for tensor in tensors) and stays_affine(node, inputs, tensors)
        straight = None
        if not affine and len(tensors) == 1:
            straight = tensors[0].straight if not tensors[0].affine else tensors[0]
        return Tensor(tensors[0].source, lambda values: run(node, evaluated(inputs, values)), indices,
                      affine, node.outputs[0], straight)

    # ------------------------------------------------------------------------------------------------- sums

    def sum_up(self, node, inputs, tensors):
        if node.type not in JOINTLY_AFFINE and node.type != "Concat" and (len(tensors) > 1 or not
                                                                          first_is_enough(node, inputs)):
            node.refuse("multiplies two encrypted tensors", "keep one of its inputs constant")
        straight = [self.as_neurons(node, tensor) for tensor in tensors]
        if len({id(tensor.source.base) for tensor in straight}) > 1:
            straight = self.brought_level(node, straight)
        replaced = iter(straight)
        values = [next(replaced) if isinstance(value, Tensor) else value for value in inputs]
        self.check_size(node, values, straight[0].source.base)
        matrix, constant = affine_form(node, values, straight[0].source.base)
        source = Source(straight[0].source.base, len(constant.reshape(-1)), 0, matrix, constant.reshape(-1),
                        node.outputs[0])
        return identity(source, constant.shape, node.outputs[0])

    def check_size(self, node, values, base):
        zeros = [value.function(np.zeros((1, value.source.size))) if isinstance(value, Tensor) else wrapped(value)
                 for value in values]
        sums = run(node, zeros).size
        if sums * base.size > MOST_WEIGHTS:
            node.refuse(f"makes {sums} sums of {base.size} values", "use smaller images or fewer channels")

    def as_neurons(self, node, tensor):
        """An affine function of a base's elements or of sums of them; a layer where it was more."""
        if tensor.affine and not tensor.source.raw:
            return tensor
        if tensor.source.raw:
            return self.as_levels(node, tensor)
        if not tensor.source.sums:
            tensor = self.copied(tensor)
        return self.as_layer(node, tensor)

    def copied(self, tensor):
        """A function of neurons as one of sums, each of one neuron."""
        base, size = tensor.source.base, tensor.source.size
        matrix = np.zeros((size, base.size))
        matrix[np.arange(size), tensor.source.start + np.arange(size)] = 1
        source = Source(base, size, 0, matrix, np.zeros(size), tensor.source.name)
        return Tensor(source, tensor.function, tensor.index, False, tensor.name, tensor.straight)

    def as_layer(self, node, tensor):
        if tensor.layer is None:
            rows = tensor.index.reshape(-1)
            self.neurons += len(rows)
            if self.neurons > self.limit:
                node.refuse(f"needs {self.neurons} bootstraps an image with what comes before it, and the limit is "
                            f"{self.limit}",
                            "make the layers before it smaller, or raise the limit (--most-bootstraps)")
            base = tensor.source.base.next()
            base.layers.append(Layer(tensor.source, element_function(tensor), rows, tensor.name, node))
            source = Source(base, len(rows), base.size, name=tensor.name)
            base.size += len(rows)
            tensor.layer = identity(source, tensor.shape, tensor.name)
        return tensor.layer

    def brought_level(self, node, tensors):
        """Operands that stand on different layers: what skips a layer is carried through it by neurons of its own."""
        deepest = max(tensor.source.base.depth for tensor in tensors)
        out = []
        for tensor in tensors:
            while tensor.source.base.depth < deepest:
                if tensor.source.raw:
                    tensor = self.as_levels(node, tensor)
                tensor = self.as_layer(node, tensor if tensor.source.sums else self.copied(tensor))
            out.append(tensor)
        return out

    def as_levels(self, node, tensor):
        """The image as its encrypted levels, each of which stands for a value of its own."""
        if tensor.layer is None:
            tensor.layer = self.straight_levels(node, tensor) if tensor.affine else self.mapped_levels(tensor)
        return tensor.layer

    def straight_levels(self, node, tensor):
        if self.level_values is not None:
            node.refuse("reads the image as it is, and another node reads it by levels of its own",
                        "quantize the image once, before all that reads it")
        self.plain_levels = True
        return Tensor(self.levels, tensor.function, tensor.index, True, tensor.name)

    def mapped_levels(self, tensor):
        """What the graph makes of each pixel by a function that is not affine: the client's map of levels, where it is
        one function for all of them."""
        values = np.repeat(self.pixel_values.astype(np.float32)[:, None], self.image.size, axis=1)
        made = tensor.function(values).reshape(256, -1).astype(np.float64)
        if np.all(made == made[:, :1]) and self.level_values is None and not self.plain_levels:
            self.level_values = made[:, 0]
            return gathered(self.levels, tensor.index, tensor.name)
        self.notes.append(f"tensor '{tensor.name}' is another function of each pixel: a straight line stands for each")
        if self.level_values is not None:
            raise UnsupportedModel("the graph quantizes the image in more than one way", "quantize it once")
        self.plain_levels = True
        return self.fitted_levels(tensor, made)

    def fitted_levels(self, tensor, made):
        low, high = self.seen
        x = self.pixel_values[low:high + 1]
        slope, offset = np.polyfit(x, made[low:high + 1], 1)
        flat = tensor.index.reshape(-1)
        return Tensor(self.levels, lambda values: (values[:, flat] * slope + offset).reshape(-1, *tensor.shape),
                      tensor.index, True, tensor.name)

    # -------------------------------------------------------------------------------------------------- readout

    def answer(self, node, tensor):
        if node.type == "Normalizer" and tensor.source.raw and tensor.affine:
            self.client_steps.append(node)
            self.notes.append(f"node '{node.name}' ({node.title}) works on the image before it is "
                              "encrypted: the client must do it")
            return tensor
        if tensor.source.raw:
            node.refuse("depends on the image", TABLE_HINT)
        return self.several(node, Answer(tensor, node.type))

    def linear_model(self, node, tensor):
        """scikit-learn's: sums, and the label that they name."""
        coefficients = np.asarray(node.get("coefficients"), np.float64)
        rows = coefficients.reshape(-1, tensor.index.size)
        names = node.get("classlabels_ints") or node.get("classlabels_strings") or node.get("classlabels_int64s")
        gemm = node.derived("Gemm", [], node.outputs[-1:], transB=1)
        offsets = np.asarray(node.get("intercepts", np.zeros(len(rows))), np.float64)
        sums = self.sum_up(gemm, [tensor, rows, offsets], [tensor])
        if node.type == "LinearRegressor":
            return sums
        self.classes = tuple(str(name) for name in names or ())
        return self.several(node, Answer(sums, node.type))

    def several(self, node, answer):
        return tuple(answer for _ in node.outputs) if len(node.outputs) > 1 else answer

    def read_off(self, node, inputs, answer):
        if not keeps_order(node, inputs):
            node.refuse(f"works on what {answer.kind} made of encrypted values, which no table can hold",
                        f"end the graph at the input of {answer.kind}")
        self.note_classes(node, inputs)
        return self.several(node, answer)

    def note_classes(self, node, inputs):
        names = None
        if node.type == "ZipMap":
            names = node.get("classlabels_strings") or node.get("classlabels_int64s")
        elif node.type == "ArrayFeatureExtractor" and not isinstance(inputs[0], (Tensor, Answer)):
            names = np.asarray(inputs[0]).reshape(-1).tolist()
        if names:
            self.classes = tuple(str(name) for name in names)

    def finish(self):
        results = [self.values[name] for name in self.graph.outputs]
        if any(isinstance(value, np.ndarray) for value in results):
            raise UnsupportedModel("an output of the graph does not depend on its input", "name another (--output)")
        tensors = {id(t): t for t in (value.logits if isinstance(value, Answer) else value for value in results)}
        found = list(tensors.values())
        answers = [value.logits for value in results if isinstance(value, Answer)]
        if len(found) > 1 and answers:
            found = [tensor for tensor in found if any(tensor is item for item in answers)]
        if len(found) > 1:
            raise UnsupportedModel(f"the graph has {len(found)} outputs that differ ({', '.join(self.graph.outputs)})",
                                   "name the one of the logits (--output)")
        return found[0]


def keeps_order(node, inputs):
    """Does the class stay that of the largest logit?"""
    if node.type in ("Mul", "Div", "Add", "Sub"):
        constants = [np.asarray(value) for value in inputs if not isinstance(value, Answer)]
        first = isinstance(inputs[0], Answer) or node.type in ("Mul", "Add")
        fixed = len(constants) == 1 and constants[0].dtype.kind in "fiu" and constants[0].size == 1
        return first and fixed and (node.type in ("Add", "Sub") or constants[0].item() > 0)
    return node.type in READOUTS or node.type in ORDERLY


def shared_indices(node, inputs, tensors):
    """Which element of the source each element of the result depends on; None where that is more than one."""
    source = tensors[0].source
    if any(tensor.source is not source for tensor in tensors):
        return None
    shape = run(node, evaluated(inputs, np.zeros((1, source.size)))).shape[1:]
    first, *others = (np.broadcast_to(tensor.index, shape) for tensor in tensors)
    return first.copy() if all(np.array_equal(first, other) for other in others) else None


def stays_affine(node, inputs, tensors):
    kind = node.type
    if kind in AFFINE_IN_ANY:
        return True
    if kind == "Cast":
        return node.get("to") in FLOATS
    if kind == "Mul":
        return len(tensors) == 1
    return kind == "Div" and len(tensors) == 1 and isinstance(inputs[0], Tensor)


def first_is_enough(node, inputs):
    """Products take any operand encrypted; convolutions and sums over axes the first."""
    return isinstance(inputs[0], Tensor) or node.type in ("MatMul", "Gemm", "MatMulInteger")
