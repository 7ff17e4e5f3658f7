"""What an ELF library asks for and offers, as binutils' readelf tells it."""
import dataclasses
import functools
import re
import subprocess


@dataclasses.dataclass(frozen=True)
class Symbol:
    name: str
    version: str  # "" where it has none
    weak: bool


@dataclasses.dataclass
class Elf:
    undefined: list        # of Symbol
    defined: set           # of (name, version)
    version_sources: dict  # version asked for -> soname that has to offer it


SYMBOL = re.compile(r"\s*\d+: \S+\s+\d+ (\w+)\s+(\w+)\s+\w+\s+(?:\[.*?\]\s+)?(\w+) ([^\s@]+)(?:@@?(\S+))?")


def readelf(path, *flags):
    return subprocess.run(["readelf", "-W", *flags, path], check=True, capture_output=True, text=True).stdout


@functools.cache
def needed_sonames(path):
    return re.findall(r"\(NEEDED\).*\[(\S+)\]", readelf(path, "-d"))


@functools.cache
def read_elf(path):
    text = readelf(path, "-V", "--dyn-syms")
    elf = Elf([], set(), {})
    for needed_file, versions in re.findall(r"Version: \d+  File: (\S+)  Cnt: \d+\n((?:\s+0x\w+:\s+Name: .*\n)*)", text):
        for version in re.findall(r"Name: (\S+)", versions):
            elf.version_sources[version] = needed_file
    for line in text.splitlines():
        symbol = SYMBOL.match(line)
        if symbol is None or symbol[1] == "SECTION" or symbol[2] == "LOCAL":
            continue
        if symbol[3] == "UND":
            elf.undefined.append(Symbol(symbol[4], symbol[5] or "", symbol[2] == "WEAK"))
        else:
            elf.defined.add((symbol[4], symbol[5] or ""))
    return elf
