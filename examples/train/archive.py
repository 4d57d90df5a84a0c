"""Zip archives as libzip reads them for the evaluator. Python's zipfile passes over faults of the directory at which
libzip stops, and stops at faults of local headers, which libzip does not read.
"""

import os
import struct
import zlib
from dataclasses import dataclass

# Signatures first. END: this disk, the directory's, members on this disk, members, the directory's bytes and offset, bytes
# of a comment. LOCATOR: disk and offset of END64, disks. END64: its bytes, versions, then as END without the comment.
END, LOCATOR, END64 = struct.Struct("<4s4H2IH"), struct.Struct("<4sIQI"), struct.Struct("<4sQ2H2I4Q")
# Signature, versions, flags, method, time, date, checksum, packed bytes, bytes, lengths of name, extra field and comment,
# disk, attributes, offset of LOCAL; which ends with the lengths of its own name and extra field.
MEMBER, LOCAL = struct.Struct("<4s6H3I5H2I"), struct.Struct("<26x2H")
LONGEST_COMMENT = 65535
WIDE16, WIDE32, WIDE_EXTRA = 0xffff, 0xffffffff, 1  # the value is in END64, or in the extra field of this number
STORED, DEFLATED = 0, 8
ENCRYPTED = 1  # flag bit


class Damage(Exception):
    """Bytes that are not what their archive says."""


@dataclass
class Member:
    name: bytes
    is_encrypted: bool
    method: int
    checksum: int
    packed_size: int
    size: int
    offset: int  # of the local header


def read_up_to(file, offset, count):
    """Less where the file ends before."""
    left = max(0, file.seek(0, os.SEEK_END) - offset)
    file.seek(offset if left else 0)
    return file.read(min(count, left))


def read_at(file, offset, count):
    contents = read_up_to(file, offset, count)
    if len(contents) != count:
        raise Damage
    return contents


def fields_at(file, offset, layout, signature):
    """Behind the signature."""
    found, *fields = layout.unpack(read_at(file, offset, layout.size))
    if found != signature:
        raise Damage
    return fields


def find_end(file):
    """Where the end record stands, and the file's length."""
    length = file.seek(0, os.SEEK_END)
    start = max(0, length - END.size - LONGEST_COMMENT)
    place = read_at(file, start, length - start).rfind(b"PK\x05\x06")
    if place < 0:
        raise Damage
    return start + place, length


def find_directory(file):
    """Offset, bytes and members of the directory."""
    end, length = find_end(file)
    disk, first_disk, here, members, size, offset, comment = fields_at(file, end, END, b"PK\x05\x06")
    if end + END.size + comment > length:
        raise Damage
    if WIDE16 in (here, members) or WIDE32 in (size, offset):
        _, end, _ = fields_at(file, max(0, end - LOCATOR.size), LOCATOR, b"PK\x06\x07")
        _, _, _, disk, first_disk, here, members, size, offset = fields_at(file, end, END64, b"PK\x06\x06")
    if disk != 0 or first_disk != 0 or here != members or offset + size > end:
        raise Damage
    return offset, size, members


def widened(extra, sizes):
    """The sizes and the offset of a member, of which those that do not fit 32 bits stand in an extra field."""
    wanted = sum(size == WIDE32 for size in sizes)
    while wanted and len(extra) >= 4:
        number, length = struct.unpack_from("<2H", extra)
        if number == WIDE_EXTRA and 8 * wanted <= length <= len(extra) - 4:
            wide = iter(struct.unpack_from(f"<{wanted}Q", extra, 4))
            return [next(wide) if size == WIDE32 else size for size in sizes]
        extra = extra[4 + length:]
    return sizes


def next_member(directory, at):
    """The member, and where the next one stands."""
    if len(directory) - at < MEMBER.size:
        raise Damage
    (signature, _, _, flags, method, _, _, checksum, packed_size, size, name_length, extra_length, comment_length, *_,
     offset) = MEMBER.unpack_from(directory, at)
    name_end = at + MEMBER.size + name_length
    extra_end = name_end + extra_length
    end = extra_end + comment_length
    if signature != b"PK\x01\x02" or end > len(directory):
        raise Damage
    size, packed_size, offset = widened(directory[name_end:extra_end], [size, packed_size, offset])
    name = directory[at + MEMBER.size:name_end]
    return Member(name, bool(flags & ENCRYPTED), method, checksum, packed_size, size, offset), end


def read_directory(file):
    """All members, in the archive's order."""
    offset, size, count = find_directory(file)
    directory, members, at = read_at(file, offset, size), [], 0
    for _ in range(count):
        member, at = next_member(directory, at)
        members.append(member)
    if at != size:
        raise Damage
    return members


def inflate(packed, most):
    """Up to `most` bytes."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
    except zlib.error as error:
        raise Damage from error


def read_member(file, member):
    """The contents of a stored or deflated member."""
    name_length, extra_length = LOCAL.unpack(read_at(file, member.offset, LOCAL.size))
    start = member.offset + LOCAL.size + name_length + extra_length
    if member.method == STORED:
        contents = read_at(file, start, member.packed_size)
    else:
        contents = inflate(read_up_to(file, start, member.packed_size), member.size + 1)
    if len(contents) != member.size or zlib.crc32(contents) != member.checksum:
        raise Damage
    return contents
