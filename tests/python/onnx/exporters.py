"""ONNX files of trained nets, written by the exporters that people use, on scikit-learn's digits.

    python exporters.py FOLDER [NAME ...]     (requirements.txt)

writes NAME.onnx beside NAME.npz, which holds calibration images X, 360 test images and the classes that the exported
net names for them: ONNX Runtime's, or PyTorch's where ONNX Runtime has no kernels.
"""

import pathlib
import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = pathlib.Path(__file__).parent
CALIBRATION_IMAGES, TEST_IMAGES = 360, 360


def digits():
    """Images [count, 64] of values 0 to 16: those to train on, their labels, those to calibrate with, those to test
    with.
    A net is surer of images that it was trained on than of others, so a contract by agreement is found on others."""
    images, labels = load_digits(return_X_y=True)
    rest, test, left, _ = train_test_split(images.astype(np.float32), labels, test_size=TEST_IMAGES, random_state=0,
                                           stratify=labels)
    train, calibration, labels, _ = train_test_split(rest, left, test_size=CALIBRATION_IMAGES, random_state=0,
                                                     stratify=left)
    return train, labels, calibration, test


def runtime_classes(path, images, fused=False):
    """fused: by ONNX Runtime's default session. Its fused kernels of u8 times s8 saturate on processors without VNNI,
    which changes up to 1.4 % of the classes of these nets."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    if not fused:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    image = session.get_inputs()[0]
    batches = images[:, None] if image.shape[0] == 1 else images[None]
    first = np.concatenate([np.asarray(session.run(None, {image.name: batch})[0]) for batch in batches])
    return first.argmax(axis=1) if first.ndim == 2 and first.shape[1] > 1 else first.reshape(-1)


def kept(path, calibration, test, classes):
    np.savez(path.with_suffix(".npz"), X=calibration, test=test, classes=np.asarray(classes, np.int64))


# -------------------------------------------------------------------------------------------------- scikit-learn

def from_scikit_learn(path, classifier, labels_of=lambda labels: labels, **options):
    from skl2onnx import to_onnx
    train, labels, calibration, test = digits()
    classifier.fit(train, labels_of(labels))
    model = to_onnx(classifier, train[:1], options=options or None, target_opset={"": 17, "ai.onnx.ml": 3})
    path.write_bytes(model.SerializeToString())
    kept(path, calibration, test, runtime_classes(path, test))


def sklearn_relu(path):
    from sklearn.neural_network import MLPClassifier
    from_scikit_learn(path, MLPClassifier((24,), random_state=0, max_iter=150), zipmap=False)


def sklearn_scaled_tanh(path):
    """Behind a StandardScaler, with ZipMap."""
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    net = MLPClassifier((24,), activation="tanh", random_state=0, max_iter=150)
    from_scikit_learn(path, make_pipeline(StandardScaler(), net))


def sklearn_binary(path):
    from sklearn.neural_network import MLPClassifier
    net = MLPClassifier((16,), activation="logistic", random_state=0, max_iter=200)
    from_scikit_learn(path, net, lambda labels: (labels > 4).astype(np.int64), zipmap=False)


# -------------------------------------------------------------------------------------------------- ONNX Runtime

def runtime_quantized(path, layout, activations, weights, by_channel):
    """A float net of scikit-learn, quantized statically."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    plain = path.with_name(path.stem + "-float.onnx")
    sklearn_relu(plain)
    _, _, calibration, test = digits()

    class Images(CalibrationDataReader):
        def __init__(self):
            self.batches = iter([{"X": calibration[i:i + 60]} for i in range(0, CALIBRATION_IMAGES, 60)])

        def get_next(self):
            return next(self.batches, None)
    quantize_static(str(plain), str(path), Images(), quant_format=QuantFormat[layout], per_channel=by_channel,
                    activation_type=QuantType[activations], weight_type=QuantType[weights])
    kept(path, calibration, test, runtime_classes(path, test))


def ort_qdq_per_tensor(path):
    runtime_quantized(path, "QDQ", "QUInt8", "QUInt8", False)


def ort_qdq_per_channel(path):
    runtime_quantized(path, "QDQ", "QInt8", "QInt8", True)


def ort_qdq_s8s8(path):
    runtime_quantized(path, "QDQ", "QInt8", "QInt8", False)


def ort_qdq_u8s8(path):
    runtime_quantized(path, "QDQ", "QUInt8", "QInt8", False)


def ort_qoperator(path):
    runtime_quantized(path, "QOperator", "QUInt8", "QUInt8", False)


# ------------------------------------------------------------------------------------------------------- PyTorch

def trained(net, train, labels, epochs, rate=0.01):
    import torch
    torch.set_num_threads(1)
    images, classes = torch.from_numpy(train), torch.from_numpy(labels)
    optimizer = torch.optim.Adam(net.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    generator = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for batch in torch.randperm(len(images), generator=generator).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(images[batch]), classes[batch]).backward()
            optimizer.step()
        schedule.step()
    return net.eval()


