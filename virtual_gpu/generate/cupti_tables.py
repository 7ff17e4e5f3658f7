"""Writes what CUPTI's headers say of its records and callbacks as C++.

usage: cupti_tables.py CUDA_INCLUDE_DIR OUTPUT_DIR

cupti_record_types.h  RecordOf<kind>, the struct of each activity kind in this version of CUPTI, and their sizes: cupti_activity.h
                      names the struct in the comment of the kind, and defines its newest form
cupti_names.cpp       the names of the runtime's and the driver's functions by callback id (cupti_runtime_cbid.h, cupti_driver_cbid.h)
"""
import pathlib
import re
import sys

KIND = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*(CUPTI_ACTIVITY_KIND_\w+)\s*(?:=\s*(\d+))?\s*,", re.DOTALL)


def newest(struct, others, text):
    """A kind that the comment gives CUpti_ActivityJit has CUpti_ActivityJit2, where the header defines that for no other kind."""
    base = struct.rstrip("0123456789")
    forms = {int(number or 1): base + number for number in re.findall(rf"\}} {base}(\d*);", text) if base + number not in others}
    return forms[max(forms)] if forms else struct


def activity_kinds(include):
    """(name, struct, dead since CUDA 13) of every kind, in the order of their numbers; struct is None where there is none."""
    text = (include / "cupti_activity.h").read_text(errors="replace")
    body = text[:text.index("} CUpti_ActivityKind;")]
    kinds = {}
    number = -1
    for comment, name, value in KIND.findall(body[body.rindex("typedef enum"):]):
        number = int(value) if value else number + 1
        struct = re.search(r"\\ref[\s*]+(CUpti_\w+)", comment)
        kinds[number] = (name, struct and struct[1], "enum is unsupported" in re.sub(r"[\s*]+", " ", comment))
    if sorted(kinds) != list(range(len(kinds))) or kinds[len(kinds) - 1][0] != "CUPTI_ACTIVITY_KIND_COUNT":
        raise SystemExit(f"cupti_tables.py: the activity kinds of {include}/cupti_activity.h are not understood")
    named = {struct for _, struct, _ in kinds.values()}
    return [(name, struct and newest(struct, named - {struct}, text), dead)
            for name, struct, dead in (kinds[number] for number in range(len(kinds) - 1))]


def record_types(kinds):
    lines = ["// Made from cupti_activity.h (generate/cupti_tables.py).", "#pragma once", "", "#include <cupti_activity.h>", "",
             "#include <cstddef>", "", "namespace headroom::virtual_gpu::cupti {", "",
             "template <CUpti_ActivityKind kind>", "struct RecordOf;"]
    lines += [f"template <>\nstruct RecordOf<{name}> {{\n  using type = {struct};\n}};" for name, struct, _ in kinds if struct]
    lines += ["", "struct KindFacts {", "  std::size_t record_bytes;  // 0: no such records", "  bool dead;                 // since CUDA 13",
              "};", "inline constexpr KindFacts kKindFacts[] = {"]
    lines += [f"    {{{f'sizeof({struct})' if struct and not dead else 0}, {str(dead).lower()}}},  // {name}" for name, struct, dead in kinds]
    return "\n".join(lines + ["};", "", "}  // namespace headroom::virtual_gpu::cupti", ""])


def callback_names(include, file, prefix):
    text = (include / file).read_text(errors="replace")
    names = {int(number): name for name, number in re.findall(prefix + r"(\w+)\s*=\s*(\d+),", text)}
    size = names.pop(max(names))
    if size != "SIZE":
        raise SystemExit(f"cupti_tables.py: {file} does not end with its size")
    return [names.get(number, "") for number in range(max(names) + 1)]


def names_source(include):
    lines = ['#include "virtual_gpu/libraries/cupti/names.h"', "", "namespace headroom::virtual_gpu::cupti {", ""]
    for domain, prefix in (("runtime", "CUPTI_RUNTIME_TRACE_CBID_"), ("driver", "CUPTI_DRIVER_TRACE_CBID_")):
        lines += ["namespace {", f"constexpr const char* k_{domain}[] = {{"]
        lines += [f'    "{name}",' if name else "    nullptr," for name in callback_names(include, f"cupti_{domain}_cbid.h", prefix)]
        lines += ["};", "}  // namespace", f"std::span<const char* const> {domain}_names() {{ return k_{domain}; }}", ""]
    return "\n".join(lines + ["}  // namespace headroom::virtual_gpu::cupti", ""])


def main(include, output):
    include, output = pathlib.Path(include), pathlib.Path(output)
    output.mkdir(parents=True, exist_ok=True)
    (output / "cupti_record_types.h").write_text(record_types(activity_kinds(include)))
    (output / "cupti_names.cpp").write_text(names_source(include))


main(*sys.argv[1:])
