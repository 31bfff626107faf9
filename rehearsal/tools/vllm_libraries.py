"""Makes a torch built for CUDA import without CUDA: writes a small library for each of CUDA's that torch is linked to.

    python vllm_libraries.py SITE_PACKAGES

Each has the functions that torch asks of it, in the versions it asks for, and all of them answer that there is no GPU.
They are ELF files of a kind that needs no linker: one function of six bytes, and a table of names for it.
"""

import mmap
import re
import struct
import sys
from collections import defaultdict
from pathlib import Path

CUDA_LIBRARY = re.compile(r"lib(cu|nv|nccl)")
CUDA_FUNCTION = re.compile(r"_*(cu|nv|nccl)", re.IGNORECASE)

PAGE = 4096
SYMBOL = struct.Struct("<IBBHQQ")
# Sections of a file, by type.
DYNAMIC, SYMBOLS, NEEDED_VERSIONS, SYMBOL_VERSIONS = 6, 11, 0x6FFFFFFE, 0x6FFFFFFF
# Entries of the dynamic section.
NEEDED, HASH, STRINGS, SYMBOL_TABLE, STRINGS_SIZE, SYMBOL_SIZE, SONAME = 1, 4, 5, 6, 10, 11, 14
VERSION_OF_SYMBOL, VERSIONS, VERSIONS_COUNT = 0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFD


