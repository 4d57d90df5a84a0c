"""The trainer and the evaluator take the same data and refuse the same with the same sentence:
python3 test_alike.py build/release/examples/medmnist

Every odd file goes through the trainer's reading (examples/train/data.py, which needs NumPy alone) and through the
program; where both read it, accuracy and AUC of a small model say that they read the same pixels and labels.
"""

import io
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest
import warnings
import zipfile
from unittest import mock

import numpy as np

TRAINER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "train")
sys.path.insert(0, TRAINER)
sys.dont_write_bytecode = True

import data  # noqa: E402
import measure  # noqa: E402
from errors import TrainerError  # noqa: E402
from model_file import Layer, Model, integer_logits, write_model  # noqa: E402

EVALUATOR = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
COUNT, HEIGHT, WIDTH, CLASSES = 12, 4, 5, 3
MUTATIONS = 200

GENERATOR = np.random.default_rng(1)
PIXELS = GENERATOR.integers(0, 256, (COUNT, HEIGHT, WIDTH), dtype=np.uint8)
LABELS = np.arange(COUNT) % CLASSES


def small_model():
    first = Layer(GENERATOR.integers(-1, 2, (2, HEIGHT * WIDTH)).astype(np.int16), np.zeros(2, np.int32),
                  np.array([[-150, 149]] * 2, np.int32), GENERATOR.integers(-30, 30, (2, CLASSES, 16)).astype(np.int16))
    last = Layer(np.tile(np.eye(CLASSES, dtype=np.int16), (1, 2)), np.zeros(CLASSES, np.int32))
    return Model(HEIGHT, WIDTH, 1, 16, 0.01, {}, [first, last])


# -------------------------------------------------------------------------------------------------- writing files --

