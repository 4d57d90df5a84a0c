"""Makes from the public headers what the Python package would otherwise repeat of them: the extension module's C source
(cffi, API mode), `_declared.py` (enums, and a dataclass for each structure) and `errors.py` (an exception for each
status). CMake runs it in the build environment."""

import argparse
import builtins
import re
import subprocess
import tempfile
from pathlib import Path

import cffi

LAYERS = ("base", "tfhe", "api")  # the folders of the public headers
SYSTEM_HEADERS = ("stdbool.h", "stddef.h", "stdint.h")  # cffi knows their types
PROTOTYPE = re.compile(r"^ *(?!typedef)\w[\w *]*?\b(tnn_\w+)\([^;{}]*\);", re.MULTILINE)
PYTHON_TYPES = {"_Bool": "bool", "float": "float", "double": "float"}


def preprocessed(compiler, include):
    """The headers as the compiler sees them, without the system's, and its #define lines among them. A compiler that
    is not GNU's sees no attributes, which cffi cannot read."""
    with tempfile.TemporaryDirectory() as empty:
        for name in SYSTEM_HEADERS:
            Path(empty, name).touch()
        folders = [f"-I{include}/{layer}" for layer in LAYERS]
        command = [compiler, "-E", "-P", "-dD", "-nostdinc", "-U__GNUC__", f"-I{empty}", *folders, "-x", "c", "-"]
        return subprocess.run(command, input="#include <torusnn/torusnn.h>\n", text=True, check=True,
                              stdout=subprocess.PIPE).stdout


def symbols_of(nm, archive):
    """The names that an archive defines."""
    listing = subprocess.run([nm, "--defined-only", "-f", "posix", archive], text=True, check=True,
                             stdout=subprocess.PIPE).stdout
    return {line.split()[0] for line in listing.splitlines() if " " in line}


def callback(text, pointer, name):
    """The declaration of a Python function for a pointer to one, a typedef's or a member's."""
    result, arguments = re.search(rf"(\w+) \(\*{pointer}\)(\([^;]*\));", text).groups()
    return f'extern "Python" {result} {name}{arguments};'


def declarations(text, symbols):
    """What cffi reads: types, constants, and functions that there are."""
    constants = re.findall(r"^#define (TNN_\w+) +\S", text, re.MULTILINE)
    types = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    types = PROTOTYPE.sub(lambda found: found[0] if found[1] in symbols else "", types)
    return "\n".join([types, *(f"#define {name} ..." for name in constants),
                      callback(text, "tnn_progress", "progress_of_call"), callback(text, "read", "read_of_call")])


def camel(name):
    return "".join(word.capitalize() for word in name.split("_"))


def class_name(c_name):
    """tnn_circuit_info is CircuitInfo."""
    return camel(c_name.removeprefix("tnn_"))


def member_name(enum, c_name):
    """TNN_OBSTACLE_NOISE is NOISE; what has another prefix, or would start with a digit, loses TNN_ alone."""
    short = c_name.removeprefix(f"{enum.upper()}_")
    return short if short != c_name and short.isidentifier() else c_name.removeprefix("TNN_")


def enum_source(name, kind):
    members = [f"    {member_name(name, kind.elements[value])} = {value}" for value in sorted(kind.elements)]
    return "\n".join([f"class {class_name(name)}(IntEnum):", f'    """{name} of the C library."""', "", *members])


def python_type(kind):
    if kind.kind in ("struct", "enum"):
        return class_name(kind.cname.removeprefix("struct ").removeprefix("enum "))
    if kind.kind in ("array", "pointer"):
        return "str"
    return PYTHON_TYPES.get(kind.cname, "int")


def struct_source(name, kind):
    fields = [f"    {field}: {python_type(of.type)}" for field, of in kind.fields]
    return "\n".join(["@dataclass(frozen=True)", f"class {class_name(name)}:",
                      f'    """{name} of the C library."""', "", *fields])


def takes_callbacks(kind):
    return any(field.type.kind == "function" or (field.type.kind == "pointer" and field.type.item.kind == "function")
               for _, field in kind.fields)


def declared_source(ffi):
    """Enums first, then structures in an order in which each one's parts come before it."""
    kinds = {name: ffi.typeof(name) for name in ffi.list_types()[0]}
    enums = {name: kind for name, kind in kinds.items() if kind.kind == "enum"}
    structs = {name: kind for name, kind in kinds.items()
               if kind.kind == "struct" and kind.fields is not None and not takes_callbacks(kind)}
    by_depth = sorted(structs, key=lambda name: any(of.type.kind == "struct" for _, of in structs[name].fields))
    classes = [enum_source(name, kind) for name, kind in enums.items()]
    classes += [struct_source(name, structs[name]) for name in by_depth]
    head = ['"""Enums and structures of the C headers. Made by generate.py."""', "",
            "from dataclasses import dataclass", "from enum import IntEnum"]
    table = [f'    "{name}": {class_name(name)},' for name in [*enums, *by_depth]]
    return "\n".join(head) + "\n\n\n" + "\n\n\n".join(classes) + "\n\n\nCLASSES = {\n" + "\n".join(table) + "\n}\n"


def error_name(c_name):
    """TNN_ERR_PARAMS_MISMATCH is ParamsMismatchError."""
    return camel(c_name.removeprefix("TNN_ERR_").lower()) + "Error"


def error_source(c_name):
    name = error_name(c_name)
    bases = f"TorusnnError, builtins.{name}" if hasattr(builtins, name) else "TorusnnError"
    return "\n".join([f"class {name}({bases}):", f'    """{c_name}"""', "",
                      f"    status = Status.{member_name('tnn_status', c_name)}"])


def errors_source(ffi):
    statuses = ffi.typeof("tnn_status").elements
    names = [statuses[value] for value in sorted(statuses) if statuses[value].startswith("TNN_ERR_")]
    head = ['"""An exception for each status of the library, which gives it its sentence. Made by generate.py."""', "",
            "import builtins", "", "from ._declared import Status", "from ._error import TorusnnError"]
    table = ",\n".join(f"    {error_name(name)}" for name in names)
    classes = "\n\n\n".join(error_source(name) for name in names)
    listed = "\n".join(f'    "{error_name(name)}",' for name in names)
    return ("\n".join(head) + "\n\n\n" + classes + f"\n\n\nALL = (\n{table},\n)\n\n"
            f'__all__ = [\n    "ALL",\n    "TorusnnError",\n{listed}\n]\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("package", "compiler", "nm", "archive", "include", "out"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    text = preprocessed(options.compiler, options.include)
    ffi = cffi.FFI()
    ffi.cdef(declarations(text, symbols_of(options.nm, options.archive)))
    ffi.set_source(f"{options.package}._native", "#include <torusnn/torusnn.h>")
    ffi.emit_c_code(f"{options.out}/_native.c")
    Path(options.out, "_declared.py").write_text(declared_source(ffi))
    Path(options.out, "errors.py").write_text(errors_source(ffi))


if __name__ == "__main__":
    main()
