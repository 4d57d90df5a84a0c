"""Arrays of a NumPy .npz file, by the rules and in the words of examples/common/npz.c and npy.c: whatever the one
takes, the other does. numpy.load takes more, and of two members of one name the last.
"""

import os
import re
import stat
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

import archive
from errors import TrainerError

HEAD_BYTES = 512  # of a file, that tell what it is
MOST_MEMBERS = 1000
LARGEST_MEMBER = 1 << 30


@contextmanager
def damage_named(name):
    try:
        yield
    except (archive.Damage, OSError) as error:
        raise TrainerError(f"{name}: is cut short or damaged; download the data again") from error


# ---------------------------------------------------------------------------------------------------- the archive --

def open_regular(path):
    """A pipe is refused at once, whoever may write to it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise TrainerError(f"{path}: cannot be opened: {error.strerror}; check the path") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise TrainerError(f"{path}: is not a regular file; name a file")
    return open(descriptor, "rb")


def check_kind(file, path):
    """What is no archive is called what it is."""
    head = file.read(HEAD_BYTES)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return
    if not head:
        raise TrainerError(f"{path}: is empty; download the data again")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"<"):
        raise TrainerError(f"{path}: is a web page, not data: a login or error page was saved in its place; download "
                           "the data again")
    if head.startswith(b"\x93NUMPY"):
        raise TrainerError(f"{path}: is a single .npy array, not an archive of them; save all arrays with numpy.savez")
    raise TrainerError(f"{path}: is not an .npz archive; check which file was passed")


def check_members(names, path):
    """Of two members of one name each program might read another one."""
    if len(names) > MOST_MEMBERS:
        raise TrainerError(f"{path}: holds {len(names)} files, more than {MOST_MEMBERS}; check which file was passed")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise TrainerError(f"{path}: holds two members named {os.fsdecode(name)}; save the arrays anew with "
                               "numpy.savez")


def check_packing(member, name):
    if member.method not in (archive.STORED, archive.DEFLATED) or member.is_encrypted:
        raise TrainerError(f"{name}: is encrypted or compressed by another method than deflate; save the arrays with "
                           "numpy.savez_compressed")
    if member.size > LARGEST_MEMBER:
        raise TrainerError(f"{name}: unpacks to more than 1 GiB; check which file was passed")


class NpzFile:
    def __init__(self, file, members, path):
        self.file, self.members, self.path = file, {member.name: member for member in members}, path

    def read(self, key):
        """The array of the member `key`.npy."""
        name = f"{self.path}: {key}.npy"
        member = self.members.get(f"{key}.npy".encode())
        if member is None:
            raise TrainerError(f"{name}: is not in the archive; check which file was passed")
        check_packing(member, name)
        with damage_named(name):
            contents = archive.read_member(self.file, member)
        return parse(contents, name)


@contextmanager
def open_npz(path):
    with open_regular(path) as file:
        check_kind(file, path)
        with damage_named(path):
            members = archive.read_directory(file)
        check_members([member.name for member in members], path)
        yield NpzFile(file, members, path)


# ------------------------------------------------------------------------------------------------------ the array --

MAGIC = b"\x93NUMPY"
PREFIX_BYTES = {1: 10, 2: 12, 3: 12}  # magic, version, length of the header
LONGEST_HEADER = 65535
BLANKS = r"[ \t\r\n]*"
SIDE = rf"{BLANKS}[0-9]{{1,15}}L?{BLANKS}"  # Python 2 wrote some with an L
SHAPE = rf"\((?:{BLANKS}|(?:{SIDE},){{1,8}}{BLANKS}|(?:{SIDE},){{1,7}}{SIDE})\)"
WORD = r"""[^'"\\\x00-\x1f\x7f-\uffff]"""
VALUES = {"descr": rf"""'(?P<type>{WORD}{{0,15}})'|"(?P<type2>{WORD}{{0,15}})\"""",
          "fortran_order": r"(?P<order>True|False)",
          "shape": rf"(?P<shape>{SHAPE})"}
ENTRY = re.compile(BLANKS + "(?:" + "|".join(rf"""(?:'{key}'|"{key}"){BLANKS}:{BLANKS}(?:{value})"""
                                             for key, value in VALUES.items()) + ")" + BLANKS)
TYPE = re.compile(r"[<>|][ui]1|[<>][ui][248]")


@dataclass
class Header:
    type: str  # as NumPy names it, such as <i8
    fortran_order: bool
    shape: tuple


@dataclass
class NpyArray:
    type: str
    values: np.ndarray  # in C order, of the machine's own integers


def header_text(contents, name):
    """The dictionary's text, and where the elements start."""
    major = contents[6] if len(contents) >= 12 and contents.startswith(MAGIC) and contents[7] == 0 else 0
    start = PREFIX_BYTES.get(major)
    length = int.from_bytes(contents[8:start], "little") if start else 0
    if start is None or length > LONGEST_HEADER or length > len(contents) - start:
        raise TrainerError(f"{name}: is not a .npy array of version 1 to 3; download the data again")
    return contents[start:start + length].decode("latin-1"), start + length


def header_entries(text):
    """The entries of a dictionary of the three keys, each once, with or without a comma at its end; None for other
    text."""
    opening = re.match(BLANKS + r"\{", text)
    found, at, separated = {}, opening.end() if opening else 0, opening is not None
    for _ in VALUES:
        entry = ENTRY.match(text, at) if separated else None
        if entry is None or entry.lastgroup.rstrip("2") in found:
            return None
        found[entry.lastgroup.rstrip("2")] = entry.group(entry.lastgroup)
        separated = text.startswith(",", entry.end())
        at = entry.end() + separated
    return found if re.fullmatch(BLANKS + r"\}" + BLANKS, text[at:]) else None


def parse_header(text, name):
    found = header_entries(text)
    if found is None:
        raise TrainerError(f"{name}: has a header that is not one array's; save it anew with NumPy")
    shape = tuple(int(side) for side in re.findall("[0-9]+", found["shape"]))
    return Header(found["type"], found["order"] == "True", shape)


def check_type(kind, name):
    if kind in ("|O", "O"):
        raise TrainerError(f"{name}: holds Python objects, as NumPy saves images of unequal sizes; save one array of "
                           "integers")
    if not TYPE.fullmatch(kind):
        raise TrainerError(f"{name}: holds values of type '{kind}', not integers; save pixels as uint8 from 0 to 255, "
                           "labels as class numbers from 0")


def parse(contents, name):
    """A .npy file's integers, in C order."""
    text, start = header_text(contents, name)
    header = parse_header(text, name)
    check_type(header.type, name)
    kind, elements = np.dtype(header.type), 1
    for side in header.shape:
        elements *= side
    if len(contents) - start != elements * kind.itemsize:
        raise TrainerError(f"{name}: has {len(contents) - start} bytes of data, not what its shape {header.shape} "
                           "needs; download the data again")
    order = "F" if header.fortran_order else "C"
    values = np.frombuffer(contents, kind, offset=start).reshape(header.shape, order=order)
    return NpyArray(header.type, values.astype(kind.newbyteorder("="), order="C"))
