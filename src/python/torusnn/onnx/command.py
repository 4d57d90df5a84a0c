"""torusnn import: an ONNX file to a model file."""

from ..command._errors import CommandError
from ..command._options import positive
from ..train.errors import TrainerError
from ..train.output import check_writable, write_whole
from . import AGREEMENT, MOST_BOOTSTRAPS, Settings, UnsupportedModel, from_onnx
from .pixels import calibration_array


def add_arguments(parser):
    parser.add_argument("onnx", metavar="MODEL.onnx", help="the file to convert")
    parser.add_argument("--calibration", required=True, metavar="X.npz",
                        help="images as the graph takes them: X in an .npz file, or an .npy file")
    parser.add_argument("--out", required=True, metavar="M.tnn", help="model file to write")
    parser.add_argument("--scale", type=float, help="calibration holds bytes; the graph takes scale * byte + offset")
    parser.add_argument("--offset", type=float, default=0.0, help="see --scale (default: 0)")
    parser.add_argument("--output", metavar="TENSOR", help="tensor of the logits, where the graph has several outputs")
    parser.add_argument("--agreement", type=float, default=AGREEMENT, metavar="SHARE",
                        help=f"of classes that the contract in the file keeps (default: {AGREEMENT})")
    parser.add_argument("--most-bootstraps", type=positive, default=MOST_BOOTSTRAPS, metavar="COUNT",
                        help=f"refuse a graph that takes more (default: {MOST_BOOTSTRAPS})")
    parser.add_argument("--weight-bits", type=positive, help="of weights that are not quantized (default: tried)")
    parser.add_argument("--levels", type=positive, help="of activations that are not quantized (default: tried)")


def settings_of(options):
    if options.weight_bits is None and options.levels is None:
        return None
    usual = Settings()
    return Settings(options.weight_bits or usual.weight_bits, options.levels or usual.levels)


def run(options):
    try:
        check_writable([options.out], options.onnx)
        model = from_onnx(options.onnx, calibration_array(options.calibration), scale=options.scale,
                          offset=options.offset, output=options.output, settings=settings_of(options),
                          most_bootstraps=options.most_bootstraps, agreement=options.agreement,
                          tell=lambda line: print(line, flush=True))
        print(model.report)
        write_whole(options.out, model.to_bytes())
    except (UnsupportedModel, TrainerError) as error:
        raise CommandError(str(error)) from error
