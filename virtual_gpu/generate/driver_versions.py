"""Writes driver_versions() as C++: since which CUDA versions each driver function has had a new form.

usage: driver_versions.py CUDA_INCLUDE_DIR driver_versions.cpp

cudaTypedefs.h names a type for each form, PFN_cuCtxCreate_v3020 and so on; the second form is exported as cuCtxCreate_v2.
"""
import collections
import pathlib
import re
import sys


def main(include, target):
    text = (pathlib.Path(include) / "cudaTypedefs.h").read_text(errors="replace")
    forms = collections.defaultdict(set)
    for name, version in re.findall(r"\*PFN_(cu\w+?)_v(\d+)(?:_pt[sd][sz]|_ptds)?\)", text):
        forms[name].add(int(version))
    rows = [f'    {{"{name}", {{{", ".join(map(str, sorted(versions)))}}}}},\n'
            for name, versions in sorted(forms.items()) if len(versions) > 1]
    target = pathlib.Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text('#include "virtual_gpu/core/driver_versions.h"\n\nnamespace headroom::virtual_gpu {\n\n'
                      "const std::map<std::string_view, std::vector<int>>& driver_versions() {\n"
                      "  static const auto& forms = *new std::map<std::string_view, std::vector<int>>{\n" + "".join(rows) +
                      "  };\n  return forms;\n}\n\n}  // namespace headroom::virtual_gpu\n")


main(*sys.argv[1:])
