"""Builds a plugin as WebAssembly and checks its size, its exports and its imports.

usage: wasm.py CLANG LIMIT SOURCE OUTPUT FLAG...
"""
import os
import subprocess
import sys
import tempfile

FLAGS = ["--target=wasm32-unknown-unknown", "-Os", "-ffreestanding", "-nostdlib", "-mcpu=mvp", "-msign-ext", "-mbulk-memory",
         "-Wl,--no-entry,--stack-first,-z,stack-size=65536,--strip-all,--compress-relocations"]
EXPORTS = {"memory", "_initialize", "eshost_abi_v1", "alloc", "describe", "handle_command", "handle_event"}
IMPORTS = {("eshost_v1", "panic"), ("eshost_v1", "log")}


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def name(self):
        return self.take(self.number()).decode()


def sections(module):
    r = Reader(module)
    assert r.take(8) == b"\0asm\1\0\0\0"
    while r.at < len(module):
        kind = r.number()
        yield kind, Reader(r.take(r.number()))


def main(clang, limit, source, output, *flags):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, output)
        subprocess.run([clang, *FLAGS, *flags, source, "-o", path], check=True)
        with open(path, "rb") as file:
            module = file.read()
    exports, imports = set(), set()
    for kind, r in sections(module):
        if kind == 7:
            for _ in range(r.number()):
                exports.add(r.name())
                r.take(1)
                r.number()
        if kind == 2:
            for _ in range(r.number()):
                imports.add((r.name(), r.name()))
                assert r.take(1) == b"\0", "an import that is no function"
                r.number()
    assert exports == EXPORTS, "exports: %s" % sorted(exports)
    assert imports <= IMPORTS, "imports: %s" % sorted(imports)
    assert len(module) <= int(limit), "%s is %d bytes large, the limit is %s" % (output, len(module), limit)
    print("%s: %d bytes" % (output, len(module)))


main(*sys.argv[1:])
