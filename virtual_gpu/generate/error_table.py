"""Writes error_table() as C++: the number, the runtime's name, the driver's name and the text of every CUDA error.

usage: error_table.py CUDA_DIR error_table.cpp

Numbers and names are those of the headers' enumerations. Texts are what the real libcudart says when it lies in
CUDA_DIR/lib; without it they are made from the names: "invalid resource handle" of cudaErrorInvalidResourceHandle.
"""
import ctypes
import json
import pathlib
import re
import sys


def without_comments(path):
    return re.sub(r"/\*.*?\*/", "", path.read_text(errors="replace"), flags=re.DOTALL)


def enumerators(text, name):
    body = re.search(rf"enum\s+(?:__device_builtin__\s+)?{name}\s*{{(.*?)}}", text, re.DOTALL).group(1)
    return {int(value, 0): key for key, value in re.findall(r"(\w+)\s*=\s*(\w+)", body)}


def real_texts(cuda_dir):
    for library in sorted((cuda_dir / "lib").glob("libcudart.so.*")):
        describe = ctypes.CDLL(str(library)).cudaGetErrorString
        describe.restype = ctypes.c_char_p
        return lambda code: describe(code).decode()
    return lambda code: "unrecognized error code"


def derived_text(name):
    words = re.sub(r"^(cudaError|cuda|CUDA_ERROR_|CUDA_)", "", name)
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", words).lower()


def main(cuda_dir, target):
    cuda_dir = pathlib.Path(cuda_dir)
    runtime = enumerators(without_comments(cuda_dir / "include/driver_types.h"), "cudaError")
    driver = enumerators(without_comments(cuda_dir / "include/cuda.h"), "cudaError_enum")
    text_of = real_texts(cuda_dir)
    rows = []
    for code in sorted(runtime.keys() | driver.keys()):
        names = [runtime.get(code), driver.get(code)]
        text = text_of(code)
        if text == "unrecognized error code":
            text = derived_text(names[0] or names[1])
        fields = [json.dumps(name) if name else "nullptr" for name in names] + [json.dumps(text)]
        rows.append(f"    {{{code}, {', '.join(fields)}}},\n")
    target = pathlib.Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text('#include "virtual_gpu/core/errors.h"\n\nnamespace headroom::virtual_gpu {\n\n'
                      "const std::vector<ErrorRow>& error_table() {\n"
                      "  static const auto& rows = *new std::vector<ErrorRow>{\n" + "".join(rows) +
                      "  };\n  return rows;\n}\n\n}  // namespace headroom::virtual_gpu\n")


main(*sys.argv[1:])