def torchscript(path, net, shape=(64,), epochs=30):
    import torch
    train, labels, calibration, test = digits()
    train, calibration, test = (images.reshape(-1, *shape) / 16 for images in (train, calibration, test))
    trained(net, train, labels, epochs)
    torch.onnx.export(net, torch.from_numpy(train[:1]), str(path), opset_version=13, input_names=["image"],
                      dynamic_axes={"image": {0: "batch"}})
    kept(path, calibration, test, runtime_classes(path, test))


def torchscript_batchnorm(path):
    import torch
    from torch import nn
    torch.manual_seed(0)
    torchscript(path, nn.Sequential(nn.Linear(64, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 10)))


def torchscript_silu(path):
    """Flattened by a reshape that is computed."""
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(64, 24), nn.SiLU(), nn.Linear(24, 10))

        def forward(self, x):
            return torch.log_softmax(self.body(x.view(x.size(0), -1)), 1)
    torch.manual_seed(0)
    torchscript(path, Net(), (1, 8, 8))


def torchscript_convolution(path):
    import torch
    from torch import nn
    torch.manual_seed(0)
    torchscript(path, nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(),
                                    nn.Linear(64, 10)), (1, 8, 8))


def dynamo(path):
    """The file of the exporter of PyTorch 2 that dynamo.py wrote: PyTorch 2 is not needed to read it."""
    path.write_bytes((HERE / "dynamo.onnx").read_bytes())
    _, _, calibration, test = digits()
    calibration, test = (images.reshape(-1, 1, 8, 8) / 16 for images in (calibration, test))
    kept(path, calibration, test, runtime_classes(path, test))


# ------------------------------------------------------------------------------------------------------ brevitas

def quantized_net(sizes, bits, normalized=True):
    import torch
    from brevitas.nn import QuantLinear, QuantReLU
    torch.manual_seed(0)
    layers = []
    for inputs, outputs in zip(sizes[:-2], sizes[1:-1]):
        layers += [QuantLinear(inputs, outputs, bias=not normalized, weight_bit_width=bits)]
        layers += [torch.nn.BatchNorm1d(outputs)] if normalized else []
        layers += [QuantReLU(bit_width=bits)]
    return torch.nn.Sequential(*layers, QuantLinear(sizes[-2], sizes[-1], bias=True, weight_bit_width=bits))


def brevitas_exported(path, net, export, epochs, prepared=lambda images: images / 16):
    """Returns the calibration and test images, as the net takes them."""
    import torch
    train, labels, calibration, test = digits()
    train, calibration, test = prepared(train), prepared(calibration), prepared(test)
    trained(net, train, labels, epochs)
    export(net, args=torch.from_numpy(train[:1]), export_path=str(path), opset_version=13)
    return calibration, test


def brevitas_qonnx(path):
    """ONNX Runtime has no kernels for it: the classes are PyTorch's."""
    import torch
    from brevitas.export import export_qonnx
    net = quantized_net((64, 32, 10), 4)
    calibration, test = brevitas_exported(path, net, export_qonnx, 30)
    with torch.no_grad():
        kept(path, calibration, test, net(torch.from_numpy(test)).argmax(1).numpy())


def brevitas_to_qcdq(path, net, epochs, **options):
    from brevitas.export import export_onnx_qcdq
    calibration, test = brevitas_exported(path, net, export_onnx_qcdq, epochs, **options)
    kept(path, calibration, test, runtime_classes(path, test))


def brevitas_qcdq(path):
    brevitas_to_qcdq(path, quantized_net((64, 32, 10), 3, False), 30)


def enlarged(images):
    """8 x 8 to 28 x 28 pixels of 256 values, in 0..1."""
    import torch
    big = torch.nn.functional.interpolate(torch.from_numpy(images).reshape(-1, 1, 8, 8) / 16, (28, 28), mode="bilinear",
                                          align_corners=False)
    return (torch.round(big * 255) / 255).reshape(-1, 784).numpy()


def brevitas_two_bits(path):
    """784-64-64-64-10, weights and activations of two bits."""
    brevitas_to_qcdq(path, quantized_net((784, 64, 64, 64, 10), 2), 40, prepared=enlarged)


EXPORTERS = {function.__name__: function for function in (
    sklearn_relu, sklearn_scaled_tanh, sklearn_binary, ort_qdq_per_tensor, ort_qdq_per_channel, ort_qdq_s8s8,
    ort_qdq_u8s8, ort_qoperator, torchscript_batchnorm, torchscript_silu, torchscript_convolution, dynamo,
    brevitas_qonnx, brevitas_qcdq, brevitas_two_bits)}


LEAST_CLEAR, LEAST_ENCRYPTED = 0.99, 0.98  # share of classes that a conversion keeps
TWO_BITS = "brevitas_two_bits"              # which is converted for 0.99, and keeps as many encrypted


def least_encrypted(name):
    return LEAST_CLEAR if name == TWO_BITS else LEAST_ENCRYPTED


def main(folder, *names):
    for name in names or EXPORTERS:
        EXPORTERS[name](pathlib.Path(folder) / f"{name}.onnx")


if __name__ == "__main__":
    main(*sys.argv[1:])
