#!/usr/bin/env python3
"""Fails when an include crosses the pipeline the wrong way, or when Torch or Qt leaks into a folder that must not know it.

    include_direction.py SOURCE_FOLDER
"""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "base": {"base"},
    "virtual_gpu": {"virtual_gpu", "base"},
    "models/catalog": {"models/catalog", "base"},
    "models": {"models", "models/catalog", "base"},
    "recording": {"recording", "base"},
    "tracing": {"tracing", "recording", "base"},
    "profiler": {"profiler", "tracing", "recording", "models", "models/catalog", "virtual_gpu", "base"},
    "attach": {"attach", "profiler", "tracing", "recording", "virtual_gpu", "base"},
    "analysis": {"analysis", "recording", "base"},
    "result_cache": {"result_cache", "analysis", "recording", "base"},
    "reports": {"reports", "analysis", "recording", "base"},
    "cli": {"cli", "reports", "result_cache", "analysis", "recording", "models/catalog", "virtual_gpu", "base"},
    "gui": {"gui", "reports", "result_cache", "analysis", "recording", "models/catalog", "virtual_gpu", "base"},
}
ONLY_THESE = {"profiler": {"virtual_gpu/catalog.h", "virtual_gpu/report.h"}, "attach": {"virtual_gpu/report.h"}, "cli": {"virtual_gpu/catalog.h"},
              "gui": {"virtual_gpu/catalog.h"}}
TORCH = re.compile(r"^(ATen|c10|torch|caffe2)/")
TORCH_FOLDERS = {"models", "profiler", "attach"}
QT = re.compile(r"^(Q[A-Z]|Qt[A-Z])")
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)


def folder_of(path):
    for folder in sorted(MAY_INCLUDE, key=len, reverse=True):
        if path == folder or path.startswith(folder + "/"):
            return folder
    return None


def problems(root):
    for file in sorted(root.rglob("*")):
        name = file.relative_to(root).as_posix()
        folder = folder_of(name)
        if folder is None or file.suffix not in {".h", ".cpp", ".c", ".inc"}:
            continue
        for target in INCLUDE.findall(file.read_text(errors="replace")):
            into = folder_of(target)
            if into and into not in MAY_INCLUDE[folder]:
                yield f"{name} includes {target}: {folder} may include only {', '.join(sorted(MAY_INCLUDE[folder]))}"
            if into == "virtual_gpu" and folder in ONLY_THESE and target not in ONLY_THESE[folder]:
                yield f"{name} includes {target}: of virtual_gpu only {', '.join(sorted(ONLY_THESE[folder]))}"
            if TORCH.match(target) and folder not in TORCH_FOLDERS:
                yield f"{name} includes {target}: {folder} must not know Torch"
            if QT.match(target) and folder != "gui":
                yield f"{name} includes {target}: {folder} must not know Qt"


def main():
    root = pathlib.Path(sys.argv[1])
    found = list(problems(root))
    checked = sum(1 for folder in MAY_INCLUDE for _ in (root / folder).glob("*.h"))
    if checked < 10:
        found.append(f"only {checked} headers found under {root}: is this the source folder?")
    print("\n".join(found) or f"every include points down the flow ({checked} headers in {len(MAY_INCLUDE)} folders)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
