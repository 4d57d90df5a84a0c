"""What is made from the headers says what the headers say."""

import builtins
import inspect
import re

import pytest
import torusnn
from common import TOP
from torusnn import _declared, errors
from torusnn._library import check, error_of
from torusnn._native import ffi, lib

HEADERS = {name: (TOP / "include" / path).read_text() for name, path in {
    "status": "base/torusnn/status.h", "tfhe": "tfhe/torusnn/tfhe.h", "torusnn": "api/torusnn/torusnn.h"}.items()}
WITHOUT_COMMENTS = {name: re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL) for name, text in HEADERS.items()}
STATUSES = re.findall(r"^ +(TNN_ERR_\w+)", WITHOUT_COMMENTS["status"], re.MULTILINE)


def test_every_status_is_in_the_enum_in_its_place():
    assert STATUSES and [f"TNN_{status.name}" for status in torusnn.Status if status.name.startswith("ERR")] == STATUSES


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_raises_its_own_class_with_the_librarys_sentence(name):
    status = getattr(lib, name)
    sentence = ffi.string(lib.tnn_status_text(status)).decode()
    with pytest.raises(torusnn.TorusnnError, match=re.escape(sentence)) as caught:
        check(status)
    words = name.removeprefix("TNN_ERR_").split("_")
    assert type(caught.value).__name__ == "".join(map(str.capitalize, words)) + "Error"
    assert type(caught.value) is getattr(errors, type(caught.value).__name__)
    assert caught.value.status == status and caught.value.refusal is None and caught.value.fault is None


def test_ok_raises_nothing():
    assert check(lib.TNN_OK) is None


def test_what_python_has_a_name_for_is_caught_by_it():
    assert issubclass(errors.MemoryError, builtins.MemoryError) and issubclass(errors.BufferError, builtins.BufferError)


def test_a_sentence_of_the_call_goes_before_the_statuss():
    assert str(error_of(lib.TNN_ERR_LIMIT, "too many")) == "too many"


def test_every_public_function_is_there():
    functions = set()
    for text in WITHOUT_COMMENTS.values():
        functions |= set(re.findall(r"^TNN_API [\w *]*?\b(tnn_\w+)\(", text, re.MULTILINE))
    assert len(functions) > 60 and functions <= set(dir(lib))


def test_every_constant_is_there():
    constants = [name for text in WITHOUT_COMMENTS.values()
                 for name in re.findall(r"^#define (TNN_M(?:AX|IN)_\w+) ", text, re.MULTILINE)]
    assert len(constants) > 15 and all(isinstance(getattr(lib, name), int) for name in constants)


@pytest.mark.parametrize("name", [each for each in _declared.CLASSES if each.endswith(("_info", "refusal"))])
def test_a_dataclass_has_the_structures_fields(name):
    body = re.search(rf"typedef struct {name} {{(.*?)}} {name};", WITHOUT_COMMENTS["torusnn"], re.DOTALL)[1]
    fields = re.findall(r"(\w+)(?:\[\d+\])?;", body)
    assert list(_declared.CLASSES[name].__dataclass_fields__) == fields


def test_every_option_of_a_compilation_has_a_parameter():
    options = {name for name, _ in ffi.typeof("tnn_options").fields}
    parameters = set(inspect.signature(torusnn.Model.compile).parameters) - {"self", "spec", "exact"}
    # Images come with their number and size, progress with its handle; exact says the precision.
    assert options - {"pixels", "image_count", "user", "precision"} == parameters


def test_public_names_have_docstrings():
    undocumented = [f"{name}.{attribute}" for name in torusnn.__all__ if inspect.isclass(getattr(torusnn, name))
                    for attribute, value in vars(getattr(torusnn, name)).items()
                    if not attribute.startswith("_") and (callable(value) or isinstance(value, property))
                    and not inspect.getdoc(value)]
    assert not undocumented and not [name for name in torusnn.__all__ if not inspect.getdoc(getattr(torusnn, name))]