class Library:
    """What a library of this machine has, and what it asks of others."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise SystemExit(f"{path} is no 64-bit little-endian ELF file")
        (at,) = struct.unpack_from("<Q", self.data, 40)
        size, count = struct.unpack_from("<HH", self.data, 58)
        # Name, type, flags, address, offset, size, link, info, alignment, entry size.
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, at + size * i) for i in range(count)]
        self.needed = [self.text(DYNAMIC, value) for tag, value in self.entries(DYNAMIC, "<QQ") if tag == NEEDED]
        self.defined, self.asked = set(), set()
        versions = self.needed_versions()
        version_of = [index for (index,) in self.entries(SYMBOL_VERSIONS, "<H")]
        for number, (name, info, _, section, _, _) in enumerate(self.entries(SYMBOLS, SYMBOL.format)):
            is_global = info >> 4 == 1
            if section != 0:
                self.defined.add(self.text(SYMBOLS, name))
            elif is_global and name != 0:
                library, version = versions.get(version_of[number] & 0x7FFF if version_of else 0, (None, None))
                self.asked.add((self.text(SYMBOLS, name), library, version))

    def section(self, kind):
        return next((section for section in self.sections if section[1] == kind), None)

    def entries(self, kind, layout):
        found = self.section(kind)
        return struct.iter_unpack(layout, self.data[found[4] : found[4] + found[5]]) if found else ()

    def text(self, kind, offset):
        """The string there, in the table that belongs to a section."""
        at = self.sections[self.section(kind)[6]][4] + offset
        return self.data[at : self.data.find(b"\0", at)].decode()

    def needed_versions(self):
        """Library and version, by the number under which symbols have them."""
        found, versions = self.section(NEEDED_VERSIONS), {}
        at = found[4] if found else None
        while at is not None:
            _, count, file, first, following = struct.unpack_from("<HHIII", self.data, at)
            entry = at + first
            for _ in range(count):
                _, _, number, name, next_entry = struct.unpack_from("<IHHII", self.data, entry)
                versions[number] = (self.text(NEEDED_VERSIONS, file), self.text(NEEDED_VERSIONS, name))
                entry += next_entry
            at = at + following if following else None
        return versions


def hash_of(name):
    """The hash of the System V ABI."""
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    return value


def write_library(path, symbols, answer):
    """A library whose every function returns a number. `symbols` are pairs of a name and a version or None."""
    names, offsets = bytearray(1), {}

    def string(text):
        if text not in offsets:
            offsets[text] = len(names)
            names.extend(text.encode() + b"\0")
        return offsets[text]

    symbols = sorted(symbols, key=lambda each: (each[0], each[1] or ""))
    # The first version is the file itself: symbols without one have that.
    versions = [path.name, *sorted({version for _, version in symbols if version})]
    code = b"\xb8" + struct.pack("<I", answer) + b"\xc3"  # mov eax, answer; ret
    code_at = 64 + 4 * 56

    function = 1 << 4 | 2
    table = bytes(SYMBOL.size) + b"".join(
        SYMBOL.pack(string(name), function, 0, 1, code_at, len(code)) for name, _ in symbols
    )
    numbers = struct.pack(
        f"<{len(symbols) + 1}H", 0, *(versions.index(version) + 1 if version else 1 for _, version in symbols)
    )
    definitions = b"".join(
        struct.pack("<HHHHIII", 1, number == 1, number, 1, hash_of(name), 20, 28 if number < len(versions) else 0)
        + struct.pack("<II", string(name), 0)
        for number, name in enumerate(versions, 1)
    )
    buckets, chain = [0] * max(1, len(symbols)), [0] * (len(symbols) + 1)
    for number, (name, _) in enumerate(symbols, 1):
        bucket = hash_of(name) % len(buckets)
        chain[number], buckets[bucket] = buckets[bucket], number
    hashes = struct.pack(f"<{2 + len(buckets) + len(chain)}I", len(buckets), len(chain), *buckets, *chain)

    body, at = bytearray(code), {}
    for tag, part in (
        (HASH, hashes),
        (SYMBOL_TABLE, table),
        (VERSION_OF_SYMBOL, numbers),
        (VERSIONS, definitions),
        (STRINGS, names),
    ):
        body.extend(bytes(-(code_at + len(body)) % 8))
        at[tag] = code_at + len(body)
        body.extend(part)
    # The file's own name is in the table already, as that of its first version.
    at |= {STRINGS_SIZE: len(names), SYMBOL_SIZE: SYMBOL.size, VERSIONS_COUNT: len(versions), SONAME: string(path.name)}
    dynamic = b"".join(struct.pack("<QQ", tag, value) for tag, value in at.items()) + bytes(16)
    # The loader writes into the dynamic section, so that has pages of its own.
    end = code_at + len(body)
    dynamic_at = end + -end % PAGE

    def segment(kind, flags, start, size, alignment):
        return struct.pack("<IIQQQQQQ", kind, flags, start, start, start, size, size, alignment)

    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, 62, 1, 0, 64, 0, 0, 64, 56, 4, 64, 0, 0
    )
    load, dynamic_segment, stack = 1, 2, 0x6474E551
    read, write, execute = 4, 2, 1
    header += segment(load, read | execute, 0, end, PAGE)
    header += segment(load, read | write, dynamic_at, len(dynamic), PAGE)
    header += segment(dynamic_segment, read | write, dynamic_at, len(dynamic), 8)
    # Without it a loader would have to make the stack executable, which new ones refuse.
    header += segment(stack, read | write, 0, 0, 16)
    path.write_bytes(header + body + bytes(dynamic_at - end) + dynamic)


def main(site_packages):
    # Beside torch's own libraries, where these look for others first.
    folder = Path(site_packages, "torch", "lib")
    libraries = [Library(path) for path in [*folder.glob("*.so*"), *folder.parent.glob("*.so")]]
    missing = {name for library in libraries for name in library.needed if CUDA_LIBRARY.match(name)}
    missing -= {path.name for path in folder.iterdir()}
    if not missing:
        return
    defined = set().union(*(library.defined for library in libraries))
    symbols = defaultdict(set)
    for library in libraries:
        links = [name for name in library.needed if name in missing] or sorted(missing)
        for name, file, version in library.asked:
            if file in missing:
                symbols[file].add((name, version))
            elif version is None and CUDA_FUNCTION.match(name) and name not in defined:
                # NCCL's and others have no version, so nothing says whose they are; any library at hand will do.
                symbols[links[0]].add((name, None))
    for name in sorted(missing):
        # cudaErrorNoDevice of the runtime; anything but 0 is an error in the others.
        write_library(folder / name, symbols[name], 100 if name.startswith("libcudart.") else 1)
        print(f"{name}: {len(symbols[name])} functions")


if __name__ == "__main__":
    main(sys.argv[1])