def npy(descr, shape, contents, order=False, version=(1, 0), header=None):
    """A .npy file; header replaces what its dictionary would say."""
    text = header or f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}, }}\n"
    length = struct.pack("<H" if version[0] == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text.encode("latin-1") + contents


def numpy_file(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


IMAGES_FILE, LABELS_FILE = numpy_file(PIXELS), numpy_file(LABELS[:, None].astype(np.uint8))


def archive(members, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as written:
        warnings.simplefilter("ignore")  # of two members of one name
        for name, contents in members:
            written.writestr(name, contents)
    return file.getvalue()


def wide_archive(members):
    """As archives of more than 2 GiB are written."""
    with mock.patch.multiple(zipfile, ZIP64_LIMIT=100, ZIP_FILECOUNT_LIMIT=1):
        return archive(members)


def saved(save):
    file = io.BytesIO()
    save(file, **{f"{name}_{kind}": array for name in data.SPLITS
                  for kind, array in (("images", PIXELS), ("labels", LABELS))})
    return file.getvalue()


def test_split(images=IMAGES_FILE, labels=LABELS_FILE, more=(), method=zipfile.ZIP_STORED):
    return archive([("test_images.npy", images), ("test_labels.npy", labels), *more], method)


def images(array):
    return test_split(images=numpy_file(array))


def labels(array):
    return test_split(labels=numpy_file(np.asarray(array)))


def header(text):
    return test_split(images=npy(None, None, PIXELS.tobytes(), header=text))


def labels_header(text):
    return test_split(labels=npy(None, None, bytes(LABELS.tolist()), header=text))


def patched(contents, offset, value, layout="<I"):
    changed = bytearray(contents)
    struct.pack_into(layout, changed, offset % len(changed), value)
    return bytes(changed)


def directory_entry(contents, name):
    """Where a member stands in the archive's central directory."""
    return contents.rindex(b"PK\x01\x02", 0, contents.rindex(name.encode()))


ORDINARY = test_split()
DEFLATED = test_split(method=zipfile.ZIP_DEFLATED)
IMAGES_ENTRY = directory_entry(ORDINARY, "test_images.npy")
SHAPE = str(PIXELS.shape)
BIG_SHAPE = f"({10 ** 14}, {10 ** 14}, 1)"

ACCEPTED = {
    "ordinary": ORDINARY,
    "deflated": DEFLATED,
    "numpy.savez": saved(np.savez),
    "numpy.savez_compressed": saved(np.savez_compressed),
    "sizes of 64 bits": wide_archive([("test_images.npy", IMAGES_FILE), ("test_labels.npy", LABELS_FILE)]),
    "empty members beside": test_split(more=[("train_images.npy", b""), ("read me.txt", b"hello")]),
    "bytes behind the archive": ORDINARY + bytes(100),
    "images in Fortran order": images(np.asfortranarray(PIXELS)),
    "one channel": images(PIXELS[..., None]),
    "one channel in Fortran order": images(np.asfortranarray(PIXELS[..., None])),
    "type <u1": test_split(images=npy("<u1", SHAPE, PIXELS.tobytes())),
    "type >u1": test_split(images=npy(">u1", SHAPE, PIXELS.tobytes())),
    "version 2": test_split(images=npy("|u1", SHAPE, PIXELS.tobytes(), version=(2, 0))),
    "version 3": test_split(images=npy("|u1", SHAPE, PIXELS.tobytes(), version=(3, 0))),
    "double quotes": header(f'{{"descr": "|u1", "fortran_order": False, "shape": {SHAPE}}}'),
    "keys in another order": header(f"{{'shape': {SHAPE}, 'fortran_order': False, 'descr': '|u1'}}"),
    "no blanks": header(f"{{'descr':'|u1','fortran_order':False,'shape':{SHAPE.replace(' ', '')}}}"),
    "tabs and line breaks": header(f"\t{{'descr' :\r\n'|u1',\n'fortran_order':\tFalse ,\n'shape': {SHAPE} , }}\n"),
    "sides of Python 2": header("{'descr': '|u1', 'fortran_order': False, 'shape': (12L, 4L, 5L), }"),
    "header of 65535 bytes": header(f"{{'descr': '|u1', 'fortran_order': False, 'shape': {SHAPE}, }}".ljust(65535)),
    "labels in a row": labels(LABELS[None, :]),
    "labels in Fortran order": labels(np.asfortranarray(LABELS[:, None])),
    "flat labels": labels(LABELS),
    "one image": test_split(numpy_file(PIXELS[:1]), numpy_file(LABELS[:1])),
    **{f"labels {kind}": labels(LABELS.astype(kind))
       for kind in ("i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", ">i4", "<u8", ">u8", "<i8", ">i8")},
}

REFUSED = {
    "no bytes": (b"", "is empty"),
    "HTML": (b"<!DOCTYPE html><html><title>Log in</title></html>", "is a web page"),
    "HTML behind blanks": (b"\xef\xbb\xbf\r\n\t <html>", "is a web page"),
    "XML": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is a web page"),
    "text": (b"version https://git-lfs.github.com/spec/v1\n", "is not an .npz archive"),
    "a .npy file": (IMAGES_FILE, "is a single .npy array"),
    "bytes before the archive": (b"\0" + ORDINARY, "is not an .npz archive"),
    "a letter": (b"P", "is not an .npz archive"),
    "the first half": (ORDINARY[:len(ORDINARY) // 2], "is cut short"),
    "all but a byte": (ORDINARY[:-1], "is cut short"),
    "a changed pixel": (patched(ORDINARY, ORDINARY.index(PIXELS.tobytes()), 77, "B"), "is cut short"),
    "a changed code": (patched(DEFLATED, 150, 0xffffffff), "is cut short"),
    "another checksum": (patched(ORDINARY, IMAGES_ENTRY + 16, 1), "is cut short"),
    "a larger size": (patched(DEFLATED, directory_entry(DEFLATED, "test_images.npy") + 24, 1000), "is cut short"),
    "more than 1 GiB": (patched(ORDINARY, IMAGES_ENTRY + 24, (1 << 30) + 1), "more than 1 GiB"),
    "encrypted": (patched(ORDINARY, IMAGES_ENTRY + 8, 1, "<H"), "is encrypted or compressed"),
    "bzip2": (test_split(method=zipfile.ZIP_BZIP2), "is encrypted or compressed"),
    "lzma": (test_split(method=zipfile.ZIP_LZMA), "is encrypted or compressed"),
    "no members": (archive([]), "test_images.npy: is not in the archive"),
    "another split": (archive([("train_images.npy", IMAGES_FILE)]), "test_images.npy: is not in the archive"),
    "no labels": (archive([("test_images.npy", IMAGES_FILE)]), "test_labels.npy: is not in the archive"),
    "names without .npy": (archive([("test_images", IMAGES_FILE), ("test_labels", LABELS_FILE)]), "not in the archive"),
    "names in a folder": (archive([("set/test_images.npy", IMAGES_FILE)]), "not in the archive"),
    "names in capitals": (archive([("Test_Images.npy", IMAGES_FILE)]), "not in the archive"),
    "images twice": (test_split(more=[("test_images.npy", numpy_file(PIXELS * 0))]), "two members named test_images"),
    "others twice": (test_split(more=[("a.npy", b"1"), ("a.npy", b"2")]), "two members named a.npy"),
    "1001 members": (test_split(more=[(f"{number}.npy", b"") for number in range(999)]), "holds 1001 files"),
    "no array": (test_split(images=b""), "is not a .npy array"),
    "a prefix": (test_split(images=IMAGES_FILE[:10]), "is not a .npy array"),
    "half a header": (test_split(images=IMAGES_FILE[:40]), "is not a .npy array"),
    "version 4": (test_split(images=npy("|u1", SHAPE, PIXELS.tobytes(), version=(4, 0))), "is not a .npy array"),
    "version 1.1": (test_split(images=npy("|u1", SHAPE, PIXELS.tobytes(), version=(1, 1))), "is not a .npy array"),
    "a long header": (test_split(images=npy("|u1", SHAPE, PIXELS.tobytes(), version=(2, 0), header=" " * 65536)),
                      "is not a .npy array"),
    "a byte too many": (test_split(images=IMAGES_FILE + b"\0"), "has 241 bytes of data"),
    "a byte too few": (test_split(images=IMAGES_FILE[:-1]), "has 239 bytes of data"),
    "a shape beyond 64 bits": (test_split(images=npy("|u1", BIG_SHAPE, PIXELS.tobytes())), "not what its shape (1000"),
    **{f"header {text}": (header(text), "has a header that is not one array's") for text in (
        "", "{", "{}", "[]", "{'descr': '|u1', 'fortran_order': False}", "x{'descr': '|u1', 'fortran_order': False, }",
        f"{{'descr': '|u1', 'fortran_order': False, 'shape': {SHAPE}}} # comment",
        f"{{'descr': '|u1' 'fortran_order': False, 'shape': {SHAPE}}}",
        f"{{'descr': '|u1', 'fortran_order': False,, 'shape': {SHAPE}}}",
        f"{{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': {SHAPE}}}",
        f"{{'descr': '|u1', 'fortran_order': False, 'shape': {SHAPE}, 'more': 1}}",
        f"{{'descr': '|u1\", 'fortran_order': False, 'shape': {SHAPE}}}",
        f"{{'descr': '|u\n1', 'fortran_order': False, 'shape': {SHAPE}}}",
        f"{{'descr': '|u1\xe9', 'fortran_order': False, 'shape': {SHAPE}}}",
        f"{{'descr': '{16 * 'u'}', 'fortran_order': False, 'shape': {SHAPE}}}",
        f"{{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': {SHAPE}}}",
        f"{{'descr': '|u1', 'fortran_order': 0, 'shape': {SHAPE}}}",
        *(f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}" for shape in (
            "12", "(12)", "(,)", "(12, 4, 5", "[12, 4, 5]", "(12,, 4, 5)", "(12, -4, 5)", "(12, 4.0, 5)", "(0x12, 4)",
            "(1, 1, 1, 1, 1, 1, 1, 1, 1)", "(1000000000000000, 4, 5)", "(12, None)")))},
    "labels of type u1": (labels_header("{'descr': 'u1', 'fortran_order': False, 'shape': (12,)}"), "type 'u1'"),
    "labels of type =i1": (labels_header("{'descr': '=i1', 'fortran_order': False, 'shape': (12,)}"), "type '=i1'"),
    "labels of type |i4": (labels_header("{'descr': '|i4', 'fortran_order': False, 'shape': (3,)}"), "type '|i4'"),
    "labels of type u3": (labels_header("{'descr': '<u3', 'fortran_order': False, 'shape': (4,)}"), "type '<u3'"),
    "labels of no type": (labels_header("{'descr': '', 'fortran_order': False, 'shape': (12,)}"), "type ''"),
    "images of unequal sizes": (images(np.array([PIXELS[0], PIXELS[1, :2]], dtype=object)), "images of unequal sizes"),
    **{f"images {kind}": (images(PIXELS.astype(kind)), f"type '{text}'") for kind, text in (
        ("<f4", "<f4"), (">f8", ">f8"), ("<f2", "<f2"), ("bool", "|b1"), ("<c8", "<c8"), ("i1", "|i1"),
        ("<u2", "<u2"), (">i4", ">i4"), ("<i8", "<i8"))},
    **{f"images of shape {shape}": (images(np.zeros(shape, np.uint8)), f"is of shape {shape}") for shape in (
        (), (12,), (12, 20), (12, 1, 4, 5, 1), (0, 4, 5), (12, 0, 5), (12, 4, 5, 0))},
    **{f"labels {kind}": (labels(LABELS.astype(kind)), "not integers") for kind in ("<f4", "<f8", "bool", "<U1", "S1")},
    **{f"labels of shape {shape}": (labels(np.zeros(shape, np.uint8)), f"is of shape {shape} for 12 images")
       for shape in ((), (11,), (13,), (0,), (12, 3), (12, 14), (3, 4), (6, 2, 1))},
    "a negative label": (labels(np.where(LABELS == 2, -5, LABELS)), "image 2 has label -5; classes count from 0"),
    "a label beyond 63 bits": (labels(LABELS.astype(np.uint64) + (1 << 63)), f"has label {-2 ** 63}"),
}

# What the evaluator's model and the trainer's training images say of a split; the advice differs.
REFUSED_FOR_THE_MODEL = {
    "another size": ({"images": numpy_file(PIXELS.reshape(COUNT, WIDTH, HEIGHT))},
                     "holds images of 4 x 5 with 1 channels, the model reads 5 x 4 with 1"),
    "in colour": ({"images": numpy_file(np.repeat(PIXELS[..., None], 3, axis=3))},
                  "holds images of 5 x 4 with 3 channels, the model reads 5 x 4 with 1"),
    "an unknown class": ({"labels": numpy_file(np.where(np.arange(COUNT) == 7, 3, LABELS))},
                         "image 7 has label 3, the model knows 3 classes"),
}


# ------------------------------------------------------------------------------------------------------ the tests --

def trained_on(path, splits=("test",)):
    """The trainer's sentence, None where it reads the splits, and the last one."""
    try:
        return None, data.load_splits(path, splits)["test"] if "train" in splits else data.load_split(path, "test")
    except TrainerError as error:
        return str(error), None


class Alike(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path, self.model_path = (os.path.join(folder.name, name) for name in ("set.npz", "model.tnn"))
        self.figures_path = os.path.join(folder.name, "figures.json")
        self.model = small_model()
        write_model(self.model_path, self.model)

    def write(self, contents):
        with open(self.path, "wb") as file:
            file.write(contents)

    def evaluated(self):
        """The evaluator's sentence, None where it reads the test split."""
        done = subprocess.run([EVALUATOR, "--data", self.path, "--model", self.model_path, "--simulate-only",
                               "--json", self.figures_path], capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            return None
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, r"\Amedmnist: [^\n]*\n\Z")
        return done.stderr.removeprefix("medmnist: ").rstrip("\n")

    def check_figures(self, split):
        logits = integer_logits(self.model, data.quantize(split.images, 16))
        with open(self.figures_path, encoding="utf-8") as file:
            figures = json.load(file)
        self.assertEqual(figures["images"], len(split.labels))
        self.assertAlmostEqual(figures["clear_accuracy"], measure.accuracy(logits, split.labels))
        auc = measure.auc(logits * self.model.output_scale, split.labels)
        self.assertAlmostEqual(figures["clear_auc"] or 0, np.nan_to_num(auc))

    def test_both_read(self):
        for name, contents in ACCEPTED.items():
            with self.subTest(name):
                self.write(contents)
                refusal, split = trained_on(self.path)
                self.assertEqual((refusal, self.evaluated()), (None, None))
                self.check_figures(split)

    def test_both_refuse(self):
        for name, (contents, reason) in REFUSED.items():
            with self.subTest(name):
                self.write(contents)
                refusal, _ = trained_on(self.path)
                self.assertEqual(refusal, self.evaluated())
                self.assertIn(reason, refusal or "")

    def test_both_refuse_for_the_model(self):
        for name, (changes, reason) in REFUSED_FOR_THE_MODEL.items():
            with self.subTest(name):
                train = [("train_images.npy", IMAGES_FILE), ("train_labels.npy", LABELS_FILE)]
                self.write(test_split(more=train, **changes))
                refusal, _ = trained_on(self.path, ("train", "test"))
                self.assertEqual((refusal or "").split(";")[0], self.evaluated().split(";")[0])
                self.assertIn(reason, refusal)

    def test_both_refuse_places(self):
        for make, reason in ((lambda path: None, "cannot be read: No such file or directory"),
                             (os.mkfifo, "is not a regular file"),
                             (lambda path: os.symlink(path, path), "cannot be read: Too many levels of symbolic links"),
                             (lambda path: os.symlink("/dev/null", path), "is not a regular file")):
            with self.subTest(reason):
                make(self.path)
                refusal, _ = trained_on(data.find_file(None, self.path))
                self.assertEqual(refusal, self.evaluated())
                self.assertIn(reason, refusal)
            if os.path.lexists(self.path):
                os.remove(self.path)

    def test_both_escape_names(self):
        folder = os.path.dirname(self.path)
        for name in (b"a\nb\x1b[2J.npz", b"\xe2\x80\xae.npz", b"\xff\xc3.npz", "\u00e4 \u4e2d\x85.npz".encode()):
            with self.subTest(name):
                self.path = os.path.join(folder, os.fsdecode(name))
                refusal, _ = trained_on(self.path)
                self.assertEqual(refusal, self.evaluated())
                self.assertIn("\\x", refusal)

    def test_both_do_the_same_to_damage(self):
        dice = random.Random(1)
        read = 0
        for number in range(MUTATIONS):
            contents = bytearray((ORDINARY, DEFLATED)[number % 2])
            for _ in range(dice.choice((1, 1, 4))):
                contents[dice.randrange(len(contents))] = dice.randrange(256)
            with self.subTest(number):
                self.write(contents)
                refusal, split = trained_on(self.path)
                if (refusal or "").endswith("download the data again"):
                    self.assertIsNotNone(self.evaluated())
                    continue
                read += refusal is None
                said = self.evaluated()
                self.assertEqual(refusal, None if "the model" in (said or "") else said)
                if said is None:
                    self.check_figures(split)
        self.assertGreater(read, 0)


if __name__ == "__main__":
    unittest.main()
